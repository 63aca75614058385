import { setImmediate as macrotask } from 'node:timers/promises';
import {
  ContextVar,
  createTask,
  currentCorrelationId,
  currentRequestId,
  currentUnit,
  runUnitOfWork,
  ScopedValue,
  type UnitOfWork,
  withTempContext,
} from 'nestjs-contextvars/core';
import {
  type InvocationEnd,
  type LambdaInvocation,
  lambdaInvocation,
  WithLambdaContext,
  withLambdaContext,
} from 'nestjs-contextvars/lambda';
import { currentFrame } from '../../../src/core/internal.js';
import { codeOf, outcomeOf, thrownBy, withCode } from '../../core/support/outcome.js';
import { Gate } from '../../nest/http/support/gate.js';
import { UUID } from '../../nest/http/support/uuid.js';
import { functionContext, invoke } from './support/runtime.js';

const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<string>('role');

/** Adds a hook to the end of the unit that is current here. */
function atEnd(phase: 'end' | 'dispose', hook: () => void | Promise<void>): void {
  currentFrame()?.unit.on(phase, hook);
}

describe('each invocation', () => {
  test('is a unit of work with the AWS request id as its id', async () => {
    const context = functionContext();
    let unit: UnitOfWork | undefined;
    const handler = withLambdaContext(async () => {
      unit = currentUnit();
      return [unit?.kind, unit?.id, unit?.ended, currentRequestId(), currentCorrelationId()];
    });
    const { awsRequestId: id } = context;
    expect(await invoke(handler, {}, context)).toEqual(['lambda', id, false, id, id]);
    expect(unit?.ended).toBe(true);
  });

  test.each([
    ['control characters', 'a\r\nb'],
    ['129 characters', 'a'.repeat(129)],
    ['none', ''],
    ['no string', 7],
    ['nothing', undefined],
  ])('has a UUID where the request id has %s', async (_, awsRequestId) => {
    const handler = withLambdaContext(async () => [currentUnit()?.id, lambdaInvocation().requestId]);
    const context = functionContext({ awsRequestId: awsRequestId as string });
    const [id, requestId] = (await invoke(handler, {}, context)) as string[];
    expect(id).toMatch(UUID);
    expect(requestId).toBe(id);
  });

  test('starts empty, whatever it is called in and whatever was there before', async () => {
    const seen: unknown[] = [];
    const handler = withLambdaContext(async () => {
      seen.push(tenant.get(undefined), role.get(undefined));
      tenant.set('acme');
      role.bind('writer');
      await macrotask();
      seen.push(tenant.get(), role.get());
    });
    await invoke(handler);
    await runUnitOfWork({ kind: 'outer' }, async () => {
      tenant.set('outer');
      await invoke(handler);
      seen.push(tenant.get());
    });
    expect(seen).toEqual([
      undefined,
      undefined,
      'acme',
      'writer',
      undefined,
      undefined,
      'acme',
      'writer',
      'outer',
    ]);
  });

  test('keeps to itself what it sets, also while others run', async () => {
    const all = new Gate();
    let running = 0;
    const handler = withLambdaContext(async (event: { name: string }) => {
      tenant.set(event.name);
      running += 1;
      if (running === 20) all.open();
      await all.passed;
      await macrotask();
      return [tenant.get(), lambdaInvocation().requestId === currentUnit()?.id];
    });
    const names = Array.from({ length: 20 }, (_, i) => `t${i}`);
    const answers = await Promise.all(names.map((name) => invoke(handler, { name })));
    expect(answers).toEqual(names.map((name) => [name, true]));
  });

  test('leaves work behind that never sees the next one', async () => {
    const left = new Gate();
    const seen: unknown[] = [];
    const handler = withLambdaContext(async (event: { name: string }) => {
      tenant.set(event.name);
      if (event.name === 'first') void left.passed.then(() => seen.push(tenant.get(), currentRequestId()));
      return lambdaInvocation().requestId;
    });
    const first = await invoke(handler, { name: 'first' });
    const second = withLambdaContext(async () => {
      tenant.set('second');
      left.open();
      await macrotask();
      return tenant.get();
    });
    expect(await invoke(second)).toBe('second');
    expect(seen).toEqual(['first', first]);
  });

  test.each([
    ['the runtime gives no context', undefined],
    ['the context is empty', {}],
    ['the context is no object', 'context'],
  ])('works where %s, as tests do it', async (_, context) => {
    const handler = withLambdaContext(async (_event: unknown, _context: unknown) => ({
      ...lambdaInvocation(),
      left: lambdaInvocation().getRemainingTimeInMillis(),
    }));
    expect(await handler({}, context)).toMatchObject({
      requestId: expect.stringMatching(UUID),
      functionName: undefined,
      left: Number.POSITIVE_INFINITY,
    });
  });
});

