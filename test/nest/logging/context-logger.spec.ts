import { Injectable, Logger, type LogLevel } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  bindLogContext,
  ContextLogger,
  type ContextLoggerOptions,
  ContextVar,
  runUnitOfWork,
  withLogContext,
} from 'nestjs-contextvars';
import { Output, restoreNestLogger, useNestLogger } from './support/output.js';

const tenant = new ContextVar<string>('tenant', { log: 'tenant' });

let output: Output;
beforeEach(() => {
  output = new Output();
});
afterEach(() => {
  output.release();
  restoreNestLogger();
});

/** In a unit of work with a tenant and a field. */
function inWork(fn: () => void): void {
  runUnitOfWork({ kind: 'test', id: 'u-1' }, () => {
    tenant.set('acme');
    bindLogContext({ orderId: 7 });
    fn();
  });
}

const pretty = (options?: ContextLoggerOptions) =>
  new ContextLogger({ json: false, colors: false, ...options });
const json = (options?: ContextLoggerOptions) => new ContextLogger({ json: true, ...options });

const levels = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;

describe('as text', () => {
  it.each(levels)('a line of level %s ends with the fields as pairs', (level) => {
    inWork(() => pretty()[level]('order placed', 'Orders'));
    expect(output.lines).toEqual([
      expect.stringMatching(
        new RegExp(
          `^\\[Nest\\] \\d+  - .* +${level.toUpperCase()} \\[Orders\\] order placed requestId=u-1 tenant=acme orderId=7$`,
        ),
      ),
    ]);
  });

  it('has nothing behind the message outside any context', () => {
    pretty().log('started');
    expect(output.lines).toEqual([expect.stringMatching(/ LOG started$/)]);
  });

  it('has the fields of the moment', () => {
    inWork(() => {
      const logger = pretty();
      withLogContext({ step: 'charge' }, () => logger.log('one'));
      logger.log('two');
    });
    expect(output.lines).toEqual([
      expect.stringMatching(/ one requestId=u-1 tenant=acme orderId=7 step=charge$/),
      expect.stringMatching(/ two requestId=u-1 tenant=acme orderId=7$/),
    ]);
  });

  it.each<[unknown, string]>([
    ['two words', 'v="two words"'],
    ['a=b', 'v="a=b"'],
    ['', 'v=""'],
    ['say "hi"', String.raw`v="say \"hi\""`],
    ['a\\b', String.raw`v="a\\b"`],
    ['Zoë', 'v="Zoë"'],
    ['https://example.org/a?b', 'v=https://example.org/a?b'],
    [true, 'v=true'],
    [null, 'v=null'],
    [1.5, 'v=1.5'],
    [{ items: [1, 'two'] }, 'v={"items":[1,"two"]}'],
  ])('writes the value %j so that it cannot be taken for two pairs', (v, pair) => {
    runUnitOfWork({ kind: 'test', id: 'u-1' }, () => {
      bindLogContext({ v });
      pretty().log('line');
      pretty().log('line');
    });
    expect(output.lines).toEqual(Array(2).fill(expect.stringMatching(/ line requestId=u-1 /)));
    expect(output.lines.map((line) => line.slice(line.indexOf(' v=') + 1))).toEqual([pair, pair]);
  });

  it('quotes a key that could be taken for more than one', () => {
    runUnitOfWork({ kind: 'test', id: 'u-1' }, () => {
      bindLogContext({ 'a b=c': 1 });
      pretty().log('line');
    });
    expect(output.lines).toEqual([expect.stringMatching(/ line requestId=u-1 "a b=c"=1$/)]);
  });

  it('has the time since the last line after the fields', () => {
    inWork(() => {
      const logger = pretty({ timestamp: true });
      logger.log('one');
      logger.log('two');
    });
    expect(output.lines[1]).toMatch(/ two requestId=u-1 tenant=acme orderId=7 \+\d+ms$/);
  });

  it("has Nest's colours, and the fields without one", () => {
    inWork(() => pretty({ colors: true }).warn('careful', 'Orders'));
    const [line = ''] = output.lines;
    expect(line).toContain('\x1b[33mcareful\x1b[39m requestId=u-1 tenant=acme orderId=7');
    expect(line).toContain('\x1b[38;5;3m[Orders] \x1b[39m');
  });

  it('has the prefix of the options', () => {
    pretty({ prefix: 'Shop' }).log('line');
    expect(output.lines).toEqual([expect.stringMatching(/^\[Shop\] /)]);
  });

  it('writes an object on one line, with parameters as Nest writes them', () => {
    inWork(() => pretty().log({ a: 1, b: { c: [1, 2] } }, { extra: true }, 'Orders'));
    expect(output.lines).toEqual([
      expect.stringMatching(
        / \[Orders\] Object\(2\) \{ a: 1, b: \{ c: \[ 1, 2 \] \} \} \{ extra: true \} requestId=u-1 tenant=acme orderId=7$/,
      ),
    ]);
  });

  it('lays an object out where `compact` says so, on indented lines after the fields', () => {
    inWork(() => pretty({ compact: false }).log({ a: 1, b: 2 }));
    const [first, ...others] = output.lines;
    expect(first).toMatch(/ LOG Object\(2\) \{ requestId=u-1 tenant=acme orderId=7$/);
    expect(others).toEqual(['      a: 1,', '      b: 2', '    }']);
  });

  it('styles objects in a terminal', () => {
    pretty({ colors: true }).log({ a: 'x' });
    expect(output.text).toContain("a: \x1b[32m'x'\x1b[39m");
  });

  it('writes one line for each of several messages, each with the fields', () => {
    inWork(() => pretty().log('one', 'two', 'Orders'));
    expect(output.lines).toEqual([
      expect.stringMatching(/\[Orders\] one requestId=u-1 tenant=acme orderId=7$/),
      expect.stringMatching(/\[Orders\] two requestId=u-1 tenant=acme orderId=7$/),
    ]);
  });

  it('resolves messages that are functions and classes', () => {
    class Basket {}
    const logger = pretty();
    logger.log(() => 'lazy');
    logger.log(Basket);
    logger.log(() => {
      throw new Error('not today');
    });
    expect(output.lines[0]).toMatch(/ LOG lazy$/);
    expect(output.lines[1]).toMatch(/ LOG Basket$/);
    expect(output.lines[2]).toMatch(/ LOG Error: not today$/);
  });
});

describe('the stack of an error', () => {
  const failure = () => Object.assign(new Error('boom'), { code: 'E_BOOM' });

  it('stands on indented lines of its own behind the line, which has the fields', () => {
    inWork(() => pretty().error(failure()));
    const [first, ...frames] = output.lines;
    expect(first).toMatch(/ERROR Error: boom \{ code: 'E_BOOM' \} requestId=u-1 tenant=acme orderId=7$/);
    expect(frames.length).toBeGreaterThan(2);
    for (const frame of frames) expect(frame).toMatch(/^ {4}at /);
  });

  it('has that of its causes and of the errors it is made of below', () => {
    const cause = new TypeError('inner', { cause: 'a reason' });
    pretty().error(new AggregateError([new RangeError('first'), 'second'], 'outer', { cause }));
    const heads = output.lines.filter((line) => !/^\s+at /.test(line));
    expect(heads).toEqual([
      expect.stringMatching(/ERROR AggregateError: outer$/),
      '    [cause] TypeError: inner',
      '        [cause] "a reason"',
      '    [errors][0] RangeError: first',
      '    [errors][1] "second"',
    ]);
  });

  it('is indented where it was given as text', () => {
    inWork(() => pretty().error('it failed', failure().stack, 'Orders'));
    const [first, second, ...frames] = output.lines;
    expect(first).toMatch(/ERROR \[Orders\] it failed requestId=u-1 tenant=acme orderId=7$/);
    expect(second).toBe('    Error: boom');
    for (const frame of frames) expect(frame).toMatch(/^ {8}at /);
  });

  it('has no line breaks of its message', () => {
    pretty().error(new Error('first\n[Nest] 1  - forged\n    at forged (x.js:1:1)'));
    pretty().error('it failed', new Error('first\n[Nest] 1  - forged').stack);
    const heads = output.lines.filter((line) => !/^\s+at /.test(line));
    expect(heads).toEqual([
      expect.stringMatching(/ERROR Error: first\\n\[Nest\] 1 {2}- forged$/),
      expect.stringMatching(/ERROR it failed$/),
      String.raw`    Error: first\n[Nest] 1  - forged`,
    ]);
  });

  it('ends where causes go round, and where there are too many', () => {
    const round = new Error('round');
    round.cause = round;
    const many = new AggregateError(Array.from({ length: 1000 }, (_, i) => new Error(`e${i}`)));
    pretty().error(round);
    expect(output.lines.filter((line) => line.includes('[cause] '))).toHaveLength(5);
    output.clear();
    pretty().error(many);
    expect(output.lines).toHaveLength(100);
  });

  it('inside an object stays on the line', () => {
    pretty().error({ failure: failure() });
    expect(output.lines).toEqual([expect.stringMatching(/Object\(1\) .*Error: boom\\n +at /)]);
  });

  it('is one string in JSON', () => {
    inWork(() => json().error('it failed', failure().stack, 'Orders'));
    expect(output.records).toEqual([
      expect.objectContaining({
        message: 'it failed',
        context: 'Orders',
        stack: expect.stringMatching(/^Error: boom\n/),
      }),
    ]);
  });
});

describe('in JSON', () => {
  it.each(levels)('a record of level %s has the fields behind its own', (level) => {
    inWork(() => json()[level]('order placed', 'Orders'));
    expect(output.records).toEqual([
      {
        level,
        pid: process.pid,
        timestamp: expect.any(Number),
        message: 'order placed',
        context: 'Orders',
        requestId: 'u-1',
        tenant: 'acme',
        orderId: 7,
      },
    ]);
    expect(Object.keys(output.records[0] ?? {})[0]).toBe('level');
  });

  it('keeps a field that is called like a key of the record under another key', () => {
    runUnitOfWork({ kind: 'test', id: 'u-1' }, () => {
      const fields = {
        level: 1,
        pid: 2,
        timestamp: 3,
        message: 4,
        context: 5,
        message_: 6,
        stack: 7,
        toString: 8,
      };
      bindLogContext(fields);
      json().log('line');
      json().error('line', new Error('x').stack);
    });
    const own = { pid: process.pid, timestamp: expect.any(Number), message: 'line', requestId: 'u-1' };
    const kept = { level_: 1, pid_: 2, timestamp_: 3, message_: 4, context_: 5, message__: 6, toString: 8 };
    expect(output.records).toEqual([
      { ...own, ...kept, level: 'log', stack: 7 },
      { ...own, ...kept, level: 'error', stack: expect.any(String), stack_: 7 },
    ]);
  });

  it('has parameters beside the fields, and what both have but once', () => {
    inWork(() => {
      json().log('nested', { tenant: 'other' });
      json({ flattenParams: true }).log('flat', { tenant: 'other', orderId: 7, more: 1 });
    });
    expect(output.records).toEqual([
      expect.objectContaining({ tenant: 'acme', orderId: 7, params: { tenant: 'other' } }),
      {
        level: 'log',
        pid: process.pid,
        timestamp: expect.any(Number),
        message: 'flat',
        requestId: 'u-1',
        tenant: 'other',
        tenant_: 'acme',
        orderId: 7,
        more: 1,
      },
    ]);
  });

  it('writes objects and errors as Nest does', () => {
    inWork(() => {
      json().log({ a: { b: [1] }, map: new Map([[1, 2]]), big: 3n });
      json().error(new Error('boom', { cause: new TypeError('inner') }));
    });
    expect(output.records).toEqual([
      expect.objectContaining({
        message: { a: { b: [1] }, map: 'Map(1) { 1 => 2 }', big: '3' },
        tenant: 'acme',
      }),
      expect.objectContaining({
        message: 'boom',
        error: expect.objectContaining({
          name: 'Error',
          cause: expect.objectContaining({ name: 'TypeError' }),
        }),
        tenant: 'acme',
      }),
    ]);
  });

  it('masks fields too where `redact` says so', () => {
    runUnitOfWork({ kind: 'test', id: 'u-1' }, () => {
      bindLogContext({ token: 'abc', user: { token: 'abc', name: 'Zoe' } });
      json({ redact: ['token'] }).log('line');
      pretty({ redact: ['token'] }).log('line');
    });
    expect(output.text).not.toContain('abc');
    expect(output.text).toContain('Zoe');
  });

  it('is what `colors` or `compact` make of it where they are set', () => {
    inWork(() => {
      json({ colors: true }).log('coloured');
      json({ compact: false }).log('laid out');
    });
    const [first, second, ...others] = output.lines;
    expect(first).toContain("message: \x1b[32m'coloured'\x1b[39m");
    expect(first).toContain("tenant: \x1b[32m'acme'\x1b[39m");
    expect(second).toBe('{');
    for (const line of others) expect(line).toMatch(/^ {4}/);
  });
});

describe('the options and members of a ConsoleLogger', () => {
  it('go by the terminal where `json` is not set', () => {
    const terminal = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
    try {
      for (const isTTY of [true, undefined]) {
        Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true });
        new ContextLogger().log('line');
        new ContextLogger('Orders').log('line');
        new ContextLogger('Orders', { logLevels: ['log'] }).log('line');
      }
      new ContextLogger({ colors: true }).log('line');
    } finally {
      Object.defineProperty(process.stdout, 'isTTY', { value: undefined, configurable: true, ...terminal });
    }
    const texts = [expect.stringMatching(/LOG/), ...Array(2).fill(expect.stringMatching(/LOG.*\[Orders\]/))];
    const records = output.lines.slice(3, 6).map((line) => JSON.parse(line).context);
    expect([output.lines.slice(0, 3), records]).toEqual([texts, [undefined, 'Orders', 'Orders']]);
    expect(output.lines[6]).toContain('\x1b[32mline');
  });

  it('leave the object that they were given in alone', () => {
    const options = Object.freeze({ context: 'Orders' });
    new ContextLogger(options).log('line');
    expect(output.records).toEqual([expect.objectContaining({ context: 'Orders' })]);
  });

  it.each<[string, unknown[]]>([
    ['a number', [7]],
    ['null as options', ['Orders', null]],
    ['a string as options', ['Orders', 'json']],
  ])('are a TypeError with %s', (_, args) => {
    expect(() => Reflect.construct(ContextLogger, args)).toThrow(TypeError);
  });

  it('write what the levels let through', () => {
    const logger = json({ logLevels: ['warn'] });
    for (const level of levels) logger[level](level);
    logger.setLogLevels(['debug']);
    for (const level of levels) logger[level](level);
    const written = output.records.map(({ message }) => message);
    expect(written).toEqual(['error', 'warn', 'fatal', ...levels.filter((level) => level !== 'verbose')]);
  });

  it('write to the console where `forceConsole` says so', () => {
    const log = jest.spyOn(console, 'log').mockImplementation();
    const error = jest.spyOn(console, 'error').mockImplementation();
    try {
      inWork(() => {
        pretty({ forceConsole: true }).log('line');
        json({ forceConsole: true, colors: true }).error('line');
      });
      expect(log.mock.calls).toEqual([[expect.stringMatching(/ line requestId=u-1 tenant=acme orderId=7$/)]]);
      expect(error.mock.calls).toEqual([[expect.stringContaining('tenant')]]);
    } finally {
      log.mockRestore();
      error.mockRestore();
    }
  });

  it('set and reset the context', () => {
    const logger = json({ context: 'Orders' });
    logger.setContext('Other');
    logger.log('line');
    logger.resetContext();
    logger.log('line');
    expect(output.records.map(({ context }) => context)).toEqual(['Other', 'Orders']);
  });
});

