import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';
import {
  bindLogContext,
  ContextLogger,
  type ContextLoggerOptions,
  ContextVar,
  runUnitOfWork,
} from 'nestjs-contextvars';
import { Output, restoreNestLogger, useNestLogger } from './support/output.js';

const FORGED = '\r\n[Nest] 1  - 01/01/2026, 12:00:00 AM     LOG forged';
const UNICODE = 'a\u0085b\u2028c\u2029d\u202e\u009b31m';
const MEGABYTE = 'x'.repeat(2 ** 20);

const fail = (): never => {
  throw new Error(`no access${FORGED}`);
};
const traps = new Proxy({}, { get: () => fail });
const cyclic: Record<string, unknown> = { name: 'cyclic' };
cyclic.self = cyclic;
const deep = Array.from({ length: 5000 }).reduce<unknown>((inner) => ({ inner }), {});
const revoked = Proxy.revocable({}, {});
revoked.revoke();
class Named {}
Object.defineProperty(Named, 'name', { value: FORGED });

const texts: Record<string, string> = {
  'line breaks': `a${FORGED}${FORGED.trim()}\n`,
  'line breaks of Unicode': 'a\u0085b\u2028c\u2029d\u000be\u000cf',
  'escape sequences': '\x1b[2J\x1b]0;title\x07\x9b31m\x1b[8mhidden\x1b[31m',
  'control characters': `${Array.from({ length: 32 }, (_, i) => String.fromCharCode(i)).join('')}\x7f\x9c`,
  'bidi controls': '\u202eevil\u2066\u2069\u200f',
  'half a pair': '\ud83d \ude00',
  'a megabyte': MEGABYTE,
  'a megabyte of line breaks': '\n'.repeat(2 ** 20),
  'frames of a stack': `Error: x\n    at forged (a.js:1:1)${FORGED}\n    at forged (b.js:1:1)`,
};

const objects: Record<string, unknown> = {
  'an own __proto__': JSON.parse('{ "__proto__": { "polluted": true }, "constructor": { "prototype": 1 } }'),
  'a circle': cyclic,
  'a big integer': 2n ** 70n,
  'a symbol': Symbol(FORGED),
  'a function': () => undefined,
  'a function that throws': fail,
  'a getter that throws': {
    get secret() {
      return fail();
    },
  },
  'a toJSON that throws': { toJSON: fail },
  'a toJSON that gives line breaks': { toJSON: () => FORGED },
  'a proxy whose traps throw': new Proxy({}, traps),
  'a proxy of a function whose traps throw': new Proxy(() => 1, traps),
  'a prototype whose traps throw': Object.create(new Proxy({}, traps)),
  'a revoked proxy': revoked.proxy,
  'nothing to inherit from': Object.assign(Object.create(null), { a: FORGED }),
  'an inspect that throws': { [inspect.custom]: fail },
  'an inspect that gives line breaks': { [inspect.custom]: () => `${FORGED}\x1b[2J` },
  'a tag that throws': {
    get [Symbol.toStringTag]() {
      return fail();
    },
  },
  'a class with line breaks in its name': new Named(),
  'texts inside': { text: UNICODE, list: [UNICODE, FORGED] },
  'keys with line breaks': { [FORGED]: 1, '\x1b[2J\u2028': 2 },
  'a map of itself': new Map<unknown, unknown>([
    ['map', cyclic],
    [FORGED, FORGED],
  ]),
  'an error with line breaks': new Error(FORGED),
  'an error with such a cause': new Error('x', { cause: new Error(FORGED) }),
  'an error with line breaks in its code': Object.assign(new Error('x'), { code: UNICODE, name: FORGED }),
  'an error whose message throws': Object.defineProperty(new Error('x'), 'message', { get: fail }),
  'an error whose stack throws': Object.defineProperty(new Error('x'), 'stack', { get: fail }),
  'an error that is nested': { error: new Error(FORGED) },
  'a date that is none': new Date(Number.NaN),
  'a deep object': deep,
  'a long array': Array.from({ length: 100_000 }, (_, i) => i),
  'a wide object': Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`k${i}`, MEGABYTE])),
  'a megabyte of bytes': Buffer.alloc(2 ** 20),
  undefined: undefined,
};

const formats: Record<string, ContextLoggerOptions> = {
  text: { json: false, colors: false },
  'coloured text': { json: false, colors: true },
  JSON: { json: true },
  'flat JSON': { json: true, flattenParams: true },
  'JSON without structured parameters': { json: true, structuredParams: false },
  'redacted JSON': { json: true, redact: ['password'] },
  'redacted text': { json: false, colors: false, redact: ['password'] },
};

