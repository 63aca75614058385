import { contextTelemetry, WithJobContext, withJobContext } from 'nestjs-contextvars/bullmq';

const process = async () => {};
const keyId = 'k1';
const key = 'x'.repeat(32);

test.each([
  ['inner', () => contextTelemetry(null as never)],
  ['inner', () => contextTelemetry({ tracer: {} } as never)],
  ['options', () => contextTelemetry(undefined, 'x' as never)],
  ['onInvalid', () => contextTelemetry(undefined, { onInvalid: 'ignore' as never })],
  ['schedulers', () => contextTelemetry(undefined, { schedulers: true as never })],
  ['accept', () => contextTelemetry(undefined, { accept: true as never })],
  ['verify', () => contextTelemetry(undefined, { verify: { keys: 'k1' as never } })],
  ['sign', () => contextTelemetry(undefined, { sign: { keyId, key: 'short', ttlMs: 1 } })],
  ['sign', () => contextTelemetry(undefined, { sign: { keyId, key, ttlMs: 0 } })],
  ['a function', () => withJobContext('x' as never)],
  ['onInvalid', () => withJobContext(process, { onInvalid: null as never })],
  ['schedulers', () => WithJobContext({ schedulers: 'no' as never })],
  ['a method', () => (WithJobContext() as (target: object, key: string) => void)({}, 'field')],
])('a wrong argument (%s) is a TypeError at once, and not when a job comes', (_, call) => {
  expect(call).toThrow(TypeError);
});

test('a processor behind withJobContext keeps its name and takes a signal', () => {
  const { name, length } = withJobContext(async function writeInvoice() {});
  expect([name, length]).toEqual(['writeInvoice', 3]);
});

test('a method behind @WithJobContext() keeps its name and takes a signal', () => {
  class Processors {
    @WithJobContext()
    async process(_job: object) {}
  }
  const { process } = Processors.prototype;
  expect([process.name, process.length]).toEqual(['process', 3]);
});
