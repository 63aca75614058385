// Compile-time tests of "./inspector": nothing here runs. `npm run test:types` fails where one of these lines has an
// error, or where a line under `@ts-expect-error` has none.

import { type CanActivate, type DynamicModule, SetMetadata } from '@nestjs/common';
import {
  type InspectorAction,
  InspectorModule,
  type InspectorModuleAsyncOptions,
  type InspectorOptions,
  type InspectorOptionsFactory,
  type InspectorRequest,
} from 'nestjs-contextvars/inspector';

class Guard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const action: InspectorAction = {
  label: 'Orders',
  requests: [{ path: '/orders' }],
  times: 3,
  overlapping: true,
};
const request: InspectorRequest = {
  method: 'POST',
  path: '/orders',
  headers: { 'x-tenant': 'acme' },
  body: { a: 1 },
};
const options: InspectorOptions = { enabled: true, requests: 10, columns: ['team'], secrets: ['token'] };

// --- forRoot: options, and what stands beside them

const module: DynamicModule = InspectorModule.forRoot({
  ...options,
  actions: [action, { label: 'One', requests: [request] }],
  path: 'tools/inspector',
  guards: [Guard, new Guard()],
  decorators: [SetMetadata('public', true)],
  imports: [class Feature {}],
});
InspectorModule.forRoot();
// @ts-expect-error an option that there is not
InspectorModule.forRoot({ enable: true });
// @ts-expect-error no guard
InspectorModule.forRoot({ guards: [class {}] });
// @ts-expect-error an action without requests
InspectorModule.forRoot({ actions: [{ label: 'x' }] });

// --- forRootAsync: options by a factory

class Factory implements InspectorOptionsFactory {
  create(): InspectorOptions {
    return { enabled: false };
  }
}
const later: InspectorModuleAsyncOptions = { useFactory: async () => options, guards: [Guard], path: 'x' };
InspectorModule.forRootAsync(later);
InspectorModule.forRootAsync({ useClass: Factory });
// @ts-expect-error has to be known before
InspectorModule.forRootAsync({ useFactory: () => ({ path: 'x' }) });

export { module };