const places: Record<string, (logger: ContextLogger, value: never) => void> = {
  'the message': (logger, value) => logger.log(value),
  'a lazy message': (logger, value) => logger.log(() => value),
  'in the message': (logger, value) => logger.error({ value }, 'Context'),
  'a further message': (logger, value) => logger.warn('message', value, 'Context'),
  'in a parameter': (logger, value) => logger.log('message', { value }, 'Context'),
  'the parameter': (logger, value) =>
    logger.fatal('message', Object(value) === value ? value : { [String(value)]: 1 }, 'Context'),
  'the stack or context': (logger, value) => logger.error('message', value),
  'the stack': (logger, value) => logger.error('message', value, 'Context'),
  'the context': (logger, value) => logger.log('message', value),
  'a message of Logger': (logger, value) => {
    useNestLogger(logger);
    new Logger('Context').error(value);
  },
  'a bound field': (logger, value) => {
    bindLogContext({ value });
    logger.log('message');
  },
  'a declared field': (logger, value) => {
    declared.set(value);
    logger.log('message');
  },
};
const declared = new ContextVar<unknown>('declared', { log: 'declared' });

let output: Output;
beforeEach(() => {
  output = new Output();
});
afterEach(() => {
  output.release();
  restoreNestLogger();
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const RAW = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const COLOURS = /\x1b\[(?:0|1|22|4|24|3[1-6]|39|9\d|38;5;3)m/g;

/** What is wrong with what was written; `records` is how many there may be: messages that are no parameters have their own. */
function complaints(isJson: boolean, records: readonly number[]): string[] {
  const found: string[] = [];
  let count = 0;
  for (const line of output.lines) {
    const bare = line.replace(COLOURS, '');
    if (RAW.test(bare)) found.push(`raw: ${JSON.stringify(bare.slice(0, 200))}`);
    if (line.length > 120_000) found.push(`long: ${line.length}`);
    if (isJson) {
      count += 1;
      const { level, pid } = JSON.parse(line);
      if (typeof level !== 'string' || pid !== process.pid) found.push(`not ours: ${line.slice(0, 200)}`);
    } else if (bare.startsWith('[Nest] ')) {
      count += 1;
      if (!bare.startsWith(`[Nest] ${process.pid} `)) found.push(`forged: ${bare.slice(0, 200)}`);
    } else if (!bare.startsWith('    ')) found.push(`not indented: ${bare.slice(0, 200)}`);
  }
  if (!records.includes(count)) found.push(`${count} records`);
  if ('polluted' in {}) found.push('a polluted prototype');
  return found;
}

describe.each(Object.entries(formats))('as %s', (_, options) => {
  const log = (write: () => void) => runUnitOfWork({ kind: 'test' }, write);

  it.each(Object.entries({ ...texts, ...objects }))('%s is one line wherever it is', (_, value) => {
    for (const [place, write] of Object.entries(places)) {
      output.clear();
      log(() => write(new ContextLogger(options), value as never));
      const found = complaints(options.json === true, place.includes('field') ? [1] : [1, 2]);
      expect({ place, found }).toEqual({ place, found: [] });
    }
  });

  it('any values are', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(value, text), fc.constantFrom(...Object.values(places)), (any, write) => {
        output.clear();
        log(() => write(new ContextLogger(options), any as never));
        expect(complaints(options.json === true, [1, 2])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

it('laid out over several lines, all but the first are indented', () => {
  for (const value of [...Object.values(texts), ...Object.values(objects)]) {
    for (const json of [true, false]) {
      output.clear();
      new ContextLogger({ json, colors: false, compact: false }).log({ value });
      const raw = output.lines.filter((line) => RAW.test(line));
      const outside = output.lines.slice(1).filter((line) => !line.startsWith('    '));
      expect([raw, outside, output.lines.length > 0]).toEqual([[], [], true]);
    }
  }
});

describe('what is too long', () => {
  const length = (options: ContextLoggerOptions, write: (logger: ContextLogger) => void) => {
    output.clear();
    write(new ContextLogger({ colors: false, ...options }));
    return output.text.length;
  };

  it.each([true, false])('is cut at 16 KiB in messages and 1 KiB elsewhere, with json: %s', (json) => {
    expect(length({ json }, (logger) => logger.log(MEGABYTE))).toBeLessThan(17_000);
    expect(output.text).toContain('…[1048576 characters]');
    expect(length({ json }, (logger) => logger.log('message', MEGABYTE))).toBeLessThan(1_300);
    runUnitOfWork({ kind: 'test' }, () => {
      bindLogContext({ value: MEGABYTE });
      expect(length({ json }, (logger) => logger.log('message'))).toBeLessThan(1_400);
    });
    expect(output.text).toContain('…[1048576 bytes]');
  });

  it('leaves what else is in the record', () => {
    const logger = new ContextLogger({ json: true, flattenParams: true });
    logger.log('message', { header: MEGABYTE, status: 200 }, 'Context');
    expect(output.records).toEqual([
      expect.objectContaining({ message: 'message', context: 'Context', status: 200, level: 'log' }),
    ]);
    expect(output.text.length).toBeLessThan(1_300);
  });

  it('is nothing of up to 16,384 characters', () => {
    const long = 'y'.repeat(16_000);
    for (const json of [true, false]) new ContextLogger({ json, colors: false }).log(long);
    expect(output.lines).toEqual(Array(2).fill(expect.stringContaining(long)));
  });

  it('does not end in half a character', () => {
    for (const odd of ['', 'a']) {
      output.clear();
      new ContextLogger({ json: true }).log(odd + '😀'.repeat(20_000));
      expect(output.text).not.toMatch(/\\ud/);
    }
  });
});
