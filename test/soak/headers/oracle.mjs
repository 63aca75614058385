// What a `baggage` header and an id may be, written down a second time, character by character: shares nothing with the
// library, takes no regular expression and no decodeURIComponent for it.

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const TOKEN = new Set(`!#$%&'*+-.^_\`|~${LETTERS}`);
const ID = new Set(`._-${LETTERS}`);
const HEX = '0123456789abcdefABCDEF';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Bad extends Error {}

function need(condition, what) {
  if (!condition) throw new Bad(what);
}

const isBlank = (unit) => unit === ' ' || unit === '\t';

function trim(text) {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from++;
  while (to > from && isBlank(text[to - 1])) to--;
  return text.slice(from, to);
}

function isOctet(unit) {
  const code = unit.charCodeAt(0);
  return code > 0x20 && code < 0x7f && !['"', ',', ';', '\\'].includes(unit);
}

function token(text) {
  need(text !== '' && [...text].every((unit) => TOKEN.has(unit)), 'no token');
  return text;
}

function octets(text) {
  need([...text].every(isOctet), 'no value');
  return text;
}

/** `key = value`, both trimmed; undefined as value where there is no equals sign. */
function pair(text) {
  const at = text.indexOf('=');
  return at === -1 ? [trim(text), undefined] : [trim(text.slice(0, at)), trim(text.slice(at + 1))];
}

function decoded(text) {
  const bytes = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '%') {
      bytes.push(text.charCodeAt(i));
      continue;
    }
    const digits = text.slice(i + 1, i + 3);
    need(digits.length === 2 && [...digits].every((digit) => HEX.includes(digit)), 'no escape');
    bytes.push(Number.parseInt(digits, 16));
    i += 2;
  }
  let value;
  try {
    value = utf8.decode(Uint8Array.from(bytes));
  } catch {
    throw new Bad('no UTF-8');
  }
  for (const unit of value) {
    const code = unit.codePointAt(0);
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029;
    need(!isControl, 'a control character');
  }
  return value;
}

function entriesOf(header) {
  need(header.length <= 8192, 'too large');
  const members = header.split(',');
  need(members.length <= 64, 'too many');
  const entries = new Map();
  for (const member of members) {
    const [first, ...properties] = member.split(';');
    const [rawKey, rawValue] = pair(first);
    need(rawValue !== undefined, 'no equals sign');
    const [key, value] = [decoded(token(rawKey)), decoded(octets(rawValue))];
    need(rawKey.length + rawValue.length <= 256, 'a large entry');
    need(!entries.has(key) && key !== '__proto__', 'twice');
    entries.set(key, value);
    for (const property of properties) {
      const [name, text] = pair(property);
      token(name);
      if (text !== undefined) octets(text);
    }
  }
  return entries;
}

const READERS = {
  tenant: (text) => text,
  limit(text) {
    const value = Number(text);
    need(Number.isFinite(value) && (Object.is(value, -0) ? '-0' : `${value}`) === text, 'no number');
    return value;
  },
  dryRun(text) {
    need(text === 'true' || text === 'false', 'no boolean');
    return text === 'true';
  },
};

/** The values of the variables that `header` has; undefined where it has to be refused. */
export function expectedOf(header) {
  try {
    const values = {};
    for (const [name, text] of entriesOf(header)) {
      if (Object.hasOwn(READERS, name)) values[name] = READERS[name](text);
    }
    return values;
  } catch (error) {
    if (error instanceof Bad) return undefined;
    throw error;
  }
}

/** The id, or undefined where it has to be replaced. */
export function idOf(header) {
  if (typeof header !== 'string' || header.length < 1 || header.length > 128) return undefined;
  return [...header].every((unit) => ID.has(unit)) ? header : undefined;
}
