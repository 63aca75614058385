import {
  context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  Context,
  ContextVar,
  codecs,
  copyContext,
  createTask,
  extractContext,
  injectContext,
  runUnitOfWork,
} from 'nestjs-contextvars/core';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { active, inSpan, spanNamed, tree, useSdk } from './support/tracing.js';

// The span that is active where a carrier is written is the parent of what is done where it is read.

useSdk();
beforeAll(() => registerOpenTelemetry());

const tenant = new ContextVar<string>('tenant', { codec: codecs.string });
const note = new ContextVar<string>('note', { codec: codecs.string });

const sender: SpanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
const PARENT = `00-${sender.traceId}-${sender.spanId}-01`;

/** What a unit of work that begins with the carrier says of its span. */
const received = (carrier: Record<string, string>, options = {}) =>
  runUnitOfWork({ kind: 'received', context: extractContext(carrier, options) }, () =>
    trace.getActiveSpan()?.spanContext(),
  );

const within = <R>(span: SpanContext, fn: () => R): R =>
  context.with(trace.setSpanContext(ROOT_CONTEXT, span), fn);

const entriesOf = (carrier: Record<string, string>): Record<string, string> =>
  Object.fromEntries(JSON.parse(carrier.contextvars as string).vars);

const carrierOf = (entries: Record<string, string>) => ({
  contextvars: JSON.stringify({ v: 1, vars: Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)) }),
});

test('what is done where it is read is a child of the span where it was written', () => {
  const carrier = runUnitOfWork({ kind: 'sender' }, () => {
    tenant.set('acme');
    return withSpan('sends', () => injectContext());
  });
  runUnitOfWork({ kind: 'receiver', context: extractContext(carrier) }, () => {
    expect(tenant.get()).toBe('acme');
    withSpan('receives', () => {});
  });
  expect(tree()).toEqual(['sends', '  receives']);
  expect(spanNamed('receives').parentSpanContext?.isRemote).toBe(true);
});

test('outside any unit of work too, and where nothing else is carried', () => {
  const carrier = withSpan('sends', () => injectContext({ other: 'kept' }));
  expect(Object.keys(carrier)).toEqual(['other', 'contextvars']);
  const read = extractContext(carrier);
  // Before there is a unit of work, and in one that goes on around it.
  read.run(() => withSpan('receives', () => {}));
  runUnitOfWork({ kind: 'other' }, () =>
    extractContext(carrier).run(() => {
      withSpan('receives too', () => {});
      expect(active()).toBe('unnamed');
    }),
  );
  void createTask(() => withSpan('in a task', () => {}), { context: extractContext(carrier) });
  expect(tree()).toEqual(['sends', '  receives', '  receives too', '  in a task']);
});

test('of a Context that was copied, the span where that was done', () => {
  const copied = withSpan('copies', () => copyContext());
  const carrier = withSpan('sends', () => injectContext({}, { context: copied }));
  received(carrier);
  runUnitOfWork({ kind: 'receiver', context: extractContext(carrier) }, () => withSpan('receives', () => {}));
  expect(tree()).toEqual(['copies', '  receives', 'sends']);
});

test('nothing is written where no span is active, or one that says nothing, or nothing is to be traced', () => {
  expect(injectContext()).toEqual({});
  expect(withSpan('sends', () => injectContext({}, { context: new Context() }))).toEqual({});
  const nobody = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
  expect(within(nobody, () => injectContext())).toEqual({});
  const suppressed = suppressTracing(trace.setSpanContext(ROOT_CONTEXT, sender));
  expect(context.with(suppressed, () => injectContext())).toEqual({});
});

describe('is written as W3C Trace Context has it', () => {
  test.each<[string, SpanContext]>([
    ['sampled', sender],
    ['not sampled', { ...sender, traceFlags: 0 }],
    ['with other flags', { ...sender, traceFlags: 0x13 }],
    ['with a state', { ...sender, traceState: createTraceState('vendor=1,other=a:b') }],
  ])('%s', (_what, span) => {
    const carrier = within(span, () => injectContext());
    const headers: Record<string, string> = {};
    new W3CTraceContextPropagator().inject(trace.setSpanContext(ROOT_CONTEXT, span), headers, {
      set: (to, key, value) => {
        to[key] = String(value);
      },
    });
    // It pads the flags for the first of them only.
    headers.traceparent = (headers.traceparent as string).replace(/-0(..)$/, '-$1');
    const { traceparent, tracestate } = headers;
    expect(entriesOf(carrier)).toEqual({
      'context.traceparent': traceparent,
      ...(tracestate && { 'context.tracestate': tracestate }),
    });
    const { traceState, ...rest } = received(carrier) as SpanContext;
    expect({ ...rest, state: traceState?.serialize() }).toEqual({
      traceId: span.traceId,
      spanId: span.spanId,
      traceFlags: span.traceFlags,
      isRemote: true,
      state: span.traceState?.serialize(),
    });
  });

  test('a state that is too long is left out', () => {
    const long = within({ ...sender, traceState: { serialize: () => 'x'.repeat(513) } as never }, () =>
      injectContext(),
    );
    expect(entriesOf(long)).toEqual({ 'context.traceparent': PARENT });
  });
});

