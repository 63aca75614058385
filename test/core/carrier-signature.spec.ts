// A signed carrier is taken only as it was signed, by a key that is known, for whom it is, until it expires.

import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import {
  type CarrierKey,
  type CarrierSignOptions,
  type CarrierVerifyOptions,
  Context,
  ContextError,
  ContextVar,
  codecs,
  extractContext,
  injectContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';
import { thrownBy } from './support/outcome.js';

const tenant = new ContextVar('tenant', { codec: codecs.string });
const limit = new ContextVar('limit', { codec: codecs.number });

const KEY = randomBytes(32);
const OTHER_KEY = randomBytes(32);
const NOW = Date.UTC(2026, 0, 1);
const sign: CarrierSignOptions = { keyId: 'k1', key: KEY, ttlMs: 60_000 };
const verify: CarrierVerifyOptions = { keys: { k1: KEY } };

function signed(options: Partial<CarrierSignOptions> = {}): Record<string, string> {
  return new Context().run(() => {
    tenant.set('acme');
    limit.set(5);
    return injectContext({}, { sign: { ...sign, ...options } });
  });
}

function refusal(carrier: Record<string, unknown>, options: Partial<CarrierVerifyOptions> = {}): string {
  const error = thrownBy(() => extractContext(carrier, { verify: { ...verify, ...options } }));
  expect(error).toEqual(coreError('ERR_INVALID_CARRIER'));
  return (error as ContextError).message.replace(
    /^The carrier is refused: (.*); refuse the message, .*$/,
    '$1',
  );
}

interface Parts {
  readonly vars: [name: string, text: string][];
  readonly exp: number;
  readonly sig: string;
}

/** A carrier with some of its parts changed, its signature left as it is. */
function altered(carrier: Record<string, string>, change: (parts: Parts) => object): Record<string, string> {
  const parts = JSON.parse(carrier.contextvars as string) as Parts;
  return { contextvars: JSON.stringify({ ...parts, ...change(parts) }) };
}

beforeEach(() => {
  jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('is taken', () => {
  test.each<[what: string, key: CarrierKey]>([
    ['bytes', KEY],
    ['a longer key', randomBytes(64)],
    ['a text', 'a text of at least thirty-two bytes'],
    ['a text whose letters are of two bytes', 'é'.repeat(16)],
    ['a Uint8Array', new Uint8Array(32).fill(7)],
  ])('as it was signed, with %s', (_what, key) => {
    const context = extractContext(signed({ key }), { verify: { keys: { k1: key } } });
    expect([context.get(tenant), context.get(limit)]).toEqual(['acme', 5]);
  });

  test('by any of several keys, or what a function gives for the id', () => {
    const keys: Record<string, CarrierKey> = { k1: KEY, k2: OTHER_KEY };
    const asked: string[] = [];
    const find = (id: string): CarrierKey | undefined => {
      asked.push(id);
      return keys[id];
    };
    for (const options of [{ keys }, { keys: find }]) {
      expect(extractContext(signed(), { verify: options }).get(tenant)).toBe('acme');
      expect(extractContext(signed({ keyId: 'k2', key: OTHER_KEY }), { verify: options }).get(tenant)).toBe(
        'acme',
      );
    }
    expect(asked).toEqual(['k1', 'k2']);
  });

  test('until the millisecond before it expires', () => {
    const carrier = signed();
    jest.setSystemTime(NOW + 59_999);
    expect(extractContext(carrier, { verify }).get(tenant)).toBe('acme');
    jest.setSystemTime(NOW + 60_000);
    expect(refusal(carrier)).toBe('it has expired');
  });

  test('a while longer where the clocks may differ', () => {
    const carrier = signed();
    jest.setSystemTime(NOW + 64_999);
    expect(extractContext(carrier, { verify: { ...verify, clockToleranceMs: 5_000 } }).size).toBe(2);
    jest.setSystemTime(NOW + 65_000);
    expect(refusal(carrier, { clockToleranceMs: 5_000 })).toBe('it has expired');
  });

  test('by whom it is for', () => {
    const carrier = signed({ audience: 'invoices' });
    expect(extractContext(carrier, { verify: { ...verify, audience: 'invoices' } }).get(tenant)).toBe('acme');
  });

  test('again, as a job is that is tried again', () => {
    const carrier = signed();
    for (let i = 0; i < 3; i++) expect(extractContext(carrier, { verify }).size).toBe(2);
  });

  test('where nobody asks for a signature: it is not looked at then', () => {
    const expired = signed({ ttlMs: 1 });
    jest.setSystemTime(NOW + 1_000);
    expect(extractContext(expired).get(tenant)).toBe('acme');
    expect(extractContext(altered(expired, () => ({ sig: 'x' }))).get(tenant)).toBe('acme');
  });

  test('and what is not there holds nothing', () => {
    expect(injectContext({}, { sign })).toEqual({});
    expect(extractContext({}, { verify }).size).toBe(0);
    expect(() => extractContext({}, { verify, required: [tenant] })).toThrow(
      coreError('ERR_INVALID_CARRIER'),
    );
  });
});

describe('is refused', () => {
  test('without a signature', () => {
    const unsigned = tenant.run('acme', () => injectContext());
    expect(refusal(unsigned)).toBe('it is not signed');
    const stripped = altered(signed(), () => ({ exp: undefined, kid: undefined, sig: undefined }));
    expect(refusal(stripped)).toBe('it is not signed');
    expect(refusal({ contextvars: '{"v":1,"vars":[]}' })).toBe('it is not signed');
  });

  test('with the key of another', () => {
    expect(refusal(signed({ key: OTHER_KEY }))).toBe('its signature is wrong');
    expect(refusal(signed({ keyId: 'k2', key: OTHER_KEY }))).toBe('the key of its signature is not known');
    expect(refusal(signed(), { keys: { k1: OTHER_KEY } })).toBe('its signature is wrong');
    expect(refusal(signed(), { keys: () => undefined })).toBe('the key of its signature is not known');
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('with the key id %s', (keyId) => {
    expect(refusal(signed({ keyId }))).toBe('the key of its signature is not known');
  });

  test.each<[part: string, change: (parts: Parts) => object]>([
    ['a value', ({ vars: [limit] }) => ({ vars: [limit, ['tenant', 'other']] })],
    ['a name', ({ vars: [limit] }) => ({ vars: [limit, ['tenants', 'acme']] })],
    ['a variable less', ({ vars: [limit] }) => ({ vars: [limit] })],
    ['a variable more', ({ vars }) => ({ vars: [...vars, ['user', '{}']] })],
    ['a later expiry', ({ exp }) => ({ exp: exp + 1 })],
    ['an earlier expiry', ({ exp }) => ({ exp: exp - 1 })],
    ['another key id', () => ({ kid: 'k2' })],
    ['no signature', () => ({ sig: '' })],
    ['half a signature', ({ sig }) => ({ sig: sig.slice(0, 20) })],
    ['a longer signature', ({ sig }) => ({ sig: `${sig}A` })],
    ['a padded signature', ({ sig }) => ({ sig: `${sig}=` })],
    ['a signature beyond ASCII', () => ({ sig: '\u00e9'.repeat(43) })],
  ])('with %s', (_part, change) => {
    const keys = { k1: KEY, k2: KEY };
    const carrier = altered(signed(), change);
    carrier.contextvars = (carrier.contextvars as string).replaceAll('é', '\\u00e9');
    expect(refusal(carrier, { keys })).toBe('its signature is wrong');
  });

  test('with an audience put in, taken out or changed', () => {
    const parts = JSON.parse(signed({ audience: 'a' }).contextvars as string);
    const { v, vars, exp, kid, sig } = parts;
    const put = (aud: object): Record<string, string> => ({
      contextvars: JSON.stringify({ v, vars, ...aud, exp, kid, sig }),
    });
    expect(extractContext(put({ aud: 'a' }), { verify: { ...verify, audience: 'a' } }).size).toBe(2);
    expect(refusal(put({}), { audience: 'a' })).toBe('its signature is wrong');
    expect(refusal(put({ aud: 'b' }), { audience: 'b' })).toBe('its signature is wrong');
    const without = JSON.parse(signed().contextvars as string);
    const added = { v, vars, aud: 'a', exp: without.exp, kid, sig: without.sig };
    expect(refusal({ contextvars: JSON.stringify(added) }, { audience: 'a' })).toBe('its signature is wrong');
  });

  test('with another text for the same bytes of the signature', () => {
    // 43 letters of base64url hold 258 bits, two more than there are: four texts stand for one signature.
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const right = JSON.parse(signed().contextvars as string).sig as string;
    const at = letters.indexOf(right.at(-1) as string);
    const others = [0, 1, 2, 3]
      .map((i) => letters[(at & ~3) + i] as string)
      .filter((letter) => letter !== right.at(-1));
    for (const letter of others) {
      const other = right.slice(0, -1) + letter;
      expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(right, 'base64url'));
      expect(refusal(altered(signed(), () => ({ sig: other })))).toBe('its signature is wrong');
    }
  });

  test('by everybody but whom it is for', () => {
    const carrier = signed({ audience: 'invoices' });
    expect(refusal(carrier, { audience: 'mails' })).toBe('it is for another audience');
    expect(refusal(carrier)).toBe('it is for another audience');
    expect(refusal(signed(), { audience: 'invoices' })).toBe('it is for another audience');
  });

  test('where the same key has signed the same text for something else', () => {
    const carrier = signed();
    const claims = (carrier.contextvars as string).replace(/,"sig":.*$/, '}');
    const sig = createHmac('sha256', KEY).update(claims).digest('base64url');
    expect(refusal(altered(carrier, () => ({ sig: sig })))).toBe('its signature is wrong');
  });

  test('wherever one character of it was changed', () => {
    const text = signed({ audience: 'invoices' }).contextvars as string;
    const options = { verify: { ...verify, audience: 'invoices' } };
    expect(extractContext({ contextvars: text }, options).size).toBe(2);
    for (let at = 0; at < text.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const unit = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
        const contextvars = text.slice(0, at) + unit + text.slice(at + 1);
        expect(() => extractContext({ contextvars }, options)).toThrow(ContextError);
      }
    }
  });

  test('wherever it was cut, doubled or joined with another', () => {
    const [one, other] = [signed(), signed({ ttlMs: 1_000 })].map(
      ({ contextvars }) => contextvars as string,
    ) as [string, string];
    fc.assert(
      fc.property(fc.nat(one.length), fc.nat(other.length), (a, b) => {
        const contextvars = one.slice(0, a) + other.slice(b);
        fc.pre(contextvars !== one && contextvars !== other);
        expect(() => extractContext({ contextvars }, { verify })).toThrow(ContextError);
      }),
      { numRuns: 1_000 },
    );
  });
});

test('the signature counts among the 4096 bytes', () => {
  const room = (options: object): number => {
    let size = 4096;
    while (size > 0) {
      try {
        tenant.run('a'.repeat(size), () => injectContext({}, options));
        return size;
      } catch {
        size -= 1;
      }
    }
    return size;
  };
  const size = room({ sign });
  expect(size).toBeLessThan(room({}));
  const carrier = tenant.run('a'.repeat(size), () => injectContext({}, { sign }));
  expect(carrier.contextvars).toHaveLength(4096);
  expect(extractContext(carrier, { verify }).get(tenant)).toHaveLength(size);
});

describe('wrong arguments are a TypeError, and change nothing', () => {
  const NO_KEYS = [undefined, null, '', 'short', 'a'.repeat(31), randomBytes(31), 1, {}, [KEY], true];
  const NO_KEY = 'expected a string or Uint8Array as key, got |the key is shorter than 32 bytes$';
  type Wrong = readonly [option: string, wrong: readonly unknown[], message: string];
  const wrongToSign: readonly Wrong[] = [
    [
      'keyId',
      [undefined, null, '', 'a b', 'ä', 'a/b', 'a'.repeat(65), 1],
      'expected a keyId that matches \\^\\[A-Za-z0-9._-\\]\\{1,64\\}\\$, got ',
    ],
    ['key', NO_KEYS, NO_KEY],
    [
      'ttlMs',
      [undefined, null, 0, -1, 1.5, Number.NaN, Infinity, '60000', Number.MAX_SAFE_INTEGER],
      'expected a positive integer as ttlMs, got ',
    ],
    ['audience', [null, '', 1, ['a']], 'expected a non-empty string as audience, got '],
  ];
  const each = ([option, values, message]: Wrong) => values.map((wrong) => [option, wrong, message] as const);

  test.each(wrongToSign.flatMap(each))('to sign with %s %p', (option, wrong, message) => {
    const carrier = { contextvars: 'before' };
    const options = { sign: { ...sign, [option]: wrong } };
    const error = thrownBy(() => tenant.run('acme', () => injectContext(carrier, options))) as Error;
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(new RegExp(`^injectContext: sign: (${message})`));
    expect(thrownBy(() => injectContext(carrier, options))).toEqual(error);
    expect(carrier).toEqual({ contextvars: 'before' });
  });

  test.each([null, 1, 'sign', () => {}])('to sign with %p', (wrong) => {
    expect(() => injectContext({}, { sign: wrong as never })).toThrow(
      /^injectContext: sign: expected an options object, got /,
    );
    expect(() => extractContext({}, { verify: wrong as never })).toThrow(
      /^extractContext: verify: expected an options object, got /,
    );
  });

  const wrongToVerify: readonly Wrong[] = [
    ['keys', [undefined, null, 'key', 1], 'an object or a function as keys'],
    ['audience', [null, '', 1, ['a']], 'a non-empty string as audience'],
    ['clockToleranceMs', [null, -1, Number.NaN, '5'], 'milliseconds as clockToleranceMs'],
  ];
  test.each(wrongToVerify.flatMap(each))('to verify with %s %p', (option, wrong, expected) => {
    expect(() => extractContext({}, { verify: { ...verify, [option]: wrong } as never })).toThrow(
      `extractContext: verify: expected ${expected}, got `,
    );
  });

  test.each(NO_KEYS.filter((key) => key !== undefined))('a key to verify with that is %p', (key) => {
    const carrier = signed();
    const message = new RegExp(`^extractContext: verify: (${NO_KEY})`);
    expect(() => extractContext(carrier, { verify: { keys: { k1: key as never } } })).toThrow(message);
    expect(() => extractContext(carrier, { verify: { keys: () => key as never } })).toThrow(message);
  });

  test('a function that gives the key later', () => {
    const keys = (async () => KEY) as never;
    expect(() => extractContext(signed(), { verify: { keys } })).toThrow(TypeError);
  });

  test('the error says nothing of the key', () => {
    const key = 'canary';
    for (const fail of [
      () => injectContext({}, { sign: { ...sign, key } }),
      () => extractContext(signed(), { verify: { keys: { k1: key } } }),
    ]) {
      const error = thrownBy(fail) as Error;
      expect(`${error.message}${error.stack}`).not.toContain('canary');
    }
  });
});
