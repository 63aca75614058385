// Held here, each against a proxy provider of nestjs-cls in the same run (limit on Node 20 / on Node 24):
// - the goal that a call of a method through a stand-in costs at most half / a third as much;
// - the claim that a read of a field through a stand-in costs at most 1.4 times as much.
//
// `floor` is what no stand-in can do without: a proxy that gives a function, and one look into an AsyncLocalStorage.
// It alone takes 0.4 and 0.35 times as long as the whole call through nestjs-cls.
// `npm run build` before; `--rounds N` for more or fewer than 5. Every variant runs in a fresh process, in rounds of
// alternating order, and the fastest batch of each counts, as in run.mjs.

import 'reflect-metadata';
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
  return cls.run(async () => {
    await cls.proxy.resolve();
    return runUnitOfWork({ kind: 'bench' }, () => body(get, cls));
  });
}

const subjects = {
  direct: () => new Direct(),
  floor: (_get, cls) => new Proxy({ name: 'ann', add: () => cls.getId() }, Object.create(null)),
  'stand-in': (get) => get(Own),
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
      (measure) => inBoth((provided, cls) => measure(use(get(provided, cls)))),
    ]),
  ),
);

const newer = Number(process.versions.node.split('.')[0]) >= 24;

/** `[row, reference, limit]`; without a limit it is only worth knowing. */
const ratios = [
  ['stand-in, call', 'nestjs-cls proxy, call', newer ? 1 / 3 : 0.5],
  ['stand-in, read', 'nestjs-cls proxy, read', 1.4],
  ['stand-in of a factory, call', 'nestjs-cls proxy, call'],
  ['stand-in of a factory, read', 'nestjs-cls proxy, read'],
  ['floor, call', 'nestjs-cls proxy, call'],
  ['stand-in, call', 'floor, call'],
];

function run(rounds) {
  const names = Object.keys(variants);
  const fastest = new Map(names.map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const args = [...process.execArgv, `${import.meta.dirname}/variant.mjs`, 'stand-in.mjs', name];
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