describe('what is known of the invocation', () => {
  test('is there for the handler and for its tasks', async () => {
    const context = functionContext();
    const handler = withLambdaContext(async () => [
      { ...lambdaInvocation() },
      await createTask(async () => ({ ...lambdaInvocation() })),
    ]);
    const known = {
      requestId: context.awsRequestId,
      functionName: 'orders',
      functionVersion: '7',
      coldStart: expect.any(Boolean),
      correlationId: context.awsRequestId,
    };
    expect(await invoke(handler, {}, context)).toEqual([known, known]);
  });

  test('the remaining time is the live one, and none when the invocation is over', async () => {
    let left = 3_000;
    let invocation: LambdaInvocation | undefined;
    const handler = withLambdaContext(async () => {
      invocation = lambdaInvocation();
      const first = invocation.getRemainingTimeInMillis();
      left = 1_000;
      return [first, invocation.getRemainingTimeInMillis()];
    });
    const context = functionContext({ getRemainingTimeInMillis: () => left });
    expect(await invoke(handler, {}, context)).toEqual([3_000, 1_000]);
    expect(invocation?.getRemainingTimeInMillis()).toBe(0);
    expect(invocation?.requestId).toBe(context.awsRequestId);
  });

  test('outside any invocation there is a clear error', () => {
    expect(lambdaInvocation).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
    expect(lambdaInvocation).toThrow(/withLambdaContext/);
    expect(() => runUnitOfWork({ kind: 'test' }, lambdaInvocation)).toThrow(
      withCode('ERR_NO_ACTIVE_CONTEXT'),
    );
  });

  test('cold start is true once in the process, whatever handler it is and however many start at once', async () => {
    await jest.isolateModulesAsync(async () => {
      // The first copy of the library would be used by the second.
      const key = Symbol.for('nestjs-contextvars.v1');
      const before = Reflect.get(globalThis, key) as Record<string, unknown>;
      const { lambda } = before;
      delete before.lambda;
      try {
        const fresh = await import('nestjs-contextvars/lambda');
        const one = fresh.withLambdaContext(async () => fresh.lambdaInvocation().coldStart);
        const two = fresh.withLambdaContext(async () => fresh.lambdaInvocation().coldStart);
        const starts = await Promise.all([invoke(one), invoke(two), invoke(one)]);
        expect([...starts, await invoke(one), await invoke(two)]).toEqual([true, false, false, false, false]);
      } finally {
        before.lambda = lambda;
      }
    });
  });
});

