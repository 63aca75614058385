import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  type ContextPopulator,
  ContextVar,
  Populate,
  type Populator,
  RequestContext,
} from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

const steps = new ContextVar<string>('steps', { default: '' });

/** A populator that notes when it ran, sync or after a turn of the event loop. */
const note =
  (step: string, later = false) =>
  async (context: RequestContext) => {
    if (later) await new Promise(setImmediate);
    context.set(steps, `${context.get(steps)}${step} `);
  };
const noteNow = (step: string) => (context: RequestContext) =>
  void context.set(steps, `${steps.get()}${step} `);

@Injectable()
class Words {
  readonly word = 'injected';
}

@Injectable()
class WordPopulator implements ContextPopulator {
  constructor(private readonly words: Words) {}
  populate(context: RequestContext, executionContext: ExecutionContext): void {
    context.set(steps, `${steps.get()}${this.words.word}:${executionContext.getHandler().name} `);
  }
}

@Module({ providers: [Words, WordPopulator] })
class WordsModule {}

const guard = { canActivate: () => steps.set(`${steps.get()}guard `) !== undefined };
const refuse = { canActivate: () => false };
const inner = {
  intercept(_: unknown, next: CallHandler) {
    steps.set(`${steps.get()}interceptor `);
    return next.handle();
  },
};

@Controller()
@Populate(note('class'))
class StepsController {
  constructor(private readonly context: RequestContext) {}

  @Get('order')
  @UseGuards(guard)
  @UseInterceptors(inner)
  @Populate(note('first', true), noteNow('second'))
  @Populate(note('third'))
  order(): string {
    return this.context.get(steps);
  }

  @Get('injected')
  @Populate(WordPopulator)
  injected(): string {
    return steps.get();
  }

  @Get('refused')
  @UseGuards(refuse)
  @Populate(() => {
    throw new Error('must not run');
  })
  refused(): void {}

  @Get('throws')
  @Populate(() => {
    throw new ForbiddenException('populator says no');
  })
  throws(): string {
    return 'handler ran';
  }

  @Get('rejects')
  @Populate(async () => {
    await new Promise(setImmediate);
    throw new Error('boom');
  }, note('never'))
  rejects(): string {
    return 'handler ran';
  }
}

@Controller('sub')
class SubController extends StepsController {
  @Get('own') own(): string {
    return steps.get();
  }
}

describe.each(adapters)('on %s', (adapter) => {
  const start = (populate?: Populator | Populator[]) =>
    startApp(adapter, {
      options: { ...(populate && { populate }) },
      controllers: [StepsController, SubController],
      imports: [WordsModule],
    });

  it('runs after the guards and before the handler: module, class, handler, each awaited in order', async () => {
    const app = await start([note('module', true), noteNow('module2')]);
    expect((await app.get('/order')).text).toBe('guard module module2 class first second third interceptor ');
  });

  it('takes a class of any module, with its dependencies, for the module and for a handler', async () => {
    const app = await start(WordPopulator);
    expect((await app.get('/injected')).text).toBe('injected:injected class injected:injected ');
  });

  it('a controller inherits those of the class it extends', async () => {
    const app = await start();
    expect((await app.get('/sub/own')).text).toBe('class ');
  });

  it('does not run where a guard refuses', async () => {
    expect((await (await start()).get('/refused')).status).toBe(403);
  });

  it('what it throws is answered by the exception layer, without the handler, and the next request is served', async () => {
    const app = await start();
    expect(await app.get('/throws')).toMatchObject({
      status: 403,
      text: expect.stringContaining('populator says no'),
    });
    expect((await app.get('/rejects')).status).toBe(500);
    expect((await app.get('/order')).status).toBe(200);
  });

  it('overlapping requests do not see what the other populates', async () => {
    const app = await start();
    const answers = await Promise.all(Array.from({ length: 5 }, () => app.get('/order')));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });
});

describe('a class that no module provides', () => {
  class Unknown implements ContextPopulator {
    populate = () => undefined;
  }

  it('keeps the application from starting, in the option of the module', async () => {
    await expect(startApp('Express', { options: { populate: Unknown } })).rejects.toThrow('Unknown');
  });

  it('fails the request, at a handler', async () => {
    @Controller()
    class UnknownController {
      @Get() @Populate(Unknown) get(): void {}
    }
    const app = await startApp('Express', { controllers: [UnknownController] });
    expect((await app.get('/')).status).toBe(500);
  });
});

it('a request-scoped class is refused by name', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest implements ContextPopulator {
    populate(): void {}
  }
  await expect(
    startApp('Express', { options: { populate: PerRequest }, providers: [PerRequest] }),
  ).rejects.toThrow('PerRequest');
});

it('@Populate takes functions and classes only', () => {
  expect(() => Populate()).toThrow(TypeError);
  expect(() => Populate({ populate() {} } as never)).toThrow('@Populate: expected functions or classes');
});
