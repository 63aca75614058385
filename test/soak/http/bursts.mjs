// What is sent at once on one connection, and how its client leaves, if it does.

import { kindOf, kinds } from './kinds.mjs';

const LONGEST = 4;
/** Of the bursts in which nothing makes the client leave anyway. */
const LEAVING_SHARE = 0.06;
const SPLIT_SHARE = 0.15;

/** When the client leaves: with part of the last request unsent, at once, a while later, when an answer begins. */
const MOMENTS = ['unsent', 'sent', 'later', 'answered'];
/** And how: with everything dropped, with a reset, politely. */
const WAYS = ['destroy', 'resetAndDestroy', 'end'];

const heads = new Map(Object.keys(kinds).map((name) => [name, headOf(name)]));

function headOf(name) {
  const { path = name, method = 'GET', fail } = kinds[name];
  const failing = fail === undefined ? '' : `x-fail: ${fail}\r\n`;
  return [`${method} /${path}/`, ` HTTP/1.1\r\nhost: localhost\r\n${failing}x-request-id: r`];
}

function textOf(name, n) {
  const [before, after] = heads.get(name);
  const head = `${before}${n}${after}${n}\r\nx-n: ${n}\r\n`;
  if (kinds[name].method !== 'POST') return `${head}\r\n`;
  const body = `{"n":${n}}`;
  return `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** At most `most` requests, numbered from `first`: `{ requests: [{ n, name }], text, split, leaving }`. */
export function drawBurst({ random, seed, first, most }) {
  const requests = [];
  let text = '';
  const count = Math.min(1 + random.below(LONGEST), most);
  for (let name; requests.length < count; ) {
    const n = first + requests.length;
    name = kindOf(n, seed);
    requests.push({ n, name });
    text += textOf(name, n);
    // Nothing that is queued behind such a one would ever be answered.
    if (kinds[name].leaves || kinds[name].cut) break;
  }
  const leaving = leavingOf(random, requests.at(-1).name);
  // Not where the client may leave before the second part.
  const isSplit = leaving === undefined && random.chance(SPLIT_SHARE);
  const split = isSplit ? 1 + random.below(text.length - 1) : undefined;
  if (leaving?.moment === 'unsent') text = text.slice(0, -1 - random.below(20));
  return { requests, text, split, leaving };
}

function leavingOf(random, last) {
  const leaves = kinds[last].leaves;
  if (!leaves && !random.chance(LEAVING_SHARE)) return undefined;
  const moment = leaves ? 'later' : random.oneOf(MOMENTS);
  return { moment, way: random.oneOf(WAYS), ms: random.below(15) };
}
