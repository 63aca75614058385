import { setImmediate } from 'node:timers/promises';
import { context, ROOT_CONTEXT, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import {
  ContextVar,
  gather,
  PreserveContext,
  ScopedValue,
  WithTempContext,
  withTempContext,
} from 'nestjs-contextvars/core';
import { registerOpenTelemetry, Span, withSpan } from 'nestjs-contextvars/opentelemetry';
import { addErrorReporter } from '../../../src/core/internal.js';
import { active, outcome, spanNamed, spans, tree, useSdk } from './support/tracing.js';

useSdk();
beforeAll(() => registerOpenTelemetry());

const role = new ScopedValue<string>('role');
const secret = new ContextVar<string>('secret', { secret: true });

const wrong = (value: unknown): never => value as never;

describe('withSpan', () => {
  test('gives what the function gives, and the span to it', async () => {
    expect(withSpan('sync', (span) => [span === trace.getActiveSpan(), 1])).toEqual([true, 1]);
    await expect(withSpan('async', async () => 2)).resolves.toBe(2);
    expect(spans().map(outcome)).toEqual(Array(2).fill(ended));
  });

  test('hands the options of a span on', () => {
    const link = { context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 } };
    withSpan('parent', () => {
      const options = { kind: SpanKind.CLIENT, attributes: { 'order.id': 1 }, links: [link], root: true };
      withSpan('child', options, () => {});
    });
    const child = spanNamed('child');
    expect(child.kind).toBe(SpanKind.CLIENT);
    expect(child.attributes).toEqual({ 'order.id': 1 });
    expect(child.links).toEqual([expect.objectContaining(link)]);
    expect(child.parentSpanContext).toBeUndefined();
    expect(child.instrumentationScope.name).toBe('nestjs-contextvars');
  });

  test('makes the span with the tracer that is given', () => {
    withSpan('own', { tracer: trace.getTracer('orders', '1.2.3') }, () => {});
    expect(spanNamed('own').instrumentationScope).toMatchObject({ name: 'orders', version: '1.2.3' });
  });

  test('ends in the microtask in which the call settles', async () => {
    const open = withSpan('call', async () => {
      await setImmediate();
    });
    expect(outcome(spanNamed('call')).ended).toBe(false);
    await open;
    expect(outcome(spanNamed('call')).ended).toBe(true);
  });

  const failures: readonly (readonly [how: string, fail: (error: unknown) => unknown])[] = [
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['rejects', async (error) => Promise.reject(error)],
    [
      'rejects later',
      async (error) => {
        await setImmediate();
        throw error;
      },
    ],
    [
      'gives a thenable that rejects',
      (error) => ({ then: (_: unknown, reject: (e: unknown) => void) => reject(error) }),
    ],
  ];

  test.each(failures)(
    'records the error where the call %s, and hands on the very same',
    async (_how, fail) => {
      const error = new TypeError('no such order');
      const failed = async () => withSpan('call', () => fail(error));
      await expect(failed()).rejects.toBe(error);
      expect(spans().map(outcome)).toEqual([
        { ended: true, status: 'ERROR', message: 'no such order', exceptions: ['no such order'] },
      ]);
    },
  );

  test.each([
    ['a string', 'no such order', 'no such order'],
    ['undefined', undefined, 'undefined'],
    ['an object', { code: 1 }, '[object Object]'],
  ])('records %s that is thrown', async (_what, error, message) => {
    const failed = async () =>
      withSpan('call', () => {
        throw error;
      });
    await expect(failed()).rejects.toBe(error);
    expect(outcome(spanNamed('call'))).toMatchObject({ ended: true, status: 'ERROR', message });
  });

  test('lets an error through that cannot even be read', () => {
    const hostile = {
      toString() {
        throw new Error('not this one');
      },
    };
    let thrown: unknown;
    try {
      withSpan('call', () => {
        throw hostile;
      });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(hostile);
    expect(outcome(spanNamed('call'))).toMatchObject({ ended: true, status: 'ERROR' });
  });

  test.each([
    ['no name', () => withSpan(wrong(undefined), () => {})],
    ['an empty name', () => withSpan('', () => {})],
    ['no function', () => withSpan('name', wrong(undefined))],
    ['options and no function', () => withSpan('name', {}, wrong(undefined))],
    ['options that are none', () => withSpan('name', wrong('client'), () => {})],
    ['a tracer that is none', () => withSpan('name', { tracer: wrong({}) }, () => {})],
  ])('%s is a TypeError', (_what, call) => {
    expect(call).toThrow(TypeError);
    expect(spans()).toEqual([]);
  });
});

const ended = { ended: true, status: 'UNSET', message: undefined, exceptions: [] };

describe('@Span', () => {
  const failing = jest.fn((): never => {
    throw new Error('cannot tell');
  });

  class Orders {
    readonly shop = 'corner';

    @Span()
    async load(id: number): Promise<unknown> {
      await setImmediate();
      return [this.shop, id, active()];
    }

    @Span('named')
    named(): unknown {
      return active();
    }

    @Span({ kind: SpanKind.CLIENT, attributes: { 'db.system': 'none' } })
    client(): void {}

    @Span('by call', {
      attributes(this: Orders, id: number) {
        return { 'order.id': id, 'order.shop': this.shop };
      },
    })
    byCall(_id: number): void {}

    @Span({ attributes: failing })
    unlucky(): string {
      return 'done';
    }

    @Span()
    static count(): unknown {
      return active();
    }
  }

  test('is called after class and method, or as it is told', async () => {
    const orders = new Orders();
    await expect(orders.load(7)).resolves.toEqual(['corner', 7, 'Orders.load']);
    expect([orders.named(), Orders.count()]).toEqual(['named', 'Orders.count']);
  });

  test('has the attributes that it is given, or that are made of the call, and no others', () => {
    const orders = new Orders();
    secret.run('canary', () => {
      orders.client();
      orders.byCall(7);
    });
    expect(spans().map(({ kind, attributes }) => [kind, attributes])).toEqual([
      [SpanKind.CLIENT, { 'db.system': 'none' }],
      [SpanKind.INTERNAL, { 'order.id': 7, 'order.shop': 'corner' }],
    ]);
  });

  test('attributes that cannot be made are reported, and the call goes on', () => {
    const reported: unknown[] = [];
    const stop = addErrorReporter((error, where) => reported.push([(error as Error).message, where]));
    expect(new Orders().unlucky()).toBe('done');
    stop();
    expect(reported).toEqual([['cannot tell', "in the attributes of the span 'Orders.unlucky'"]]);
    expect(spanNamed('Orders.unlucky').attributes).toEqual({});
  });

  test('keeps metadata, name and length, in either order of decorators', () => {
    const Route =
      (path: string): MethodDecorator =>
      (_target, _key, descriptor) => {
        Reflect.defineMetadata('path', path, descriptor.value as object);
      };
    class Controller {
      @Route('/above')
      @Span()
      above(_a: unknown, _b: unknown): void {}

      @Span()
      @Route('/below')
      below(_a: unknown): void {}
    }
    const { above, below } = Controller.prototype;
    expect([above.name, above.length, Reflect.getMetadata('path', above)]).toEqual(['above', 2, '/above']);
    expect([below.name, below.length, Reflect.getMetadata('path', below)]).toEqual(['below', 1, '/below']);
  });

  test('works with @WithTempContext inside and around, and with @PreserveContext', async () => {
    class Ledger {
      @Span()
      @WithTempContext(role.as('writer'))
      async spanAround(): Promise<unknown> {
        await setImmediate();
        return [active(), role.get('nobody')];
      }

      @WithTempContext(role.as('writer'))
      @Span()
      async scopeAround(): Promise<unknown> {
        await setImmediate();
        return [active(), role.get('nobody')];
      }

      @Span('caller')
      async caller(): Promise<unknown> {
        return withTempContext([role.as('clerk')], () =>
          gather([() => this.spanAround(), () => this.scopeAround(), () => this.preserved()]),
        );
      }

      @PreserveContext()
      @Span()
      async preserved(): Promise<unknown> {
        await setImmediate();
        return active();
      }
    }
    await expect(new Ledger().caller()).resolves.toEqual([
      ['Ledger.spanAround', 'writer'],
      ['Ledger.scopeAround', 'writer'],
      'Ledger.preserved',
    ]);
    expect(tree()).toEqual(['caller', '  Ledger.spanAround', '  Ledger.scopeAround', '  Ledger.preserved']);
  });

  test.each([
    ['a property', () => Span()({}, 'property', wrong(undefined))],
    ['an empty name', () => Span('')],
    ['options that are none', () => Span('name', wrong(1))],
    ['a number in place of a name', () => Span(wrong(1))],
    ['attributes that are none', () => Span({ attributes: wrong('order') })],
    ['a tracer that is none', () => Span({ tracer: wrong({} as Tracer) })],
  ])('%s is a TypeError', (_what, decorate) => {
    expect(decorate).toThrow(TypeError);
  });
});

test('a span that is made elsewhere is the parent, whatever has made it active', () => {
  const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };
  const parent = trace.setSpanContext(ROOT_CONTEXT, remote);
  context.with(parent, () => withSpan('child', () => {}));
  expect(spanNamed('child').parentSpanContext).toMatchObject({ spanId: remote.spanId });
});
