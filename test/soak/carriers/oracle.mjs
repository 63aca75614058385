// What a carrier may be, written down a second time: a parser by hand, character by character, that shares nothing
// with the library and takes no JSON.parse for it. Slow, and meant to be.

const HEX = '0123456789abcdef';
const SHORT = { '"': '"', '\\': '\\', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const SHORT_UNITS = new Set(Object.values(SHORT).map((unit) => unit.charCodeAt(0)));

class Bad extends Error {}

class Reader {
  #text;
  #at = 0;

  constructor(text) {
    this.#text = text;
  }

  get over() {
    return this.#at === this.#text.length;
  }

  /** Whether `word` comes next; goes over it if so. */
  next(word) {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  need(word) {
    if (!this.next(word)) throw new Bad(`no ${word} at ${this.#at}`);
  }

  /** A JSON string in the one way to write it, `isEscaped` saying which units are written as an escape. */
  string(isEscaped) {
    this.need('"');
    let value = '';
    while (!this.next('"')) value += this.next('\\') ? this.#escape(isEscaped) : this.#plain(isEscaped);
    return value;
  }

  #plain(isEscaped) {
    if (this.over) throw new Bad('a string without an end');
    const unit = this.#text[this.#at++];
    const code = unit.charCodeAt(0);
    const before = this.#text.charCodeAt(this.#at - 2);
    const after = this.#text.charCodeAt(this.#at);
    if (unit === '\\' || code < 0x20 || isEscaped(code, before, after))
      throw new Bad('what has to be escaped');
    return unit;
  }

  #escape(isEscaped) {
    const letter = this.#text[this.#at++];
    if (letter in SHORT) return SHORT[letter];
    if (letter !== 'u') throw new Bad('an unknown escape');
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const digit = HEX.indexOf(this.#text[this.#at++] ?? 'x');
      if (digit < 0) throw new Bad('no digit');
      code = code * 16 + digit;
    }
    if (SHORT_UNITS.has(code) || !(code < 0x20 || isEscaped(code, NaN, NaN)))
      throw new Bad('a needless escape');
    return String.fromCharCode(code);
  }

  integer() {
    let digits = this.next('-') ? '-' : '';
    while (!this.over && this.#text[this.#at] >= '0' && this.#text[this.#at] <= '9')
      digits += this.#text[this.#at++];
    if (digits !== '0' && !/^-?[1-9]\d{0,15}$/.test(digits)) throw new Bad('no integer');
    if (BigInt(digits) > 9007199254740991n || BigInt(digits) < -9007199254740991n) throw new Bad('too large');
    return Number(digits);
  }
}

const beyondAscii = (code) => code >= 0x7f;

/** JSON.stringify escapes surrogates that have no partner. Of one that is written as an escape nothing is known. */
function loneSurrogate(code, before, after) {
  if (code >= 0xd800 && code <= 0xdbff) return !(after >= 0xdc00 && after <= 0xdfff);
  if (code >= 0xdc00 && code <= 0xdfff) return !(before >= 0xd800 && before <= 0xdbff);
  return false;
}

/** The parts of a carrier; throws where it is none. */
function parse(text) {
  if (typeof text !== 'string' || text.length > 4096) throw new Bad('no text, or a large one');
  const reader = new Reader(text);
  const string = () => reader.string(beyondAscii);
  reader.need('{"v":1,"vars":[');
  const vars = [];
  if (!reader.next(']')) {
    do {
      reader.need('[');
      const name = string();
      reader.need(',');
      vars.push([name, string()]);
      reader.need(']');
    } while (reader.next(','));
    reader.need(']');
  }
  const parts = { vars };
  if (!reader.next('}')) {
    if (reader.next(',"aud":')) parts.aud = string();
    reader.need(',"exp":');
    parts.exp = reader.integer();
    reader.need(',"kid":');
    parts.kid = string();
    reader.need(',"sig":');
    parts.sig = string();
    reader.need('}');
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(parts.kid)) throw new Bad('no key id');
  }
  if (!reader.over) throw new Bad('more than a carrier');
  for (let i = 0; i < vars.length; i++) {
    if (vars[i][0] === '' || vars[i][0] === '__proto__') throw new Bad('no name');
    if (i > 0 && !(vars[i - 1][0] < vars[i][0])) throw new Bad('twice, or out of order');
  }
  return parts;
}

function id(text) {
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(text) || text.includes('\n')) throw new Bad('no id');
  return text;
}

/** How this process reads the value of each variable that it knows. */
const DECODERS = {
  'context.correlationId': id,
  'context.requestId': id,
  tenant: (text) => text,
  limit(text) {
    const notation = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?(?:e[+-][1-9]\d*)?$/;
    if (!notation.test(text)) throw new Bad('no number');
    const value = Number.parseFloat(text);
    const written = value === 0 ? (1 / value < 0 ? '-0' : '0') : `${value}`;
    if (written !== text) throw new Bad('another text of a number');
    return value;
  },
  dryRun(text) {
    if (text === 'true') return true;
    if (text === 'false') return false;
    throw new Bad('no boolean');
  },
  user(text) {
    const reader = new Reader(text);
    const string = () => reader.string(loneSurrogate);
    reader.need('{"id":');
    const user = { id: string(), roles: [] };
    reader.need(',"roles":[');
    if (!reader.next(']')) {
      do user.roles.push(string());
      while (reader.next(','));
      reader.need(']');
    }
    reader.need('}');
    if (!reader.over) throw new Bad('more than a user');
    return user;
  },
};

/** What an unsigned reading of `text` gives, by the names of the variables; undefined where it has to be refused. */
export function expectedOf(text) {
  try {
    const values = {};
    for (const [name, value] of parse(text).vars) {
      if (Object.hasOwn(DECODERS, name)) values[name] = DECODERS[name](value);
    }
    return values;
  } catch (error) {
    if (error instanceof Bad) return undefined;
    throw error;
  }
}
