import { setImmediate } from 'node:timers/promises';
import { type ContextManager, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  bindContext,
  bindLogContext,
  ContextVar,
  createTask,
  currentUnit,
  gather,
  runUnitOfWork,
  ScopedValue,
  withLogContext,
  withTempContext,
} from 'nestjs-contextvars/core';
import { registerOpenTelemetry } from 'nestjs-contextvars/opentelemetry';

// What is called all the time does not get slower by it: OpenTelemetry is called where another Context is entered, and there alone.

const text = new ContextVar<string>('text', { default: 'default' });
const role = new ScopedValue<string>('role');

const calls: string[] = [];
const counting: ContextManager = {
  active: () => {
    calls.push('active');
    return ROOT_CONTEXT;
  },
  with: (_context, fn, self, ...args) => {
    calls.push('with');
    return fn.apply(self as never, args);
  },
  bind: (_context, target) => target,
  enable: () => counting,
  disable: () => counting,
};

beforeAll(() => {
  context.setGlobalContextManager(counting);
  registerOpenTelemetry();
});
afterAll(() => context.disable());

const quiet: readonly (readonly [what: string, call: () => unknown])[] = [
  ['get', () => [text.get(), text.get('fallback'), role.get('nobody')]],
  ['set and reset', () => text.reset(text.set('value'))],
  ['bind', () => role.bind('clerk')],
  ['run', () => text.run('value', () => setImmediate())],
  ['run of a ScopedValue', () => role.run('admin', () => setImmediate())],
  ['withTempContext', () => withTempContext([text.as('value'), role.as('admin')], () => setImmediate())],
  [
    'a temporary scope with an iterator',
    () => {
      const rows = withTempContext([text.as('value')], function* () {
        yield text.get();
      });
      return [...rows];
    },
  ],
  ['gather', () => gather([() => setImmediate(), () => text.set('branch')])],
  [
    'the log context',
    () => {
      bindLogContext({ order: 1 });
      return withLogContext({ row: 1 }, () => setImmediate());
    },
  ],
  ['currentUnit', () => currentUnit()],
];

test.each(quiet)('%s does not call into OpenTelemetry', (_what, call) =>
  runUnitOfWork({ kind: 'test' }, async () => {
    calls.splice(0);
    await call();
    expect(calls).toEqual([]);
  }),
);

test('a task and a bound function do', () =>
  runUnitOfWork({ kind: 'test' }, async () => {
    calls.splice(0);
    await createTask(() => setImmediate());
    expect(calls).toContain('active');
    calls.splice(0);
    bindContext(() => trace.getTracer('test'))();
    expect(calls).toContain('active');
  }));
