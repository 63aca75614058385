import fc from 'fast-check';
import {
  type JobMetadata,
  readMetadata,
  writeMetadata,
} from '../../../src/integrations/bullmq/job-metadata.js';

const carriers = fc.option(fc.string(), { nil: undefined });
const inners = fc.option(
  fc.oneof(
    // As bullmq-otel writes it, and what any other telemetry may write.
    fc.dictionary(fc.string(), fc.string()).map((headers) => JSON.stringify(headers)),
    fc.json(),
    fc.string(),
    fc.constantFrom(
      '{"contextvars":"x"}',
      '{"contextvars-inner":"x"}',
      '{"a":1,"a":2}',
      '{"__proto__":"x"}',
      ' {}',
    ),
  ),
  { nil: undefined },
);

test('what the inner telemetry wrote comes back to the letter, and so does the carrier', () => {
  fc.assert(
    fc.property(inners, carriers, fc.boolean(), (inner, carrier, inWorker) => {
      const read = readMetadata(writeMetadata({ inner, carrier, inWorker }));
      // Nothing and an object without a key are the same to who reads it.
      const expected: JobMetadata = { inner: inner ?? '{}', carrier, inWorker };
      expect({ ...read, inner: read.inner ?? '{}' }).toEqual(expected);
    }),
  );
});

test('keys of an inner telemetry that writes an object stand beside ours, so that it finds them alone too', () => {
  const written = writeMetadata({ inner: '{"traceparent":"00-a-b-01"}', carrier: 'text', inWorker: false });
  expect(JSON.parse(written)).toEqual({ traceparent: '00-a-b-01', contextvars: 'text' });
});

test('it is never empty, because BullMQ takes empty metadata for none', () => {
  expect(writeMetadata({ inner: undefined, carrier: undefined, inWorker: false })).toBe('{}');
  expect(writeMetadata({ inner: '', carrier: undefined, inWorker: false })).not.toBe('');
});

test('whatever stands in a queue is read without an error, and pollutes no prototype', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(() => readMetadata(value)).not.toThrow();
    }),
  );
  const deep = `{"contextvars":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
  readMetadata(deep);
  readMetadata('{"contextvars":"x","__proto__":{"polluted":true}}');
  expect(({} as { polluted?: true }).polluted).toBeUndefined();
});

test('what is large is not parsed, and no carrier where it is not ours', () => {
  const large = 'x'.repeat(10_000_000);
  expect(readMetadata(large)).toEqual({ inner: large, carrier: undefined, inWorker: false });
  expect(readMetadata(`{"contextvars":"${large}"}`)).toEqual({
    inner: undefined,
    carrier: '',
    inWorker: false,
  });
});
