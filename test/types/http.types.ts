// Compile-time tests of "./http": nothing here runs. `npm run test:types` fails where one of these lines has an
// error, or where a line under `@ts-expect-error` has none.

import { createServer, type IncomingMessage } from 'node:http';
import axios from 'axios';
import { ContextModule } from 'nestjs-contextvars';
import { type Context, ContextVar, codecs, ScopedValue } from 'nestjs-contextvars/core';
import {
  type AcceptedHttpContext,
  type AcceptedVariable,
  acceptHttpContext,
  axiosContext,
  type BaggageRefusal,
  extractHttpContext,
  injectHttpContext,
  type OutgoingPropagation,
  propagateOutgoing,
  undiciContext,
} from 'nestjs-contextvars/http';
import { Agent, interceptors, setGlobalDispatcher } from 'undici';

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
declare function same<T>(): <V>(value: V, ...equal: Equal<T, V> extends true ? [] : [never]) => void;

const tenant = new ContextVar('tenant', { codec: codecs.string });
const attempts = new ContextVar('attempts', { codec: codecs.number });
const role = new ScopedValue<string>('role');
const origins = ['https://api.example.com', new URL('http://127.0.0.1:3000')];

// --- injectHttpContext: gives back what it was given

same<Record<string, string>>()(injectHttpContext());
same<Headers>()(injectHttpContext(new Headers()));
same<{ accept: string }>()(injectHttpContext({ accept: 'text/plain' }));
void fetch('https://api.example.com', { headers: injectHttpContext() });
injectHttpContext({}, { variables: [tenant, attempts] });
// @ts-expect-error a text is no object of headers
injectHttpContext('accept: text/plain');
// @ts-expect-error a ScopedValue never leaves the process
injectHttpContext({}, { variables: [role] });

// --- inbound: the predicate is about the request that is given

const fromAddress: AcceptedVariable<IncomingMessage> = {
  variable: tenant,
  from: (request) => request.socket.remoteAddress === '10.0.0.1',
};
createServer((request) => {
  same<AcceptedHttpContext>()(acceptHttpContext(request, [fromAddress]));
  same<Context>()(extractHttpContext(request));
  extractHttpContext(request, {
    accept: [fromAddress, { variable: attempts, from: ({ headers }) => headers['x-gateway'] === 'key' }],
    acceptIds: (peer) => peer.socket.remoteAddress === '10.0.0.1',
  });
});
ContextModule.forRoot({
  setup(_context, request) {
    const { refused, variables } = acceptHttpContext(request, [fromAddress]);
    same<BaggageRefusal | undefined>()(refused);
    same<readonly ContextVar<unknown>[]>()(variables);
  },
});
acceptHttpContext({ headers: { baggage: 'tenant=acme' } }, [{ variable: tenant, from: () => true }]);
// @ts-expect-error the predicate needs more than this request has
acceptHttpContext({ headers: {} }, [fromAddress]);
// @ts-expect-error a variable without a predicate
acceptHttpContext({ headers: {} }, [{ variable: tenant }]);
// @ts-expect-error a ScopedValue never comes from outside
acceptHttpContext({ headers: {} }, [{ variable: role, from: () => true }]);
// @ts-expect-error a promise is no answer
acceptHttpContext({ headers: {} }, [{ variable: tenant, from: async () => true }]);

// --- outgoing: what the clients take

const stop: OutgoingPropagation = propagateOutgoing({ origins, variables: [tenant] });
stop();
stop[Symbol.dispose]();
axios.interceptors.request.use(axiosContext({ origins }));
const composed = new Agent({ connections: 10 }).compose(
  undiciContext({ origins }),
  interceptors.retry(),
  interceptors.redirect({ maxRedirections: 3 }),
);
setGlobalDispatcher(composed);
// @ts-expect-error nothing is sent anywhere without a list
propagateOutgoing({});
// @ts-expect-error an origin is text or a URL
axiosContext({ origins: [/example/] });
