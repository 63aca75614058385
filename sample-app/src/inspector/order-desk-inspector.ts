import type { DynamicModule } from '@nestjs/common';
import { InspectorModule } from 'nestjs-contextvars/inspector';
import { Public } from '../identity/public.decorator.js';
import type { Settings } from '../settings/settings.js';
import { buttons } from './buttons.js';

/** Where the page is. */
export const INSPECTOR_PATH = 'inspector';

/** The page at /inspector. Its buttons only where the users of the demo are believed. */
export function inspectorFor({ inspector, identity }: Settings): DynamicModule {
  return InspectorModule.forRoot({
    enabled: inspector.enabled,
    path: INSPECTOR_PATH,
    // A browser that opens a page sends no token. Without the demo, put a guard of your own here.
    decorators: [Public()],
    actions: identity.demo ? buttons : [],
  });
}
