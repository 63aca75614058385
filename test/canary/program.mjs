// Puts a random value into secret variables, does with them what an application does, and writes down what came out at each
// end: `node test/canary/program.mjs --value TEXT --sinks FILE [--plain] [--redis URL]`. With --plain the same variables are
// not secret: what is found then is what the check would find.

import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { format, inspect, parseArgs } from 'node:util';
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { context as otel, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import {
  bindLogContext,
  ContextLogger,
  ContextVar,
  codecs,
  copyContext,
  createTask,
  currentUnit,
  gather,
  getLogContext,
  injectContext,
  logFields,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from 'nestjs-contextvars';
import { contextTelemetry } from 'nestjs-contextvars/bullmq';
import { injectHttpContext, propagateOutgoing } from 'nestjs-contextvars/http';
import { registerOpenTelemetry, withSpan } from 'nestjs-contextvars/opentelemetry';
import { contextMixin } from 'nestjs-contextvars/pino';
import { runInWorker } from 'nestjs-contextvars/worker';
import { pino } from 'pino';

const { values } = parseArgs({
  options: {
    value: { type: 'string' },
    sinks: { type: 'string' },
    plain: { type: 'boolean', default: false },
    redis: { type: 'string' },
  },
});
const canary = values.value;
const secret = !values.plain;

const sinks = {};
const collect = (sink, ...what) => {
  sinks[sink] =
    (sinks[sink] ?? '') + what.map((one) => (typeof one === 'string' ? one : everyForm(one))).join('\n');
};

/** All that is commonly made of an object to show it. */
function everyForm(object) {
  const forms = [
    () =>
      inspect(object, {
        depth: Infinity,
        showHidden: true,
        getters: true,
        maxArrayLength: null,
        maxStringLength: null,
      }),
    () => inspect(object, { depth: Infinity, showProxy: true, customInspect: false, maxStringLength: null }),
    () => JSON.stringify(object, cut()),
    () => format('%s %o %O %j', object, object, object, 'end'),
    () => String(object),
    () => Object.prototype.toString.call(object),
    () =>
      Reflect.ownKeys(object)
        .map((key) => `${String(key)}=${String(object[key])}`)
        .join(),
    () => inspect(structuredClone(object), { depth: Infinity }),
  ];
  return forms.map((form) => thrownToo(form)).join('\n');
}

function cut() {
  const seen = new WeakSet();
  return (_, value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return '[Circular]';
    seen.add(value);
    return value;
  };
}

function thrownToo(form) {
  try {
    return form();
  } catch (error) {
    return inspect(error, { depth: Infinity, showHidden: true });
  }
}

const key = randomBytes(32);
/** AES-256-GCM: what a codec of a secret has to be. */
const encrypting = {
  confidential: true,
  encode(text) {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
      'base64url',
    );
  },
  decode(text) {
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(
      bytes.subarray(-16),
    );
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
  },
};

const log = (name) => (secret ? {} : { log: name });
const password = new ContextVar('password', { secret, ...log('password') });
const profile = new ContextVar('profile', { secret, ...log('profile') });
const session = new ScopedValue('session', { secret, ...log('session') });
const apiKey = new ContextVar('apiKey', { secret, codec: secret ? encrypting : codecs.string });
const noted = new ContextVar('noted', { secret, default: canary });
const variables = [password, profile, session, apiKey, noted];

for (const name of [
  'unit:start',
  'unit:end',
  'scope:start',
  'scope:end',
  'task:start',
  'task:abort',
  'task:end',
]) {
  subscribe(`nestjs-contextvars:${name}`, (message) => collect('diagnostics', message));
}

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
otel.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
registerOpenTelemetry();

const pinoLogger = pino({ mixin: contextMixin() }, pino.destination({ fd: 1, sync: true }));
const outgoing = createServer((request, response) => {
  collect('outgoing requests', JSON.stringify(request.headers));
  response.end();
}).listen(0, '127.0.0.1');
await once(outgoing, 'listening');
const origin = `http://127.0.0.1:${outgoing.address().port}`;
propagateOutgoing({ origins: [origin] });

/** Does what is wrong, and keeps what is said of it. */
function errorsOf(...wrongs) {
  for (const wrong of wrongs) {
    try {
      wrong();
      collect('errors', 'no error');
    } catch (error) {
      collect('errors', error, error.stack ?? '', error.message);
    }
  }
}

async function work() {
  password.set(canary);
  profile.set({ name: 'ada', pin: canary, [canary]: true });
  apiKey.set(canary);
  const token = password.set(canary);
  bindLogContext({ step: 'work', context: copyContext(), variable: password, token });
  collect(
    'inspect and JSON',
    password,
    session,
    token,
    copyContext(),
    currentUnit(),
    session.as(canary),
    password.as(canary),
  );
  for (const entry of copyContext()) collect('inspect and JSON', inspect(entry[0], { depth: Infinity }));
  collect('log fields', JSON.stringify(logFields()), JSON.stringify(getLogContext()));
  errorsOf(
    () => session.bind(canary),
    () => new ContextVar('other').reset(token),
    () => password.reset(token) ?? password.reset(token),
    () => createTask(canary),
    () => withTempContext([session.as(canary), canary], () => {}),
    () => withTempContext([profile.as({ pin: canary })], canary),
    () => profile.run({ pin: canary }, canary),
    () => new ContextVar('leaky', { codec: { encode: () => canary }, secret: true }),
    () => new ContextVar('logged', { log: 'logged', secret: true, default: canary }),
    () => injectContext(canary),
    () => withTempContext([session.as(canary)], () => session.bind(canary)),
  );
  for (const logger of [
    new ContextLogger({ json: true }),
    new ContextLogger({ json: false, colors: false }),
  ]) {
    Logger.overrideLogger(logger);
    new Logger('Work').log('works', copyContext(), password);
    new Logger('Work').error({ unit: currentUnit(), profile, session });
    new Logger('Work').warn(new Error('failed', { cause: copyContext() }));
  }
  pinoLogger.info({ context: copyContext(), variable: password, unit: currentUnit() }, 'works');
  console.log(copyContext(), password, session, currentUnit());
  await withSpan('work', { attributes: { step: 1 } }, async (span) => {
    span.addEvent('worked', { unit: String(currentUnit()) });
    await gather([
      () => password.get(),
      () => withTempContext([session.as(canary)], async () => session.get()),
    ]);
    await createTask(() => password.set(`${canary}-task`), { name: 'remember' });
    await preserveContext(async () => profile.get(), { name: 'preserved' })();
    await createTask(async () => {
      throw new Error('a task failed');
    }).catch(() => {});
  }).catch(() => {});
  collect('carriers', JSON.stringify(injectContext()), JSON.stringify(injectHttpContext({})));
  await fetch(`${origin}/`);
  const seen = await runInWorker(new URL('./worker.mjs', import.meta.url), 'ask');
  collect('worker calls', seen);
  if (values.redis !== undefined) await jobs(values.redis);
}

async function jobs(url) {
  const { Queue } = await import('bullmq');
  const { Redis } = await import('ioredis');
  const name = `canary-${createHmac('sha256', key).update('queue').digest('hex').slice(0, 12)}`;
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue(name, { connection, telemetry: contextTelemetry() });
  const job = await queue.add('write', { orderId: 1 });
  collect('job rows', JSON.stringify(await connection.hgetall(`bull:${name}:${job.id}`)));
  await queue.obliterate({ force: true });
  await queue.close();
  connection.disconnect();
}

await runUnitOfWork({ kind: 'canary' }, () => {
  session.bind(canary);
  return work();
});
collect(
  'spans',
  exporter
    .getFinishedSpans()
    .map(({ name, attributes, events, links, status, resource }) =>
      inspect({ name, attributes, events, links, status, resource }, { depth: Infinity }),
    )
    .join('\n'),
);
collect('variables', ...variables);
const unbound = new ContextVar('unbound', { secret });
errorsOf(
  () => unbound.get(),
  () => session.get(),
  () => password.set(canary),
);
outgoing.close();
outgoing.closeAllConnections();
writeFileSync(values.sinks, JSON.stringify(sinks));
process.exit(0);
