// What is left running after a request keeps none of its instances. Needs --expose-gc.

import { setImmediate as macrotask } from 'node:timers/promises';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import {
  ContextScoped,
  copyContext,
  createTask,
  currentUnit,
  LoadScoped,
  runUnitOfWork,
  scopedProvider,
} from 'nestjs-contextvars';
import { thrownBy, withCode } from '../../core/support/outcome.js';
import { stillHeld } from '../../support/collector.js';
import { adapters } from '../http/support/adapters.js';
import { UnitLog } from '../http/support/unit-log.js';
import { until } from '../http/support/until.js';
import { startApp, stopApps } from '../module/support/running-app.js';
import { closeApps, startTesting } from './support/application.js';

// What the collector leaves for once differs from run to run: compiled code holds what it no longer needs. What is
// really kept is kept each time.
jest.retryTimes(3);

const REQUESTS = 20;

const refs: { readonly what: string; readonly ref: WeakRef<object> }[] = [];
const timers: NodeJS.Timeout[] = [];
/** Held as a timer or a socket would hold it. */
const kept: unknown[] = [];
const pending: (() => void)[] = [];
const readings = new Map<string, unknown>();

/** Settles when the test is over. */
const paused = () => new Promise<void>((resolve) => void pending.push(resolve));

function watch<T extends object>(what: string, object: T): T {
  refs.push({ what, ref: new WeakRef(object) });
  return object;
}

const alive = async (): Promise<string[]> => (await stillHeld(refs)).map(({ what }) => what);

@ContextScoped()
class Cart {
  readonly items = watch('items', new Array(1_000).fill('item'));
  constructor(@Inject('loaders') readonly loaders: { cache: object }) {
    watch('Cart', this);
  }
  touch(): object {
    return this.loaders.cache;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await null;
  }
}

@ContextScoped()
class Session {
  constructor(@Inject('connection') readonly connection: { socket: object }) {
    watch('Session', this);
  }
  @LoadScoped('connection')
  open(): object {
    return this.connection.socket;
  }
}

@Injectable()
class Shop {
  constructor(
    readonly cart: Cart,
    readonly session: Session,
  ) {}

  async use(): Promise<void> {
    this.cart.touch();
    await this.session.open();
    expect(this.cart.items).toHaveLength(1_000);
  }

  /** A function of its own: a closure in the handler could hold more by itself. */
  leaveRunning(): void {
    const id = String(currentUnit()?.id);
    timers.push(
      setInterval(
        () =>
          readings.set(
            id,
            thrownBy(() => this.cart.items),
          ),
        1,
      ),
    );
    kept.push(copyContext(), currentUnit(), this.#wait(), createTask(paused));
  }

  async #wait(): Promise<void> {
    await paused();
    expect(() => this.cart.touch()).toThrow(withCode('ERR_SCOPE_ENDED'));
  }
}

@Controller()
class Desk {
  constructor(private readonly shop: Shop) {}
  @Get() async get(): Promise<string> {
    await this.shop.use();
    this.shop.leaveRunning();
    return 'done';
  }
}

const providers = [
  Shop,
  scopedProvider(Cart),
  scopedProvider(Session),
  scopedProvider({ provide: 'loaders', useFactory: () => watch('loaders', { cache: watch('cache', {}) }) }),
  scopedProvider({
    provide: 'connection',
    useFactory: async () => {
      await macrotask();
      return watch('connection', { socket: watch('socket', {}) });
    },
  }),
];

/** Of each unit of work. */
const WATCHED = 7;

afterEach(async () => {
  for (const timer of timers.splice(0)) clearInterval(timer);
  for (const settle of pending.splice(0)) settle();
  await Promise.all(kept.splice(0));
  refs.length = 0;
  readings.clear();
});
afterEach(closeApps);
afterEach(stopApps);

describe.each(adapters)(
  'after the end of requests on %s whose timers, promises and tasks go on',
  (adapter) => {
    const units = new UnitLog();
    beforeEach(() => units.clear());
    afterAll(() => units.stop());

    it('their instances are collected, and the timers find ERR_SCOPE_ENDED', async () => {
      const app = await startApp(adapter, { controllers: [Desk], providers });
      const ids = Array.from({ length: REQUESTS }, (_, n) => `r-${n}`);
      await Promise.all(ids.map((id) => app.get('/', { 'x-request-id': id })));
      await units.haveEnded(ids);
      expect(refs).toHaveLength(WATCHED * REQUESTS);
      expect(await alive()).toEqual([]);
      expect(timers).toHaveLength(REQUESTS);
      readings.clear();
      await until('every timer has fired', () => readings.size === REQUESTS);
      for (const id of ids) expect(readings.get(id)).toEqual(withCode('ERR_SCOPE_ENDED'));
    });
  },
);

it('so are those of units of work in a script', async () => {
  const app = await startTesting({ providers });
  const shop = app.get(Shop);
  for (let unit = 0; unit < REQUESTS; unit++) {
    await runUnitOfWork({ kind: 'script' }, async () => {
      await shop.use();
      shop.leaveRunning();
    });
  }
  expect(refs).toHaveLength(WATCHED * REQUESTS);
  expect(await alive()).toEqual([]);
});

it('instances whose factory failed after a part of them was made are collected while the unit of work lasts', async () => {
  const app = await startTesting({
    providers: [
      scopedProvider({
        provide: 'broken',
        useFactory: () => {
          watch('part', {});
          throw new Error('not today');
        },
      }),
    ],
  });
  await runUnitOfWork({ kind: 'script' }, async () => {
    expect(() => app.get('broken').anything).toThrow('not today');
    expect(refs).toHaveLength(1);
    expect(await alive()).toEqual([]);
  });
});

it('an application that has been closed and let go is collected, with what it had context-scoped', async () => {
  await (async () => {
    const app = await startTesting({ providers });
    watch('Shop', app.get(Shop));
    watch('stand-in', app.get(Cart));
    await runUnitOfWork({ kind: 'script' }, () => app.get(Shop).use());
    await closeApps();
  })();
  // Nest keeps the application that was made last.
  await startTesting({});
  expect(await alive()).toEqual([]);
});
