// A function that the library calls, in every form in which a function can fail.
import {
  AsUnitOfWork,
  bindContext,
  Context,
  copyContext,
  createTask,
  currentUnit,
  gather,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
  WithTempContext,
  withTempContext,
} from 'nestjs-contextvars/core';
import { defer, from, map, throwError } from 'rxjs';
import { decorated } from '../apply-decorator.mjs';
import { role, tenant, touched } from '../context.mjs';

const nothing = () => {};

const GETTER = 'a getter of the result';

/** How the function fails: `fails(throwIt)` is what it gives, or throws. */
const bodies = {
  throws: (act) => act(),
  rejects: async (act) => {
    await null;
    return act();
  },
  'rejects at once': async (act) => act(),
  'a thenable that throws': (act) => ({
    then: (done) => {
      done(act());
    },
  }),
  'a thenable that rejects': (act) => ({
    then: (done, reject) => {
      setImmediate(() => {
        try {
          done(act());
        } catch (error) {
          reject(error);
        }
      });
    },
  }),
  // Read by whoever takes the result: where the call was made.
  [GETTER]: (act) => ({
    get then() {
      const value = act();
      return (done) => done(value);
    },
  }),
  'a generator': function* (act) {
    yield 'first';
    yield act();
  },
  'an async generator': async function* (act) {
    yield 'first';
    await null;
    yield act();
  },
  'an async iterable': (act) => ({
    [Symbol.asyncIterator]() {
      const value = act();
      return from(['first', value])[Symbol.asyncIterator]?.() ?? [value][Symbol.iterator]();
    },
  }),
  'an Observable': (act) =>
    from(['first', 'second']).pipe(map((value) => (value === 'first' ? value : act()))),
  'an Observable that throws when it is subscribed to': (act) => defer(() => from([act()])),
  'an Observable of an error': (act) =>
    defer(() => {
      try {
        return from([act()]);
      } catch (error) {
        return throwError(() => error);
      }
    }),
};

/** Takes a result to its end, as its consumer, and gives the last value. */
async function consume(result, kit) {
  let value = result;
  for (;;) {
    if (typeof value?.then === 'function') value = await value;
    else if (Array.isArray(value)) value = value[0];
    else if (typeof value?.subscribe === 'function') return await lastOf(value, kit);
    else if (typeof value?.[Symbol.asyncIterator] === 'function') {
      let last;
      for await (last of value) kit.here('in the loop');
      return last;
    } else if (typeof value?.next === 'function') {
      let last;
      for (last of value) kit.here('in the loop');
      return last;
    } else return value;
  }
}

function lastOf(observable, kit) {
  return new Promise((resolve, reject) => {
    let last;
    const inside = (then) => (value) => {
      try {
        kit.here('in the subscriber');
        then(value);
      } catch (error) {
        reject(error);
      }
    };
    observable.subscribe({
      next: inside((value) => {
        last = value;
      }),
      error: inside(reject),
      complete: inside(() => resolve(last)),
    });
  });
}

const noteUnit = (kit) => kit.mustEnd(currentUnit());
const scope = (kit) => kit.leaveElevated();

/** How the function is called; `inside(kit)` is done by it first. */
const calls = {
  'Context.run': { call: (fn) => new Context().run(fn) },
  'Context.run of a copy': { call: (fn) => copyContext().run(fn) },
  'ContextVar.run': { call: (fn) => tenant.run('inside', fn) },
  'ScopedValue.run': { call: (fn) => role.run('admin', fn), inside: scope },
  'withTempContext, one binding': { call: (fn) => withTempContext([role.as('admin')], fn), inside: scope },
  'withTempContext, several bindings': {
    call: (fn) => withTempContext([tenant.as('inside'), role.as('admin'), touched.as('temporarily')], fn),
    inside: scope,
  },
  '@WithTempContext': {
    call: (fn) => decorated(WithTempContext(role.as('admin'), touched.as('temporarily')), fn)(),
    inside: scope,
  },
  runUnitOfWork: { call: (fn) => runUnitOfWork({ kind: 'inside' }, fn), inside: noteUnit, own: true },
  '@AsUnitOfWork': {
    call: (fn) => decorated(AsUnitOfWork({ kind: 'inside' }), fn)(),
    inside: noteUnit,
    own: true,
  },
  createTask: { call: (fn) => createTask(fn), inside: noteUnit, own: true },
  'createTask in a given Context': {
    call: (fn) => createTask(fn, { context: new Context() }),
    inside: noteUnit,
    own: true,
  },
  gather: { call: (fn) => gather([fn, async () => 'sibling', () => 'sibling']), own: true },
  preserveContext: { call: (fn) => preserveContext(fn)(), inside: noteUnit, own: true },
  '@PreserveContext': { call: (fn) => decorated(PreserveContext(), fn)(), inside: noteUnit, own: true },
  'preserveContext in the background': {
    call: (fn) => preserveContext(fn, { background: true })(),
    inside: noteUnit,
    own: true,
    // A result that is lazy fails at its consumer, when the call itself has long settled.
    arrives: (body) => (/generator|iterable|Observable/.test(body) ? 'caller' : 'both'),
  },
  bindContext: { call: (fn) => bindContext(fn)() },
};

export const sites = Object.entries(calls).flatMap(
  ([call, { call: start, inside = nothing, own, arrives }]) =>
    Object.entries(bodies).map(([body, make]) => {
      const use = (kit, act) => {
        let entered = false;
        const result = start(() =>
          make(() => {
            // Once: a result may be consumed again.
            if (!entered && body !== GETTER) {
              entered = true;
              inside(kit);
              if (own) touched.set('inside');
            }
            return act();
          }),
        );
        return consume(result, kit);
      };
      return {
        name: `${call}: ${body}`,
        arrives: arrives?.(body),
        fail: (failure, kit) =>
          use(kit, () => {
            throw failure;
          }),
        works: (kit) => use(kit, () => 'ok'),
      };
    }),
);
