// The claim guarded here: a call of a method through a stand-in takes at most 0.75 (Node.js 20; 0.5 on 24) of the time of one through a proxy
// provider of nestjs-cls, and at most 1.5 times its floor, which is what no stand-in can do without: a proxy that gives a function, and one look
// into an AsyncLocalStorage; a read of a field takes at most 1.4 times as long as through that proxy. "Not compiled" is the same where code must
// not be made from strings: docs/decisions/cost-of-a-stand-in.md.

import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { measureCalls } from '../harness/calls.mjs';
import { newer } from '../harness/node-versions.mjs';
import { CLS, OWN } from '../harness/subjects.mjs';

const FLOOR = 'the floor';
const UNCOMPILED = 'nestjs-contextvars, not compiled';
const OF_A_FACTORY = 'nestjs-contextvars, of a factory';
const DIRECT = 'the object itself';

const callerClass = () =>
  class Caller {
    #tenant = 1;
    name = 'ann';
    add(amount) {
      return this.#tenant + amount;
    }
  };
const Direct = callerClass();
const raw = new AsyncLocalStorage();
const FACTORY = { provide: 'FACTORY', useFactory: () => new Direct() };

/** Runs `body` where both libraries have a context, as in a Nest application. */
async function inBoth(body) {
  const { Module } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { ClsModule, ClsService, InjectableProxy } = await import('nestjs-cls');
  const { ContextModule, ContextScoped, runUnitOfWork } = await import('nestjs-contextvars');
  const [Own, Proxied] = [callerClass(), callerClass()];
  ContextScoped()(Own);
  InjectableProxy()(Proxied);
  class AppModule {}
  Module({
    imports: [
      ClsModule.forRoot({}),
      ClsModule.forFeature(Proxied),
      ContextModule.forRoot(),
      ContextModule.forFeature([Own, FACTORY]),
    ],
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const cls = app.get(ClsService);
  const get = (token) => app.get(token, { strict: false });
  // In this order: a unit of work does not inherit the proxies of an outer CLS context.
  return runUnitOfWork({ kind: 'bench' }, () =>
    cls.run(async () => {
      await cls.proxy.resolve();
      return raw.run({ tenant: 1 }, () => body({ get, Own, Proxied }));
    }),
  );
}

/** Gives a stand-in that could not compile the function that it gives for `add`. */
function withoutCompiling(get) {
  const { Function: compile } = globalThis;
  globalThis.Function = new Proxy(compile, {
    construct() {
      throw new EvalError('disallowed');
    },
  });
  try {
    const standIn = get();
    standIn.add;
    return standIn;
  } finally {
    globalThis.Function = compile;
  }
}

const subjects = {
  [CLS]: ({ get, Proxied }) => get(Proxied),
  [OWN]: ({ get, Own }) => get(Own),
  [FLOOR]: () =>
    new Proxy({ name: 'ann', add: (amount) => raw.getStore().tenant + amount }, Object.create(null)),
  [UNCOMPILED]: ({ get, Own }) => withoutCompiling(() => get(Own)),
  [OF_A_FACTORY]: ({ get }) => get('FACTORY'),
  [DIRECT]: () => new Direct(),
};

const uses = {
  'call of a method': (it) => () => it.add(1),
  'read of a field': (it) => () => it.name,
};

export const operations = Object.fromEntries(
  Object.entries(uses).map(([operation, use]) => [
    operation,
    Object.fromEntries(
      Object.entries(subjects).map(([subject, get]) => [
        subject,
        (measure) => inBoth((provided) => measure(use(get(provided)))),
      ]),
    ),
  ]),
);

export const benchmark = {
  title: 'Through the stand-in of a context-scoped instance',
  reference: CLS,
  rounds: 2,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`read of a field, ${CLS}`]:
      'a stand-in looks at what was written through it, so that a write never lands in another unit',
  },
  claims: (of) => [
    of.times('call of a method', OWN, CLS, newer ? 0.5 : 0.75),
    of.times('call of a method', OWN, FLOOR, 1.5),
    of.times('read of a field', OWN, CLS, 1.4),
  ],
};
