import { Controller, Get, Logger } from '@nestjs/common';
import { createTask, currentUnit, RequestContext, withTempContext } from 'nestjs-contextvars';
import { adapters } from '../../nest/http/support/adapters.js';
import { until } from '../../nest/http/support/until.js';
import { Output, restoreNestLogger } from '../../nest/logging/support/output.js';
import { startApp, stopApps } from '../../nest/module/support/running-app.js';
import { stillHeld } from '../../support/collector.js';
import { Looker } from './support/looker.js';
import { note, shop } from './support/shop.js';

// What the collector leaves for once differs from run to run: what is really kept is kept each time. Needs --expose-gc.
jest.retryTimes(3);

const REQUESTS = 10;

let output: Output;
let refs: { what: string; ref: WeakRef<object> }[];

beforeEach(() => {
  output = new Output();
  refs = [];
});
afterEach(async () => {
  await stopApps();
  output.release();
  restoreNestLogger();
});

function remember(what: string, object: object | undefined): void {
  if (object !== undefined) refs.push({ what, ref: new WeakRef(object) });
}

@Controller()
class KeptController {
  readonly #context = new RequestContext();
  readonly #logger = new Logger('Kept');

  @Get('kept')
  async kept(): Promise<string> {
    const value = { bound: true };
    remember('the value of a scope', value);
    remember('the request', this.#context.request as object);
    remember('the unit of work', currentUnit());
    this.#logger.log({ logged: value });
    await withTempContext([note.as(value)], () =>
      createTask(async () => remember('the unit of a task', currentUnit()), { name: 'task' }),
    );
    return 'served';
  }
}

test.each(adapters)('on %s, what is shown of a request keeps nothing of it', async (adapter) => {
  const app = await startApp(adapter, shop({ inspector: { enabled: true }, controllers: [KeptController] }));
  const looker = await Looker.at(app.port);
  for (let i = 0; i < REQUESTS; i++) await app.get('/kept');
  const over = () =>
    looker.requests.filter(({ outcome, entries }) => outcome !== undefined && entries.length === 2);
  await until('all are seen', () => over().length === REQUESTS);
  expect(refs.length).toBe(4 * REQUESTS);
  // The server keeps the last request of a connection for a while.
  const held = await stillHeld(refs, 4);
  const kept = new Map<string, number>();
  for (const { what } of held) kept.set(what, (kept.get(what) ?? 0) + 1);
  expect([...kept].filter(([, count]) => count > 1)).toEqual([]);
});