describe('the end of an invocation', () => {
  test.each(['resolves', 'rejects'])('is awaited before the answer of a handler that %s', async (how) => {
    const log: string[] = [];
    const failure = new Error('of the handler');
    const handler = withLambdaContext(
      async () => {
        atEnd('dispose', async () => {
          await macrotask();
          log.push('disposed');
        });
        await macrotask();
        log.push('handled');
        if (how === 'rejects') throw failure;
        return 'answer';
      },
      {
        onEnd: async (_, { outcome, error }) => {
          await macrotask();
          log.push(`onEnd ${outcome}`);
          expect(error).toBe(how === 'rejects' ? failure : undefined);
        },
      },
    );
    const outcome = await outcomeOf(() => invoke(handler));
    log.push('answered');
    expect(outcome).toEqual(how === 'rejects' ? { error: failure } : { value: 'answer' });
    const ended = how === 'rejects' ? 'onEnd failed' : 'onEnd completed';
    expect(log).toEqual(['handled', ended, 'disposed', 'answered']);
  });

  test('is told to onEnd in the context of the invocation', async () => {
    const ends: [LambdaInvocation, InvocationEnd, unknown][] = [];
    const handler = withLambdaContext(
      async () => {
        tenant.set('acme');
        await macrotask();
      },
      { onEnd: (invocation, end) => void ends.push([invocation, end, tenant.get()]) },
    );
    const context = functionContext();
    await invoke(handler, {}, context);
    expect(ends).toEqual([
      [
        expect.objectContaining({ requestId: context.awsRequestId }),
        { outcome: 'completed', error: undefined, durationMs: expect.any(Number) },
        'acme',
      ],
    ]);
  });

  test('an error of onEnd is reported and the answer stays', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const onEnd = () => Promise.reject(new Error('of the hook'));
      expect(await invoke(withLambdaContext(async () => 'answer', { onEnd }))).toBe('answer');
      expect(log.mock.calls.join()).toContain('of the hook');
    } finally {
      log.mockRestore();
    }
  });

  test.each([undefined, null, 0, 'text', new Error('failed')])(
    'an error passes unchanged: %p',
    async (error) => {
      const rejecting = withLambdaContext(async () => {
        throw error;
      });
      expect(await outcomeOf(() => rejecting())).toEqual({ error });
      const throwing = withLambdaContext(() => {
        throw error;
      });
      expect(thrownBy(throwing)).toBe(error);
    },
  );

  test('of a handler that throws at once is awaited too where it takes time', async () => {
    const log: string[] = [];
    const handler = withLambdaContext(
      () => {
        throw new Error('at once');
      },
      { onEnd: () => macrotask().then(() => void log.push('onEnd')) },
    );
    expect(await outcomeOf(() => invoke(handler))).toEqual({ error: new Error('at once') });
    expect(log).toEqual(['onEnd']);
  });

  test('takes a temporary role away from work that is still under it', async () => {
    const over = new Gate();
    const left = new Gate<unknown>();
    const handler = withLambdaContext(async () => {
      role.bind('writer');
      const elevated = withTempContext([role.as('admin')], async () => {
        const before = role.get();
        await over.passed;
        left.open([before, thrownBy(() => role.get())]);
      });
      elevated.catch(() => {});
    });
    await invoke(handler);
    over.open();
    expect(await left.passed).toEqual(['admin', withCode('ERR_SCOPE_ENDED')]);
  });

  test('comes at the limit of the time for a handler that never settles', async () => {
    const ended = new Gate<InvocationEnd>();
    let unit: UnitOfWork | undefined;
    const deadline = performance.now() + 60;
    const handler = withLambdaContext(
      () => {
        unit = currentUnit();
        return new Promise(() => {});
      },
      { abortBeforeTimeoutMs: 30, onEnd: (_, end) => ended.open(end) },
    );
    // Lambda has something to wait for here, the library has not.
    const alive = setInterval(() => {}, 1_000);
    void invoke(
      handler,
      {},
      functionContext({ getRemainingTimeInMillis: () => deadline - performance.now() }),
    );
    const { outcome, error } = await ended.passed;
    clearInterval(alive);
    await macrotask();
    expect([outcome, (error as Error).name, unit?.ended]).toEqual(['failed', 'TimeoutError', true]);
  });
});

describe('the signal of the unit of work', () => {
  test('aborts shortly before the time is up, in the context of the invocation', async () => {
    const aborted = new Gate<unknown[]>();
    const deadline = performance.now() + 10_000;
    const handler = withLambdaContext(
      async () => {
        tenant.set('acme');
        const signal = currentUnit()?.signal;
        signal?.addEventListener('abort', () =>
          aborted.open([signal.reason.name, tenant.get(), currentUnit()?.ended]),
        );
        const seen = await aborted.passed;
        return [...seen, lambdaInvocation().getRemainingTimeInMillis() > 9_000];
      },
      { abortBeforeTimeoutMs: 9_990 },
    );
    const alive = setInterval(() => {}, 1_000);
    const context = functionContext({ getRemainingTimeInMillis: () => deadline - performance.now() });
    expect(await invoke(handler, {}, context)).toEqual(['TimeoutError', 'acme', false, true]);
    clearInterval(alive);
  });

  test('aborts at the end otherwise, and no timer is left', async () => {
    const clear = jest.spyOn(globalThis, 'clearTimeout');
    const set = jest.spyOn(globalThis, 'setTimeout');
    try {
      let signal: AbortSignal | undefined;
      const handler = withLambdaContext(async () => {
        signal = currentUnit()?.signal;
        return signal?.aborted;
      });
      expect(await invoke(handler)).toBe(false);
      expect(signal?.reason).toEqual(withCode('ERR_SCOPE_ENDED'));
      const timers = set.mock.results.map(({ value }) => value as NodeJS.Timeout);
      expect(timers).toHaveLength(1);
      expect(timers[0]?.hasRef()).toBe(false);
      expect(clear).toHaveBeenCalledWith(timers[0]);
    } finally {
      set.mockRestore();
      clear.mockRestore();
    }
  });

  test.each([
    ['no limit', Number.POSITIVE_INFINITY],
    ['more than a timer can wait', 2 ** 31],
    ['none left', 0],
    ['no number', Number.NaN],
  ])('is left alone where the time that remains is %s', async (_, left) => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    try {
      const handler = withLambdaContext(async () => currentUnit()?.signal.aborted);
      const context = functionContext({ getRemainingTimeInMillis: () => left });
      expect(await invoke(handler, {}, context)).toBe(false);
      expect(set).not.toHaveBeenCalled();
    } finally {
      set.mockRestore();
    }
  });
});

