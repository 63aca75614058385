import { setImmediate } from 'node:timers/promises';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  bindContext,
  copyContext,
  createTask,
  currentUnit,
  extractContext,
  injectContext,
  logFields,
  preserveContext,
  runUnitOfWork,
} from 'nestjs-contextvars/core';
import { registerOpenTelemetry, Span, withSpan } from 'nestjs-contextvars/opentelemetry';
import { active, setUpSdk, takeDownSdk, tree } from './support/tracing.js';

// Without an SDK nothing is traced, and nothing else changes.

beforeAll(() => registerOpenTelemetry());

class Orders {
  @Span()
  async load(id: number): Promise<unknown> {
    await setImmediate();
    return [id, currentUnit()?.kind];
  }

  @Span()
  async *rows(): AsyncGenerator<number> {
    await setImmediate();
    yield 1;
    yield 2;
  }
}

describe('with the API alone', () => {
  test('everything does what it does without it', async () => {
    const orders = new Orders();
    await runUnitOfWork({ kind: 'test' }, async () => {
      const parent = currentUnit();
      expect(await orders.load(1)).toEqual([1, 'test']);
      expect(await createTask(() => orders.load(2))).toEqual([2, 'task']);
      expect(await preserveContext(() => orders.load(3))()).toEqual([3, 'preserved']);
      expect(bindContext(currentUnit)()).toBe(parent);
      expect(copyContext().run(currentUnit)).toBe(parent);
      const rows: number[] = [];
      for await (const row of orders.rows()) rows.push(row);
      expect(rows).toEqual([1, 2]);
      expect(() =>
        withSpan('fails', () => {
          throw new RangeError('as before');
        }),
      ).toThrow(RangeError);
      expect(injectContext()).toEqual({});
      expect(Object.keys(logFields())).not.toContain('trace_id');
    });
    expect(context.active()).toBe(ROOT_CONTEXT);
  });

  test('a carrier that brings a trace is taken as any other', () => {
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const carrier = { contextvars: JSON.stringify({ v: 1, vars: [['context.traceparent', parent]] }) };
    runUnitOfWork({ kind: 'test', context: extractContext(carrier) }, () => {
      expect(trace.getActiveSpan()).toBeUndefined();
      expect(withSpan('inside', () => 1)).toBe(1);
    });
  });

  test('OpenTelemetry is not asked to run anything when a unit of work is entered', async () => {
    const run = jest.spyOn(context, 'with');
    await runUnitOfWork({ kind: 'test' }, () =>
      createTask(() => bindContext(() => copyContext().run(() => 1))()),
    );
    expect(run).not.toHaveBeenCalled();
    run.mockRestore();
  });
});

describe('an SDK that is set up later', () => {
  afterEach(takeDownSdk);

  test('is used from then on', async () => {
    const orders = new Orders();
    const before = bindContext(active);
    await orders.load(1);
    setUpSdk();
    await withSpan('request', () => createTask(() => orders.load(2)));
    expect(tree()).toEqual(['request', '  Orders.load']);
    // Captured where nothing could be active.
    expect(withSpan('caller', before)).toBeUndefined();
  });
});
