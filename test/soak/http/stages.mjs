// The places of an application at which the identity of a request is checked, a bit each: what a request has passed is
// noted by its number, so that a run can tell that nothing was left out.

const NAMES = [
  'setup',
  'use',
  'middleware',
  'guard',
  'before',
  'populator',
  'pipe',
  'param',
  'handler',
  'awaited',
  'scoped',
  'disposed',
  'task',
  'gather',
  'temporary',
  'elevated',
  'sibling',
  'bound',
  'background',
  'reported',
  'stream',
  'event',
  'after',
  'onError',
  'filter',
  'finish',
  'close',
  'requestClose',
  'signal',
  'left',
  'end',
];

/** `stage.guard` is its bit. */
export const stage = Object.freeze(Object.fromEntries(NAMES.map((name, at) => [name, 1 << at])));

/** What `bits` stands for, to be read by people. */
export function namesOf(bits) {
  return NAMES.filter((name) => bits & stage[name]).join(' ') || 'nothing';
}

/** The bits of these stages together. */
export function all(...names) {
  return names.reduce((bits, name) => bits | stage[name], 0);
}
