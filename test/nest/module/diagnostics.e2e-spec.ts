import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Controller, Get, Logger } from '@nestjs/common';
import {
  ContextLogger,
  currentUnit,
  type LogLineMessage,
  type RequestEndMessage,
  type RequestStartMessage,
  type UnitMessage,
} from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { until } from '../http/support/until.js';
import { Output, restoreNestLogger } from '../logging/support/output.js';
import { startApp, stopApps } from './support/running-app.js';

@Controller()
class ProbeController {
  @Get('probe')
  probe(): string {
    new Logger('Probe').log('probed');
    return 'probed';
  }

  @Get('fails')
  fails(): never {
    throw new RangeError('fails');
  }
}

type Told = readonly [channel: string, message: any];
const channels = ['unit:start', 'unit:end', 'request:start', 'request:end', 'log:line'];
let told: Told[];
let listeners: [string, (message: unknown) => void][];
let output: Output;

beforeEach(() => {
  output = new Output();
  told = [];
  listeners = channels.map((name) => [
    `nestjs-contextvars:${name}`,
    (message) => void told.push([name, message as object]),
  ]);
  for (const [name, listener] of listeners) subscribe(name, listener);
});
afterEach(async () => {
  for (const [name, listener] of listeners) unsubscribe(name, listener);
  await stopApps();
  output.release();
  restoreNestLogger();
});

const of = <M>(channel: string): M[] =>
  told.filter(([name]) => name === channel).map(([, message]) => message);

describe.each(adapters)('on %s', (adapter) => {
  test('a request tells its start and its end, once each, inside those of its unit of work', async () => {
    const logger = new ContextLogger();
    const app = await startApp(adapter, { controllers: [ProbeController], logger });
    told = [];
    await app.get('/probe?token=abc');
    await until('it is over', () => of('unit:end').length === 1);
    expect(told.map(([name]) => name)).toEqual([
      ...['unit:start', 'request:start', 'log:line', 'request:end', 'unit:end'],
    ]);
    const [{ unit }] = of<UnitMessage>('unit:start') as [UnitMessage];
    expect(of<RequestStartMessage>('request:start')).toEqual([{ unit, method: 'GET', path: '/probe' }]);
    expect(of<RequestEndMessage>('request:end')).toEqual([
      { unit, outcome: 'completed', status: 200, durationMs: expect.any(Number), error: undefined },
    ]);
    expect(of<LogLineMessage>('log:line')).toEqual([
      { unit, level: 'log', context: 'Probe', message: 'probed' },
    ]);
  });

  test('one that fails says with what, where that is known', async () => {
    const app = await startApp(adapter, {
      controllers: [ProbeController],
      options: { onEnd: () => undefined },
    });
    await app.get('/fails');
    await until('it is over', () => of('request:end').length === 1);
    expect(of<RequestEndMessage>('request:end')).toMatchObject([
      { outcome: 'failed', status: 500, error: new RangeError('fails') },
    ]);
  });

  test('an excluded one tells nothing', async () => {
    const app = await startApp(adapter, { controllers: [ProbeController], options: { exclude: ['probe'] } });
    told = [];
    await app.get('/probe');
    expect(told).toEqual([]);
  });
});

test('a line that has several messages is told as several, and what is redacted is not told', () => {
  const logger = new ContextLogger({ redact: ['password'] } as never);
  logger.log({ user: 'ada', password: 'hunter2' }, { password: 'hunter3' }, 'Shop');
  expect(JSON.stringify(of('log:line'))).not.toMatch(/hunter/);
  expect(of<LogLineMessage>('log:line')[0]).toMatchObject({ level: 'log', context: 'Shop', unit: undefined });
  expect(currentUnit()).toBeUndefined();
});

test('a message that is a function is asked once', () => {
  let asked = 0;
  new ContextLogger().log(() => {
    asked += 1;
    return 'lazy';
  });
  expect([asked, of<LogLineMessage>('log:line').map(({ message }) => message)]).toEqual([1, ['lazy']]);
});
