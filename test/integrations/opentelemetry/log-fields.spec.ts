import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { createTask, logFields, runUnitOfWork } from 'nestjs-contextvars';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { RequestContext } from '../../../src/nest/request-context.js';
import { useSdk } from './support/tracing.js';

useSdk();
beforeEach(() => registerOpenTelemetry());

const ids = (span: ReturnType<typeof trace.getActiveSpan>) => {
  const { traceId, spanId } = span?.spanContext() ?? {};
  return { traceId, spanId };
};

test('log records have the ids of the active span, inside and outside a unit of work', async () => {
  const record = await withSpan('outer', (outer) => {
    const { traceId, spanId } = ids(outer);
    expect(logFields()).toEqual({ trace_id: traceId, span_id: spanId, trace_flags: '01' });
    return createTask(() =>
      withSpan('inner', (inner) => [logFields(), { trace_id: traceId, span_id: ids(inner).spanId }]),
    );
  });
  expect(record[0]).toMatchObject(record[1] as object);
  expect(logFields()).toEqual({});
});

test('they have none where no span is active, or one that says nothing', () => {
  runUnitOfWork({ kind: 'test', id: 'u' }, () => {
    expect(Object.keys(logFields())).not.toContain('trace_id');
    const nobody = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
    context.with(trace.setSpanContext(ROOT_CONTEXT, nobody), () =>
      expect(Object.keys(logFields())).not.toContain('trace_id'),
    );
  });
});

test('they are called as the options say', () => {
  const named = (logFieldsOption: Parameters<typeof registerOpenTelemetry>[0]) => {
    registerOpenTelemetry(logFieldsOption);
    return withSpan('named', () => Object.keys(logFields()));
  };
  expect(named({ logFields: { traceId: 'traceId', spanId: 'spanId' } })).toEqual([
    'traceId',
    'spanId',
    'trace_flags',
  ]);
  expect(named({ logFields: { spanId: false, traceFlags: false } })).toEqual(['trace_id']);
  expect(named({ logFields: false })).toEqual([]);
  // Not twice, however often it is called.
  expect(named({})).toEqual(['trace_id', 'span_id', 'trace_flags']);
});

test('flags are two digits', () => {
  const flags = (traceFlags: number) => {
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags };
    return context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => logFields().trace_flags);
  };
  expect([0, 1, 3, 0x13].map(flags)).toEqual(['00', '01', '03', '13']);
});

test('RequestContext has them, also where log records have not', () => {
  registerOpenTelemetry({ logFields: false });
  const requestContext = new RequestContext();
  runUnitOfWork({ kind: 'test' }, () => {
    expect([requestContext.traceId, requestContext.spanId]).toEqual([undefined, undefined]);
    withSpan('named', (span) =>
      expect({ traceId: requestContext.traceId, spanId: requestContext.spanId }).toEqual(ids(span)),
    );
  });
  for (const read of [() => requestContext.traceId, () => requestContext.spanId])
    expect(read).toThrow(expect.objectContaining({ code: 'ERR_NO_ACTIVE_CONTEXT' }));
});

const wrong = (value: unknown): never => value as never;

test.each([
  ['options that are none', () => registerOpenTelemetry(wrong('all'))],
  ['names that are none', () => registerOpenTelemetry({ logFields: wrong('trace') })],
  ['names that are true', () => registerOpenTelemetry({ logFields: wrong(true) })],
  ['an empty name', () => registerOpenTelemetry({ logFields: { traceId: '' } })],
  ['a name that is none', () => registerOpenTelemetry({ logFields: { spanId: wrong(1) } })],
  ['isEntry that is no function', () => registerOpenTelemetry({ isEntry: wrong(true) })],
])('%s is a TypeError, and changes nothing', (_what, register) => {
  expect(register).toThrow(TypeError);
  expect(withSpan('named', () => Object.keys(logFields()))).toHaveLength(3);
});
