// Iterators, iterables and Observables that are bound: what fails while they are consumed, or when they are left.
import { bindIterable, bindObservable, withTempContext } from 'nestjs-contextvars/core';
import { BehaviorSubject, finalize, Observable, of, tap } from 'rxjs';
import { role } from '../context.mjs';

/** A generator whose clean-up does something. */
function* cleaned(act, begin = () => {}) {
  begin();
  try {
    yield 'ok';
    yield 'second';
  } finally {
    act();
  }
}

async function* cleanedLater(act, begin = () => {}) {
  begin();
  try {
    yield 'ok';
    yield 'second';
  } finally {
    await null;
    act();
  }
}

const leave = (iterable, kit) => {
  for (const value of iterable) {
    kit.here('in the loop');
    return value;
  }
};
const leaveLater = async (iterable, kit) => {
  for await (const value of iterable) {
    kit.here('in the loop');
    return value;
  }
};

/** An iterator by hand, one of whose methods does something. */
const byHand = (method, act) => {
  const steps = {
    next: () => ({ done: false, value: 'ok' }),
    return: (value) => ({ done: true, value }),
    throw: (error) => {
      throw error;
    },
  };
  const own = steps[method];
  steps[method] = (value) => {
    act();
    return own(value);
  };
  return {
    ...steps,
    [Symbol.iterator]() {
      return this;
    },
  };
};

const iterables = {
  'bindIterable: the clean-up of a generator that is left': (act, kit) =>
    leave(bindIterable(cleaned(act)), kit),
  'bindIterable: the clean-up of an async generator that is left': (act, kit) =>
    leaveLater(bindIterable(cleanedLater(act)), kit),
  'bindIterable: next of an iterator by hand': (act, kit) => leave(bindIterable(byHand('next', act)), kit),
  'bindIterable: return of an iterator by hand': (act, kit) =>
    leave(bindIterable(byHand('return', act)), kit),
  'bindIterable: Symbol.iterator': (act, kit) =>
    leave(
      bindIterable({
        [Symbol.iterator]() {
          act();
          return ['ok'][Symbol.iterator]();
        },
      }),
      kit,
    ),
  'bindIterable: Symbol.asyncIterator': (act, kit) =>
    leaveLater(
      bindIterable({
        [Symbol.asyncIterator]() {
          act();
          return cleanedLater(() => {});
        },
      }),
      kit,
    ),
  'a temporary scope: the clean-up of a generator that is left': (act, kit) =>
    leave(
      withTempContext([role.as('admin')], () => cleaned(act, () => kit.leaveElevated())),
      kit,
    ),
  'a temporary scope: the clean-up of an async generator that is left': (act, kit) =>
    leaveLater(
      withTempContext([role.as('admin')], () => cleanedLater(act, () => kit.leaveElevated())),
      kit,
    ),
};

const nothing = () => {};
/** `begin` is called where the source does its work. */
const bindings = {
  bindObservable: {
    bind: bindObservable,
    begin: () => nothing,
    // A temporary role is not taken along, and its subscriber would not see it.
    inside: ['outside', 'in a unit of work'],
  },
  'a temporary scope': {
    bind: (source) => withTempContext([role.as('admin')], () => source),
    begin: (kit) => () => kit.leaveElevated(),
  },
};

/** Subscribes as a program does, and gives the first value or the error. */
const firstOf = (source, kit) =>
  new Promise((resolve, reject) => {
    source.subscribe({
      next: (value) => {
        try {
          kit.here('in the subscriber');
          resolve(value);
        } catch (error) {
          reject(error);
        }
      },
      error: reject,
      complete: () => reject(new Error('it gave nothing')),
    });
  });

const observables = Object.entries(bindings).flatMap(([name, { bind, begin, inside }]) =>
  [
    {
      name: `${name}: what an Observable does when it is subscribed to`,
      fail: (failure, kit) =>
        firstOf(
          bind(
            new Observable(() => {
              begin(kit)();
              throw failure;
            }),
          ),
          kit,
        ),
      works: (kit) => firstOf(bind(of('ok')), kit),
    },
    {
      name: `${name}: an operator of an Observable`,
      fail: (failure, kit) =>
        firstOf(
          bind(of('ok')).pipe(
            tap(() => {
              throw failure;
            }),
          ),
          kit,
        ),
      works: (kit) => firstOf(bind(of('ok')).pipe(tap(() => {})), kit),
    },
    ...['next', 'error', 'complete'].map((callback) => ({
      name: `${name}: ${callback} of a subscriber`,
      // RxJS throws it where nobody can catch it.
      arrives: 'uncaught',
      fail: (failure) => {
        const source =
          callback === 'error' ? new Observable((to) => to.error(new Error('of the source'))) : of('ok');
        const ignore = { next: () => {}, error: () => {}, complete: () => {} };
        bind(source).subscribe({
          ...ignore,
          [callback]: () => {
            throw failure;
          },
        });
      },
      works: (kit) => firstOf(bind(of('ok')), kit),
    })),
    {
      name: `${name}: the teardown of an Observable`,
      expects: (error, failure) => error.errors?.includes(failure) === true,
      fail: (failure, kit) => {
        const source = new Observable(() => {
          begin(kit)();
          return () => {
            throw failure;
          };
        });
        bind(source).subscribe().unsubscribe();
      },
      works: (kit) => firstOf(bind(new BehaviorSubject('ok')), kit),
    },
    {
      name: `${name}: the teardown of an Observable behind an operator`,
      expects: (error, failure) => JSON.stringify(flat(error).map(String)).includes(failure.message),
      fail: (failure, kit) => {
        const source = new Observable(() => {
          begin(kit)();
          return () => {
            throw failure;
          };
        });
        bind(source)
          .pipe(tap(() => {}))
          .subscribe()
          .unsubscribe();
      },
      works: (kit) => firstOf(bind(new BehaviorSubject('ok')).pipe(tap(() => {})), kit),
    },
    {
      name: `${name}: the first of several teardowns`,
      expects: (error, failure) => {
        const [first, ...others] = flat(error);
        return first === failure && others.length === 0;
      },
      fail: (failure, kit) => {
        let second = false;
        const source = new Observable((subscriber) => {
          begin(kit)();
          subscriber.add(() => {
            throw failure;
          });
          subscriber.add(() => {
            second = true;
          });
        });
        bind(source)
          .pipe(
            finalize(() => {
              if (!second) throw new Error('the second was not called');
            }),
          )
          .subscribe()
          .unsubscribe();
      },
      works: (kit) => firstOf(bind(new BehaviorSubject('ok')), kit),
    },
    {
      name: `${name}: what a store gives to unsubscribe`,
      fail: (failure, kit) => {
        const store = {
          '@@observable': () => store,
          subscribe: () => {
            begin(kit)();
            return () => {
              throw failure;
            };
          },
        };
        bind(store).subscribe(() => {})();
      },
      works: () => {
        const subscribe = (next) => {
          next('ok');
          return nothing;
        };
        const store = { '@@observable': () => store, subscribe };
        let seen;
        bind(store).subscribe((value) => {
          seen = value;
        })();
        return seen;
      },
    },
  ].map((site) => ({ inside, ...site })),
);

function flat(error) {
  return error?.errors === undefined ? [error] : error.errors.flatMap(flat);
}

export const sites = [
  ...Object.entries(iterables).map(([name, use]) => ({
    name,
    fail: (failure, kit) =>
      use(() => {
        throw failure;
      }, kit),
    works: (kit) => use(() => {}, kit),
  })),
  ...observables,
];
