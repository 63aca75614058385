// Outside HTTP: whatever opens a unit of work in a script, context-scoped providers just work in it.

import { Injectable } from '@nestjs/common';
import { ClsModule, ClsService, UseCls } from 'nestjs-cls';
import {
  AsUnitOfWork,
  Context,
  ContextScoped,
  createTask,
  currentUnit,
  PreserveContext,
  RequestContext,
  runUnitOfWork,
  scopedProvider,
} from 'nestjs-contextvars';
import { withCode } from '../../core/support/outcome.js';
import { until } from '../http/support/until.js';
import { closeApps, startScript } from './support/application.js';
import { Made } from './support/made.js';

afterEach(closeApps);

const made = new Made();
afterEach(() => made.clear());

@ContextScoped()
class Journal extends made.Noted {
  readonly entries: string[] = [];
  constructor(readonly context: RequestContext) {
    super();
  }
  write(entry: string): void {
    this.entries.push(`${this.context.id}: ${entry}`);
  }
}

@Injectable()
class Worker {
  constructor(
    readonly journal: Journal,
    readonly cls: ClsService,
  ) {}

  /** Two entries of one unit of work, with a turn of the event loop between. */
  async work(): Promise<{ unit: string | undefined; entries: readonly string[] }> {
    this.journal.write('first');
    await new Promise(setImmediate);
    this.journal.write('second');
    return { unit: currentUnit()?.id, entries: this.journal.entries };
  }

  @PreserveContext()
  async preserved() {
    return this.work();
  }

  @PreserveContext({ background: true })
  async background() {
    return this.work();
  }

  @AsUnitOfWork({ kind: 'cron' })
  async tick() {
    return this.work();
  }

  @UseCls()
  async useCls() {
    return this.work();
  }
}

type Open = (worker: Worker) => ReturnType<Worker['work']>;

const ownUnits: readonly (readonly [string, Open])[] = [
  ['runUnitOfWork', (worker) => runUnitOfWork({ kind: 'script' }, () => worker.work())],
  ['@AsUnitOfWork', (worker) => worker.tick()],
  ['createTask', (worker) => createTask(() => worker.work())],
  ['@PreserveContext', (worker) => worker.preserved()],
];
const outermost: readonly (readonly [string, Open])[] = [
  ['new Context().run', (worker) => new Context().run(() => worker.work())],
];
const ofCls: readonly (readonly [string, Open])[] = [
  ['cls.run', (worker) => worker.cls.run(() => worker.work())],
  ['cls.runWith', (worker) => worker.cls.runWith({} as never, () => worker.work())],
  ['@UseCls', (worker) => worker.useCls()],
];

const start = async () => {
  const app = await startScript({
    imports: [ClsModule.forRoot()],
    providers: [Worker, scopedProvider(Journal)],
  });
  return app.get(Worker);
};

describe.each([...ownUnits, ...outermost, ...ofCls])('in %s', (_, open) => {
  it('calls, one after the other and overlapping, have an instance each', async () => {
    const worker = await start();
    const results = [await open(worker), ...(await Promise.all([open(worker), open(worker)]))];
    for (const { unit, entries } of results) {
      expect(unit).toBeDefined();
      expect(entries).toEqual([`${unit}: first`, `${unit}: second`]);
    }
    expect(new Set(results.map(({ unit }) => unit)).size).toBe(3);
    expect(made.instances).toHaveLength(3);
  });
});

describe.each([...ownUnits, ...outermost])('with %s', (_, open) => {
  it('the instance is disposed of when the call has settled', async () => {
    const worker = await start();
    await open(worker);
    expect(made.disposed).toEqual([...made.instances]);
    expect(made.disposed).toHaveLength(1);
  });
});

describe.each(ownUnits)('%s inside a unit of work', (_, open) => {
  it('has an instance of its own, and leaves the one around it as it is', async () => {
    const worker = await start();
    await runUnitOfWork({ kind: 'outer' }, async () => {
      worker.journal.write('before');
      const { entries } = await open(worker);
      expect(entries).toHaveLength(2);
      expect(worker.journal.entries).toHaveLength(1);
    });
    expect(made.instances).toHaveLength(2);
    expect(made.disposed).toHaveLength(2);
  });
});

describe.each([...outermost, ...ofCls])('%s inside a unit of work', (_, open) => {
  it('joins it: the instance is that of the unit of work', async () => {
    const worker = await start();
    await runUnitOfWork({ kind: 'outer' }, async () => {
      worker.journal.write('before');
      const { unit, entries } = await open(worker);
      expect(unit).toBe(currentUnit()?.id);
      expect(entries).toEqual([`${unit}: before`, `${unit}: first`, `${unit}: second`]);
    });
    expect(made.instances).toHaveLength(1);
    expect(made.disposed).toHaveLength(1);
  });
});

it('a background call has its own, which is disposed of when its body is over', async () => {
  const worker = await start();
  runUnitOfWork({ kind: 'outer' }, () => void worker.background());
  expect(made.instances).toHaveLength(1);
  await until('the instance was disposed of', () => made.disposed.length === 1);
});

it('outside any unit of work the use of an instance says so, and makes none', async () => {
  const worker = await start();
  expect(() => worker.journal.write('lost')).toThrow(withCode('ERR_NO_ACTIVE_CONTEXT'));
  expect(() => worker.journal.entries).toThrow("Context-scoped 'Journal' is used outside any unit of work");
  expect(made.instances).toEqual([]);
});