describe('a handler that is called for an invocation that runs', () => {
  test('joins it', async () => {
    const ends: string[] = [];
    const inner = withLambdaContext(
      async (_event: unknown, _context: unknown) => [tenant.get(), currentUnit()?.id],
      {
        onEnd: () => void ends.push('inner'),
      },
    );
    const outer = withLambdaContext(
      async (event: unknown, context: unknown) => {
        tenant.set('acme');
        return [...(await inner(event, context)), currentUnit()?.ended];
      },
      { onEnd: () => void ends.push('outer') },
    );
    const context = functionContext();
    expect(await invoke(outer, {}, context)).toEqual(['acme', context.awsRequestId, false]);
    expect(ends).toEqual(['outer']);
  });

  test('is an invocation of its own for another context of the runtime, or without one', async () => {
    const inner = withLambdaContext(async (_event: unknown, _context?: unknown) => tenant.get('none'));
    const outer = withLambdaContext(async () => {
      tenant.set('acme');
      return [await inner({}, functionContext()), await inner({}), tenant.get()];
    });
    expect(await invoke(outer)).toEqual(['none', 'none', 'acme']);
  });

  test('is an invocation of its own when that one is over', async () => {
    const context = functionContext();
    const handler = withLambdaContext(async (_event: unknown, _context: unknown) => {
      const before = tenant.get('none');
      tenant.set('acme');
      return before;
    });
    const left = new Gate<unknown>();
    const outer = withLambdaContext(async (_event: unknown, given: unknown) => {
      void macrotask().then(async () => left.open(await handler({}, given)));
      tenant.set('outer');
    });
    await invoke(outer, {}, context);
    expect(await left.passed).toBe('none');
  });
});

describe('as a decorator', () => {
  const wrap = (): MethodDecorator => (_target, _key, descriptor) => {
    Reflect.defineMetadata('below', 'kept', descriptor.value as object);
  };

  class Orders {
    readonly name = 'orders';

    @WithLambdaContext<{ name: string }>({ correlationId: { path: 'name' } })
    @wrap()
    async handle(event: { name: string }, _context: unknown, _callback?: unknown) {
      tenant.set(event.name);
      await macrotask();
      return [this.name, tenant.get(), lambdaInvocation().correlationId];
    }
  }

  test('makes each call of a method an invocation, of the instance that it is called on', async () => {
    const orders = new Orders();
    const answers = await Promise.all(
      ['a', 'b'].map((name) => invoke((...args) => Reflect.apply(orders.handle, orders, args), { name })),
    );
    expect(answers).toEqual([
      ['orders', 'a', 'a'],
      ['orders', 'b', 'b'],
    ]);
  });

  test('keeps name, length and metadata of the method', () => {
    const { handle } = Orders.prototype;
    expect([handle.name, handle.length, Reflect.getMetadata('below', handle)]).toEqual(['handle', 3, 'kept']);
  });

  test('is refused on anything but a method', () => {
    expect(() => WithLambdaContext()({}, 'field', undefined as never)).toThrow(TypeError);
  });
});

describe('wrong arguments', () => {
  test('a wrapped function keeps its name, length and own properties', () => {
    const mark = Symbol.for('aws.lambda.runtime.handler.streaming');
    const handler = Object.assign(async function place(_event: unknown, _context: unknown) {}, {
      [mark]: 'response',
    });
    const wrapped = withLambdaContext(handler);
    expect([wrapped.name, wrapped.length, wrapped[mark]]).toEqual(['place', 2, 'response']);
  });

  test.each([
    ['no function', () => withLambdaContext('handler' as never)],
    ['options that are none', () => withLambdaContext(async () => {}, 'options' as never)],
    ['a negative margin', () => withLambdaContext(async () => {}, { abortBeforeTimeoutMs: -1 })],
    [
      'a margin that is no number',
      () => withLambdaContext(async () => {}, { abortBeforeTimeoutMs: Number.NaN }),
    ],
    ['an onEnd that is none', () => withLambdaContext(async () => {}, { onEnd: 'end' as never })],
    ['a logEvent that is none', () => WithLambdaContext({ logEvent: 'yes' as never })],
    ['a header that is none', () => withLambdaContext(async () => {}, { correlationId: { header: '' } })],
    ['a path that is none', () => withLambdaContext(async () => {}, { correlationId: { path: 7 as never } })],
    [
      'an accept that is none',
      () => withLambdaContext(async () => {}, { correlationId: { accept: 'yes' as never } }),
    ],
  ])('are refused when the handler is wrapped: %s', (_, wrap) => {
    expect(wrap).toThrow(TypeError);
  });

  test('nothing of them is printed', async () => {
    expect(await codeOf(() => withLambdaContext('secret' as never))).not.toContain('secret');
  });
});
