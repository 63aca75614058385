// Claims guarded here, each in the same run (limit on Node 20 / on Node 24):
// - a call of a method through a stand-in costs at most 0.75 / 0.5 times one through a proxy provider of nestjs-cls;
// - it costs at most 1.5 times the `floor`, which is what no stand-in can do without: a proxy that gives a function, and one
//   look into an AsyncLocalStorage;
// - a read of a field through a stand-in costs at most 1.4 times one through a proxy provider of nestjs-cls.
//
// `not compiled` is the same where code must not be made from strings: docs/decisions/cost-of-a-stand-in.md.
// `npm run build` before; `--rounds N` for more or fewer than 5. Every variant runs in a fresh process, in rounds of
// alternating order, and the fastest batch of each counts, as in run.mjs.

import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClsModule, ClsService, InjectableProxy } from 'nestjs-cls';
import { ContextModule, ContextScoped, runUnitOfWork } from 'nestjs-contextvars';

const callerClass = () =>
  class Caller {
    #tenant = 1;
    name = 'ann';
    add(amount) {
      return this.#tenant + amount;
    }
  };
const Direct = callerClass();
const Own = callerClass();
const Proxied = callerClass();
ContextScoped()(Own);
InjectableProxy()(Proxied);
const raw = new AsyncLocalStorage();
const FACTORY = { provide: 'FACTORY', useFactory: () => new Direct() };

/** Runs `body` where both libraries have a context, as in a Nest application. */
async function inBoth(body) {
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
      return raw.run({ tenant: 1 }, () => body(get));
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
  direct: () => new Direct(),
  floor: () =>
    new Proxy({ name: 'ann', add: (amount) => raw.getStore().tenant + amount }, Object.create(null)),
  'stand-in': (get) => get(Own),
  'stand-in not compiled': (get) => withoutCompiling(() => get(Own)),
  'stand-in of a factory': (get) => get('FACTORY'),
  'nestjs-cls proxy': (get) => get(Proxied),
};

const uses = {
  call: (it) => () => it.add(1),
  read: (it) => () => it.name,
};

/** Name to a function that measures, as in primitives.mjs. */
export const variants = Object.fromEntries(
  Object.entries(subjects).flatMap(([subject, get]) =>
    Object.entries(uses).map(([what, use]) => [
      `${subject}, ${what}`,
      (measure) => inBoth((provided) => measure(use(get(provided)))),
    ]),
  ),
);

const newer = Number(process.versions.node.split('.')[0]) >= 24;

/** `[row, reference, limit]`; without a limit it is only worth knowing. */
const ratios = [
  ['stand-in, call', 'nestjs-cls proxy, call', newer ? 0.5 : 0.75],
  ['stand-in, call', 'floor, call', 1.5],
  ['stand-in, read', 'nestjs-cls proxy, read', 1.4],
  ['stand-in of a factory, call', 'nestjs-cls proxy, call'],
  ['stand-in of a factory, read', 'nestjs-cls proxy, read'],
  ['floor, call', 'nestjs-cls proxy, call'],
  ['stand-in not compiled, call', 'stand-in, call'],
];

function run(rounds) {
  const names = Object.keys(variants);
  const fastest = new Map(names.map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const args = [
        ...process.execArgv,
        `${import.meta.dirname}/variant.mjs`,
        'stand-in.mjs',
        name.split(', compiled')[0],
      ];
      const { min } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
      fastest.set(name, Math.min(fastest.get(name), min));
    }
  }
  console.log(
    `node ${process.version} ${process.execArgv.join(' ')}, ${os.cpus()[0].model}, ${rounds} rounds`,
  );
  const row = (name) => [name, { 'fastest ns': fastest.get(name).toFixed(1) }];
  console.table(Object.fromEntries(names.map(row)));
  const compared = ([name, reference, limit]) => {
    const ratio = fastest.get(name) / fastest.get(reference);
    const claim = limit === undefined ? {} : { claimed: `<= ${limit.toFixed(2)}`, holds: ratio <= limit };
    return [`${name} / ${reference}`, { measured: ratio.toFixed(2), ...claim }];
  };
  console.table(Object.fromEntries(ratios.map(compared)));
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
  run(Number(values.rounds));
}
