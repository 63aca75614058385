import { setImmediate } from 'node:timers/promises';
import {
  Body,
  Controller,
  type DynamicModule,
  type INestApplication,
  Injectable,
  Param,
  Post,
} from '@nestjs/common';
import {
  bindLogContext,
  ContextModule,
  ContextVar,
  createTask,
  currentRequestId,
  gather,
  logFields,
  PreserveContext,
} from 'nestjs-contextvars';
import { registerOpenTelemetry, Span, withSpan } from 'nestjs-contextvars/opentelemetry';
import { adapters, createApp, listen } from '../../nest/http/support/adapters.js';
import { send } from '../../nest/http/support/http-client.js';
import { until } from '../../nest/http/support/until.js';
import { useHttpInstrumentation } from './support/instrumentation-http.js';
import { spans, tree, useSdk } from './support/tracing.js';

// What people write such a library for: everything that happens for a request says whose request it was, and is in its trace.

useSdk();
beforeAll(() => registerOpenTelemetry());
useHttpInstrumentation({ disableOutgoingRequestInstrumentation: true });

const user = new ContextVar<string>('user', { log: 'user' });

let lines: Record<string, unknown>[] = [];
const log = (what: string) => lines.push({ what, ...logFields() });

/** Answers in turns, whoever asked, as a driver with one connection does. */
class Connection {
  readonly #waiting: (() => void)[] = [];

  query(): Promise<void> {
    const answered = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#waiting.length === 1) void this.#answer();
    return answered;
  }

  async #answer(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      await setImmediate();
      next();
      this.#waiting.shift();
    }
  }
}

@Injectable()
class Database {
  readonly #connection = new Connection();

  @Span('query', { attributes: (table: string) => ({ table }) })
  async query(table: string): Promise<void> {
    await this.#connection.query();
    log(`query ${table}`);
  }
}

@Injectable()
class Notifications {
  constructor(private readonly database: Database) {}

  @PreserveContext({ background: true })
  @Span('notify')
  async notify(): Promise<void> {
    await this.database.query('addresses');
    log('notified');
  }
}

@Controller('orders')
class OrdersController {
  constructor(
    private readonly database: Database,
    private readonly notifications: Notifications,
  ) {}

  @Post(':id')
  @Span('place order')
  async place(@Param('id') id: string, @Body() body: { user: string }): Promise<unknown> {
    user.set(body.user);
    bindLogContext({ order: id });
    log('started');
    await Promise.all([this.database.query('orders'), this.database.query('stock')]);
    await gather([
      () => withSpan('price', () => this.database.query('prices')),
      () => withSpan('ship', () => this.database.query('carriers')),
    ]);
    void this.notifications.notify();
    void createTask(() => this.database.query('statistics'));
    return { requestId: currentRequestId() };
  }
}

const root: DynamicModule = {
  module: class AppModule {},
  imports: [
    ContextModule.forRoot({
      onEnd: (_context, { outcome }) => void log(outcome),
    }),
  ],
  controllers: [OrdersController],
  providers: [Database, Notifications],
};

const parts = [
  'started',
  ...['orders', 'stock', 'prices', 'carriers', 'addresses', 'statistics'].map((table) => `query ${table}`),
  'notified',
  'completed',
].sort();

let app: INestApplication;

beforeEach(() => {
  lines = [];
});
afterEach(() => app.close());

test.each(adapters)('all that is done for a request carries its id, user and trace (%s)', async (adapter) => {
  app = await createApp(adapter, root);
  const port = await listen(app);
  const headers = { 'content-type': 'application/json' };
  const ids = Array.from({ length: 20 }, (_, i) => String(i));
  const answers = await Promise.all(
    ids.map((id) =>
      send({ port }, { path: `/orders/${id}`, method: 'POST', headers, body: `{"user":"user ${id}"}` }),
    ),
  );
  await until('all lines are there', () => lines.length >= ids.length * parts.length);

  const roots = new Map(
    spans()
      .filter(({ parentSpanContext }) => parentSpanContext === undefined)
      .map((span) => [span.spanContext().traceId, span]),
  );
  for (const [i, id] of ids.entries()) {
    const { requestId } = JSON.parse((answers[i] as { text: string }).text);
    const own = lines.filter((line) => line.requestId === requestId);
    expect(own.map(({ what }) => what).sort()).toEqual(parts);
    const traces = new Set(own.map(({ trace_id }) => trace_id));
    expect(traces.size).toBe(1);
    expect(roots.get([...traces][0] as string)?.attributes['url.path']).toBe(`/orders/${id}`);
    expect(new Set(own.map((line) => `${line.user} ${line.order}`))).toEqual(new Set([`user ${id} ${id}`]));
  }
  expect(lines).toHaveLength(ids.length * parts.length);

  const one = [
    'POST',
    '  place order',
    '    query',
    '    query',
    '    price',
    '      query',
    '    ship',
    '      query',
    '    notify',
    '      query',
    '    query',
  ];
  expect(tree()).toEqual(ids.flatMap(() => one));
});
