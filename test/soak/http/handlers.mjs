// The handlers of the soak's application, one for each kind of request that has any.

import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { RequestTimeoutException } from '@nestjs/common';
import {
  bindContext,
  ContextVar,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  ScopedValue,
  withTempContext,
} from 'nestjs-contextvars';
import { NEVER, Observable } from 'rxjs';
import { awaits, queue } from './awaits.mjs';
import { actor, context, failWhere, who } from './identity.mjs';
import { stage } from './stages.mjs';
import { streamHandlersFor } from './stream-handlers.mjs';

const step = new ContextVar('step');
const branch = new ContextVar('branch');
const elevated = new ScopedValue('elevated');

/** `shop` is a singleton that reads what is context-scoped. */
export function handlersFor({ ledger, see, shop }) {
  function expect(bit, n, actual, expected) {
    if (actual !== expected) ledger.cross(bit, n, `${String(actual)}, not ${String(expected)}`);
  }

  /** The instance of the request, or, once that is ending, an error that says so: which requests saw one is compared. */
  function seeScoped(n) {
    try {
      expect(stage.scoped, n, shop.number, n);
      ledger.stages[n] |= stage.scoped;
    } catch (error) {
      if (error.code !== 'ERR_SCOPE_ENDED') throw error;
    }
  }

  function own(n, seen) {
    expect(stage.param, n, seen, n);
    return { n, who: who.get(), actor: actor.get(), id: context.id };
  }

  /** What a callee sets is seen by its caller, before and after its await. */
  async function awaitTwice(n) {
    for (const at of [n % awaits.length, (n * 5 + 3) % awaits.length]) {
      const inner = async () => {
        step.set(n + at);
        await awaits[at]();
        expect(stage.awaited, n, step.get(), n + at);
      };
      await inner();
      expect(stage.awaited, n, step.get(-1), n + at);
      see(stage.awaited, n);
    }
  }

  /** While a sibling is elevated: what it sees must not be that. */
  async function sibling(n) {
    for (let i = 0; i < 3; i++) {
      await awaits[(n + i) % awaits.length]();
      expect(stage.sibling, n, elevated.get('nobody'), 'nobody');
      expect(stage.sibling, n, step.get('none'), 'none');
      see(stage.sibling, n);
    }
  }

  /**
   * What `read` gives, or an error that says so where the limit has ended the request, and all its scopes with it: which
   * requests have passed the stage is compared.
   */
  function seeTemporary(bit, n, read, expected) {
    try {
      expect(bit, n, read(), expected);
      see(bit, n);
    } catch (error) {
      if (error.code !== 'ERR_SCOPE_ENDED' && error.code !== 'ERR_VAR_UNSET') throw error;
    }
  }

  function temporarily(n) {
    return withTempContext([step.as(-n), elevated.as(n)], async () => {
      await awaits[(n * 3) % awaits.length]();
      seeTemporary(stage.temporary, n, () => `${step.get()} ${elevated.get()}`, `${-n} ${n}`);
    });
  }

  function elevatedly(n) {
    return elevated.run(-n, async () => {
      await macrotask();
      seeTemporary(stage.elevated, n, () => elevated.get(), -n);
      seeScoped(n);
    });
  }

  function inBranches(n) {
    const one = (own) => async () => {
      branch.set(own);
      await awaits[(n + own) % awaits.length]();
      expect(stage.gather, n, branch.get(), own);
      see(stage.gather, n);
    };
    return gather([one(1), one(2), one(3)]);
  }

  function inTask(n) {
    const parent = currentUnit();
    return createTask(async () => {
      who.set(n);
      branch.set('of the task');
      see(stage.task, n);
      await awaits[(n * 7) % awaits.length]();
      if (currentUnit() === parent) ledger.cross(stage.task, n, 'the unit of its request');
      expect(stage.task, n, elevated.get('nobody'), 'nobody');
      expect(stage.task, n, shop.number, n);
      see(stage.task, n);
    });
  }

  const inBackground = preserveContext(
    async (n) => {
      await awaits[n % awaits.length]();
      see(stage.background, n);
      throw new Error('on purpose');
    },
    { background: true },
  );

  function seeLeft(n) {
    see.late(stage.left, n);
    seeScoped(n);
  }

  /** Settles when the signal of the request aborts. */
  function aborted(n) {
    const { signal } = currentUnit();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        see(stage.signal, n);
        resolve(signal.reason);
      });
    });
  }

  return {
    plain(n, seen, request) {
      see.fully(stage.handler, n);
      failWhere('handler', request);
      failWhere('filter', request);
      return own(n, seen);
    },

    async late(n, seen, request) {
      see.fully(stage.handler, n);
      await awaitTwice(n);
      failWhere('late', request);
      return own(n, seen);
    },

    async awaits(n, seen) {
      see.fully(stage.handler, n);
      seeScoped(n);
      await awaitTwice(n);
      seeScoped(n);
      see.late(stage.handler, n);
      return own(n, seen);
    },

    async branches(n, seen) {
      see.fully(stage.handler, n);
      seeScoped(n);
      await Promise.all([temporarily(n), elevatedly(n), sibling(n), inBranches(n), inTask(n)]);
      expect(stage.gather, n, branch.get('none'), 'none');
      expect(stage.temporary, n, elevated.get('nobody'), 'nobody');
      see.late(stage.handler, n);
      return own(n, seen);
    },

    async leaving(n, seen) {
      see.fully(stage.handler, n);
      seeScoped(n);
      void aborted(n);
      setTimeout(() => seeLeft(n), n % 12);
      queue.callback(bindContext(() => see.late(stage.bound, n)));
      void inBackground(n);
      return own(n, seen);
    },

    async slow(n, seen) {
      see.fully(stage.handler, n);
      void aborted(n);
      await wait(1 + (n % 12));
      see(stage.awaited, n);
      return own(n, seen);
    },

    observable(n, seen) {
      see.fully(stage.handler, n);
      return new Observable((subscriber) => {
        const timer = setTimeout(() => {
          see.late(stage.stream, n);
          subscriber.next(own(n, seen));
          subscriber.complete();
        }, 1);
        return () => clearTimeout(timer);
      });
    },

    async body(n, seen, _request, _response, body) {
      see.fully(stage.handler, n);
      // Express parses none where the client has left.
      if (body === undefined) return own(n, seen);
      expect(stage.handler, n, body.n, n);
      await awaitTwice(n);
      return own(n, seen);
    },

    ...streamHandlersFor(see),

    /** Nobody answers: the client leaves. */
    async never(n, seen) {
      see.fully(stage.handler, n);
      await aborted(n);
      return own(n, seen);
    },

    /** Until `handler.timeoutMs` has passed. */
    async tooLong(n, seen) {
      see.fully(stage.handler, n);
      const reason = await aborted(n);
      if (reason.name === 'TimeoutError') throw new RequestTimeoutException();
      return own(n, seen);
    },

    /** Of an interceptor that does not wait so long. */
    outrun(n) {
      see.fully(stage.handler, n);
      setTimeout(() => see.late(stage.left, n), 14);
      return NEVER;
    },
  };
}
