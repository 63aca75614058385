// A recipe that finds what it depends on when it is first needed, and two that need but one instance for both.

import { type Recipe, Scoped } from '../../src/container/internal.js';
import { ContextError, runUnitOfWork } from '../../src/core/index.js';
import { codeOf, outcomeOf, thrownBy, withCode } from '../core/support/outcome.js';

const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

function scoped(name: string, recipe: Partial<Recipe> = {}): Scoped {
  return new Scoped<object>({ name, make: () => ({ name }), ...recipe });
}

describe('what it depends on is found', () => {
  test('before anything is made or loaded', async () => {
    const log: string[] = [];
    const one = scoped('One', {
      connect: () => log.push('connect'),
      needs: () => {
        log.push('needs');
        return [];
      },
      make: () => {
        log.push('make');
        return {};
      },
    });
    inUnit(() => void one.use());
    expect(log.splice(0)).toEqual(['connect', 'make']);
    await inUnit(() => one.load());
    expect(log[0]).toBe('connect');
    expect(log.filter((step) => step !== 'connect')).toEqual(['needs', 'make']);
  });

  test('not for looking, nor for an instance that there is', () => {
    const connect = jest.fn();
    const one = scoped('One', { connect });
    inUnit(() => {
      one.peek();
      expect(one.usable).toBe(true);
      expect(connect).not.toHaveBeenCalled();
      one.use();
      connect.mockClear();
      one.use();
      one.peek();
      expect(connect).not.toHaveBeenCalled();
    });
  });

  test('or its error passes as it is, nothing is made, and the next use looks again', async () => {
    const failure = new ContextError('ERR_UNKNOWN_DEPENDENCY', 'who?');
    let fails = true;
    const make = jest.fn(() => ({}));
    const connect = () => {
      if (fails) throw failure;
    };
    const one = scoped('One', { connect, make });
    await inUnit(async () => {
      expect(thrownBy(() => one.use())).toBe(failure);
      expect(await outcomeOf(() => one.load())).toEqual({ error: failure });
      expect(make).not.toHaveBeenCalled();
      fails = false;
      expect(one.use()).toEqual({});
    });
  });
});

describe('one that shares with another', () => {
  const uses: [string, (first: Scoped, second: Scoped) => [Scoped, Scoped]][] = [
    ['the one that shares', (owner, sharing) => [sharing, owner]],
    ['the one whose instances they are', (owner, sharing) => [owner, sharing]],
  ];

  test.each(uses)('has the same instance, where %s is used first', async (_, order) => {
    const make = jest.fn(() => ({ [Symbol.dispose]: dispose }));
    const dispose = jest.fn();
    const owner = scoped('Owner', { make });
    const own = jest.fn(() => ({}));
    const sharing = scoped('Sharing', { make: own });
    sharing.shareWith(owner);
    expect([sharing.sharesWith(owner), owner.sharesWith(sharing)]).toEqual([true, true]);
    const [first, second] = order(owner, sharing);
    await inUnit(async () => {
      const one = first.use();
      expect([second.peek(), second.use(), first.peek()]).toEqual([one, one, one]);
      expect(second.use()).toBe(one);
      await Promise.all([first.load(), second.load()]);
    });
    expect([make.mock.calls.length, dispose.mock.calls.length, own.mock.calls.length]).toEqual([1, 1, 0]);
  });

  test('loads that of the other, once, whoever is loaded', async () => {
    const make = jest.fn(async () => ({}));
    const owner = scoped('Owner', { make });
    const sharing = scoped('Sharing');
    sharing.shareWith(owner);
    await inUnit(async () => {
      expect(await codeOf(() => sharing.use())).toBe('ERR_INSTANCE_NOT_LOADED');
      await Promise.all([sharing.load(), owner.load(), sharing.load()]);
      expect(sharing.use()).toBe(owner.use());
    });
    expect(make).toHaveBeenCalledTimes(1);
  });

  test('may find that out when it looks for what it depends on', async () => {
    const use = (start: (sharing: Scoped) => unknown) => {
      const owner = scoped('Owner');
      const sharing: Scoped = scoped('Sharing', { connect: () => sharing.shareWith(owner) });
      return inUnit(async () => {
        await start(sharing);
        expect(sharing.use()).toBe(owner.use());
        expect(sharing.peek()).toBe(owner.peek());
      });
    };
    await use((sharing) => sharing.use());
    await use((sharing) => sharing.load());
  });

  test('is one with it in a cycle', () => {
    const owner: Scoped = scoped('Owner', { make: () => ({ sharing: sharing.use() }) });
    const sharing = scoped('Sharing');
    sharing.shareWith(owner);
    inUnit(() => {
      const error = thrownBy(() => sharing.use());
      expect(error).toEqual(withCode('ERR_DEPENDENCY_CYCLE'));
      expect((error as ContextError).message).toMatch('itself: Owner -> Owner;');
    });
  });

  test('shares nothing with a third', () => {
    const [owner, sharing, other] = ['Owner', 'Sharing', 'Other'].map((name) => scoped(name)) as [
      Scoped,
      Scoped,
      Scoped,
    ];
    sharing.shareWith(owner);
    expect([other.sharesWith(owner), other.sharesWith(sharing)]).toEqual([false, false]);
    inUnit(() => expect(other.use()).not.toBe(sharing.use()));
  });

  test.each([
    [
      'the inner pair',
      [
        [1, 0],
        [2, 1],
      ],
    ],
    [
      'the outer pair',
      [
        [2, 1],
        [1, 0],
      ],
    ],
  ] as const)(
    'with one that shares itself has the instance of the last, where %s comes first',
    (_, pairs) => {
      const all = ['Owner', 'Middle', 'Last'].map((name) => scoped(name));
      for (const [sharing, owner] of pairs) all[sharing]?.shareWith(all[owner] as Scoped);
      expect(all[2]?.sharesWith(all[0] as Scoped)).toBe(true);
      inUnit(() => {
        const one = all[2]?.use();
        expect(all.map((each) => each.use() === one)).toEqual([true, true, true]);
        expect(all.map((each) => each.peek() === one)).toEqual([true, true, true]);
      });
    },
  );
});