describe("Nest's Logger", () => {
  it.each(levels)('has the fields at level %s, also in an instance that was made before', (level) => {
    const logger = new Logger('Orders');
    useNestLogger(json());
    inWork(() => logger[level]('line'));
    Logger[level]('outside', 'Static');
    expect(output.records).toEqual([
      expect.objectContaining({ level, context: 'Orders', message: 'line', tenant: 'acme', orderId: 7 }),
      { level, pid: process.pid, timestamp: expect.any(Number), context: 'Static', message: 'outside' },
    ]);
  });
});

describe('a class that extends it', () => {
  class Shouting extends ContextLogger {
    protected override stringifyMessage(message: unknown, level: LogLevel): string {
      return super.stringifyMessage(message, level).toUpperCase();
    }

    protected override getJsonLogObject(message: unknown, parts: { context: string; logLevel: LogLevel }) {
      return { ...super.getJsonLogObject(message, parts), service: 'shop' };
    }

    protected override stringifyReplacer(key: string, value: unknown): unknown {
      return key === 'password' ? '***' : super.stringifyReplacer(key, value);
    }
  }

  it('overrides what a ConsoleLogger lets it override', () => {
    inWork(() => {
      bindLogContext({ password: 'hunter2' });
      new Shouting({ json: true }).log('line');
      new Shouting({ json: false, colors: false }).log('line');
    });
    const [first = '', second] = output.lines;
    expect(JSON.parse(first)).toMatchObject({
      message: 'line',
      tenant: 'acme',
      password: '***',
      service: 'shop',
    });
    expect(second).toMatch(/ LINE requestId=u-1 tenant=acme /);
  });

  it('can be a provider, with its options or without', async () => {
    @Injectable()
    class Own extends ContextLogger {}
    @Injectable()
    class Settled extends ContextLogger {
      constructor() {
        super('Settled', { json: true });
      }
    }
    const module = await Test.createTestingModule({ providers: [ContextLogger, Own, Settled] }).compile();
    for (const type of [ContextLogger, Own, Settled]) module.get(type).log('line');
    expect(output.records.map(({ context }) => context)).toEqual([undefined, undefined, 'Settled']);
  });
});
