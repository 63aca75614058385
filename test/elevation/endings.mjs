// How a call ends. Each opens the scope, has `begin` run inside, and tells the watch when it is over: right behind the
// reaction by which the library itself learns of it, where that can be seen, so that one microtask too many is found.

import { Observable } from 'rxjs';

const FAILURE = new Error('the call fails');
const ignore = () => {};

async function* lazily({ begin, watch }) {
  await begin();
  yield 1;
  await watch.ready();
}

/** A generator that keeps the promise of its last step: what comes behind it comes right behind the library. */
function recorded(generator) {
  const step =
    (name) =>
    (...args) => {
      iterator.last = generator[name](...args);
      return iterator.last;
    };
  const iterator = { next: step('next'), return: step('return'), [Symbol.asyncIterator]: () => iterator };
  return iterator;
}

function observable({ begin, watch }) {
  return new Observable((subscriber) => {
    void Promise.resolve(begin()).then(() => subscriber.next(1));
    void watch.ready().then(() => subscriber.complete());
  });
}

/** `isSync`: nothing but what the call does by itself can read before it is over. */
export const endings = [
  {
    name: 'return',
    isSync: true,
    open({ enter, begin, watch }) {
      enter(() => void begin());
      watch.end();
    },
  },
  {
    name: 'throw',
    isSync: true,
    open({ enter, begin, watch }) {
      try {
        enter(() => {
          void begin();
          throw FAILURE;
        });
      } catch {
        watch.end();
      }
    },
  },
  {
    name: 'resolve',
    async open({ enter, begin, watch }) {
      let own;
      const work = async () => {
        await begin();
        await watch.ready();
      };
      const call = enter(() => {
        own = work();
        return own;
      });
      void own.then(watch.end);
      await call;
    },
  },
  {
    name: 'reject',
    async open({ enter, begin, watch }) {
      let own;
      const work = async () => {
        await begin();
        await watch.ready();
        throw FAILURE;
      };
      const call = enter(() => {
        own = work();
        return own;
      });
      own.catch(watch.end);
      await call.catch(ignore);
    },
  },
  {
    name: 'thenable',
    // The promise that the library makes of it cannot be seen: it ends a microtask before the caller knows.
    isBlurred: true,
    async open({ enter, begin, watch }) {
      const thenable = {
        then(resolve) {
          void Promise.resolve(begin());
          void watch.ready().then(resolve);
        },
      };
      await enter(() => thenable).then(watch.end);
    },
  },
  {
    name: 'generator consumed',
    async open({ enter, begin, watch }) {
      const own = recorded(lazily({ begin, watch }));
      const steps = enter(() => own);
      await steps.next();
      const last = steps.next();
      void own.last.then(watch.end);
      await last;
    },
  },
  {
    name: 'generator left early',
    async open({ enter, begin, watch }) {
      const own = recorded(lazily({ begin, watch }));
      const steps = enter(() => own);
      await steps.next();
      await watch.ready();
      const last = steps.return();
      void own.last.then(watch.end);
      await last;
    },
  },
  {
    name: 'promise of a generator',
    async open({ enter, begin, watch }) {
      const own = recorded(lazily({ begin, watch }));
      const steps = await enter(async () => own);
      await steps.next();
      const last = steps.next();
      void own.last.then(watch.end);
      await last;
    },
  },
  {
    name: 'Observable completed',
    // It ends behind `complete` and the source's own teardown, which belongs to it, in the same microtask.
    isBlurred: true,
    async open({ enter, begin, watch }) {
      const source = enter(() => observable({ begin, watch }));
      await new Promise((resolve) => {
        source.subscribe({
          complete() {
            queueMicrotask(watch.end);
            resolve();
          },
        });
      });
    },
  },
  {
    name: 'Observable unsubscribed',
    async open({ enter, begin, watch }) {
      const subscription = enter(() =>
        observable({ begin, watch: { ready: () => new Promise(ignore) } }),
      ).subscribe();
      await watch.ready();
      subscription.unsubscribe();
      watch.end();
    },
  },
  {
    name: 'generator abandoned',
    endsUnit: true,
    async open({ enter, begin, watch }) {
      await enter(() => lazily({ begin, watch })).next();
      await watch.ready();
    },
  },
  {
    name: 'unit ends first',
    endsUnit: true,
    async open({ enter, begin, watch, later }) {
      const call = enter(async () => {
        await begin();
        await later;
      });
      call.catch(ignore);
      await watch.ready();
    },
  },
  {
    name: 'never settles',
    endsUnit: true,
    async open({ enter, begin, watch }) {
      void enter(async () => {
        await begin();
        await new Promise(ignore);
      });
      await watch.ready();
    },
  },
];
