import { Controller, Get, Injectable, ParseIntPipe, type PipeTransform } from '@nestjs/common';
import { ContextVar, FromContext, ScopedValue } from 'nestjs-contextvars';
import { adapters } from '../http/support/adapters.js';
import { startApp, stopApps } from './support/running-app.js';

afterEach(stopApps);

const tenant = new ContextVar<string>('tenant');
const page = new ContextVar<string>('page', { default: '1' });
const unset = new ContextVar<string>('unset');
const role = new ScopedValue<string>('role');

@Injectable()
class Suffix {
  readonly text = '!';
}

@Injectable()
class SuffixPipe implements PipeTransform {
  constructor(private readonly suffix: Suffix) {}
  transform = (value: string) => value + this.suffix.text;
}

@Controller()
class ParametersController {
  @Get('both')
  both(@FromContext(tenant) name: string, @FromContext(role) level: string): string {
    return `${name} ${level}`;
  }

  @Get('pipes')
  pipes(
    @FromContext(page, ParseIntPipe) number: number,
    @FromContext(tenant, SuffixPipe, { transform: (value: string) => value.toUpperCase() }) name: string,
  ): unknown {
    return { number, name };
  }

  @Get('fallbacks')
  fallbacks(
    @FromContext(unset, { fallback: '7' }, ParseIntPipe) seven: number,
    @FromContext(unset, { fallback: undefined }) nothing: unknown,
    @FromContext(page, { fallback: 'beats the default' }) beaten: string,
  ): unknown {
    return { seven, nothing: nothing === undefined, beaten };
  }

  @Get('unset')
  unset(@FromContext(unset) value: string): string {
    return value;
  }
}

describe.each(adapters)('on %s, @FromContext', (adapter) => {
  const start = () =>
    startApp(adapter, {
      options: {
        setup: (context) => {
          context.set(tenant, 'acme');
          role.bind('clerk');
        },
      },
      controllers: [ParametersController],
      providers: [Suffix],
    });

  it('gives the value of a ContextVar and of a ScopedValue', async () => {
    expect((await (await start()).get('/both')).text).toBe('acme clerk');
  });

  it('goes through pipes: classes with dependencies and instances, in order', async () => {
    const { text } = await (await start()).get('/pipes');
    expect(JSON.parse(text)).toEqual({ number: 1, name: 'ACME!' });
  });

  it('takes a fallback, undefined too, which beats the default of the variable', async () => {
    const { text } = await (await start()).get('/fallbacks');
    expect(JSON.parse(text)).toEqual({ seven: 7, nothing: true, beaten: 'beats the default' });
  });

  it('fails the request where there is neither value nor default nor fallback', async () => {
    expect((await (await start()).get('/unset')).status).toBe(500);
  });
});

it('takes variables only', () => {
  expect(() => FromContext('tenant' as never)).toThrow(
    new TypeError('@FromContext: expected a ContextVar or a ScopedValue'),
  );
});
