import { Controller, Get } from '@nestjs/common';
import { createTask, preserveContext } from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { MemoryLogger } from './support/memory-logger.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

@Controller()
class BackgroundController {
  @Get('fails') fails(): string {
    void preserveContext(
      async () => {
        throw new Error('in the background');
      },
      { background: true, name: 'mail' },
    )();
    return 'ok';
  }

  @Get('hangs') hangs(): string {
    void createTask(() => new Promise(() => {}), { name: 'endless' });
    return 'ok';
  }
}

const controllers = [BackgroundController];
const shutdown = { timeoutMs: 20 };
const fails = [expect.stringMatching(/^error: Error .*in the background/)];
const hangs = [expect.stringMatching(/^warn: Shutdown goes on after 20 ms without 1 unfinished: endless \(/)];

describe.each(adapters)('on %s, what the module itself logs', (adapter) => {
  it("goes to the application's logger by default", async () => {
    const logger = new MemoryLogger();
    const app = await startApp(adapter, { options: { shutdown }, controllers, logger });
    await app.get('/fails');
    await app.close();
    expect(logger.lines).toEqual(fails);
  });

  it('goes to the logger of the option instead, and nothing of it to the other', async () => {
    const logger = new MemoryLogger();
    const own = new MemoryLogger();
    const app = await startApp(adapter, { options: { shutdown, logger: own }, controllers, logger });
    await app.get('/fails');
    await app.close();
    expect([own.lines, logger.lines]).toEqual([fails, []]);
  });

  it('goes nowhere where the option is false', async () => {
    const logger = new MemoryLogger();
    const app = await startApp(adapter, { options: { shutdown, logger: false }, controllers, logger });
    await app.get('/fails');
    await app.close();
    expect(logger.lines).toEqual([]);
  });
});

// Last: the task never settles, and is named by every shutdown in this process from then on.
it('shutdown waits for timeoutMs and names what it left, once', async () => {
  const logger = new MemoryLogger();
  const app = await startApp('Express', { options: { shutdown, logger }, controllers });
  await app.get('/hangs');
  await app.close();
  expect(logger.lines).toEqual(hangs);
});