describe('from a stranger', () => {
  const ok = { ...sender, isRemote: true };
  test.each([
    ['a later version', `01-${sender.traceId}-${sender.spanId}-01`, ok],
    ['a later version with more', `01-${sender.traceId}-${sender.spanId}-01-more`, ok],
    ['no version that there is', `ff-${sender.traceId}-${sender.spanId}-01`, undefined],
    ['more than this version has', `${PARENT}-more`, undefined],
    ['no trace', `00-${'0'.repeat(32)}-${sender.spanId}-01`, undefined],
    ['no span', `00-${sender.traceId}-${'0'.repeat(16)}-01`, undefined],
    ['upper case', PARENT.toUpperCase(), undefined],
    ['too few digits', PARENT.slice(0, -1), undefined],
    ['nothing', '', undefined],
    ['markup', `${PARENT}\r\nx: y`, undefined],
    ['a flood', PARENT.repeat(50), undefined],
    ['digits of another script', PARENT.replaceAll('0', '\u0660'), undefined],
  ])('%s is %s', (_what, text, expected) => {
    const carrier = carrierOf({ 'context.traceparent': text, tenant: 'acme' });
    // JSON in printable ASCII, as the library writes it.
    carrier.contextvars = carrier.contextvars.replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const read = extractContext(carrier);
    expect(read.get(tenant)).toBe('acme');
    expect(
      runUnitOfWork({ kind: 'received', context: read }, () => trace.getActiveSpan()?.spanContext()),
    ).toEqual(expected);
  });

  test('a bad state does not spoil the parent, and is left out', () => {
    const carrier = carrierOf({ 'context.traceparent': PARENT, 'context.tracestate': 'no state,,=' });
    const { traceState, ...parent } = received(carrier) as SpanContext;
    expect(parent).toEqual(ok);
    expect(traceState?.serialize()).toBe('');
    expect(received(carrierOf({ 'context.tracestate': 'vendor=1' }))).toBeUndefined();
  });

  test('it is not taken where ids are not', () => {
    expect(received(carrierOf({ 'context.traceparent': PARENT }), { acceptIds: false })).toBeUndefined();
  });

  test('a carrier that is refused brings no trace', () => {
    const carrier = carrierOf({ 'context.requestId': 'not an id', 'context.traceparent': PARENT });
    expect(() => extractContext(carrier)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_CARRIER' }));
  });

  test('its parent is no span of this process: nothing can be done to it', () => {
    runUnitOfWork(
      { kind: 'received', context: extractContext(carrierOf({ 'context.traceparent': PARENT })) },
      () => {
        const parent = trace.getActiveSpan();
        expect(parent?.isRecording()).toBe(false);
        parent?.setAttribute('a', 1).end();
      },
    );
    expect(tree()).toEqual([]);
  });
});

test('it is signed with the rest', () => {
  const key = 'k'.repeat(32);
  const sign = { keyId: 'one', key, ttlMs: 60_000 };
  const carrier = within(sender, () => injectContext({}, { sign }));
  expect(received(carrier, { verify: { keys: { one: key } } })).toEqual({ ...sender, isRemote: true });
  const forged = { contextvars: (carrier.contextvars as string).replace('aaaa', 'aaab') };
  expect(() => received(forged, { verify: { keys: { one: key } } })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_CARRIER' }),
  );
});

test('a carrier that is full goes without it, and one that is too full is refused as before', () => {
  const fill = (bytes: number) =>
    note.run('x'.repeat(bytes), () => within(sender, () => injectContext()).contextvars as string);
  // 4096 bytes, less the version, the name and the quotes.
  const room = 4096 - '{"v":1,"vars":[["note",""]]}'.length;
  const parent = `["context.traceparent","${PARENT}"],`.length;
  expect(fill(room - parent)).toHaveLength(4096);
  expect(fill(room - parent)).toContain(sender.traceId);
  expect(fill(room - parent + 1)).not.toContain(sender.traceId);
  expect(fill(room)).toHaveLength(4096);
  expect(() => fill(room + 1)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_CARRIER' }));
});

test('a span that an instrumentation has opened for the message is nearer than its sender', () => {
  const carrier = carrierOf({ 'context.traceparent': PARENT });
  const unit = () => runUnitOfWork({ kind: 'message', context: extractContext(carrier) }, active);
  expect(inSpan('consumes', unit, { kind: SpanKind.CONSUMER })).toBe('consumes');
  expect(inSpan('boot', unit)).toBe('unnamed');
});
