// What an attempt looks at: the context of whoever calls, of its neighbour, and of nobody.
import {
  bindContext,
  ContextVar,
  copyContext,
  currentUnit,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from 'nestjs-contextvars/core';

export const tenant = new ContextVar('tenant', { default: 'nobody' });
/** Set by nobody but what fails. */
export const touched = new ContextVar('touched', { default: 'untouched' });
export const role = new ScopedValue('role');

/** What the running code can see of its context. */
export function see() {
  return [currentUnit(), tenant.get(), roleHere(), touched.get(), copyContext().size];
}

export function roleHere() {
  try {
    return role.get('none');
  } catch (error) {
    return error.code;
  }
}

/** @throws where what is seen is not what was seen `before`. */
export function unchanged(before, when) {
  const after = see();
  const at = before.findIndex((value, i) => !Object.is(value, after[i]));
  if (at === -1) return;
  const what = ['unit', 'tenant', 'role', 'touched', 'size'][at];
  throw new Error(`${when}: ${what} is ${describe(after[at])} and was ${describe(before[at])}`);
}

function describe(value) {
  return typeof value === 'object' && value !== null ? `${value.kind} ${value.id}` : String(value);
}

/** Where code can be when it calls what fails. */
export const surroundings = {
  outside: (_i, fn) => fn(),
  'in a unit of work': (i, fn) =>
    runUnitOfWork({ kind: 'caller' }, async () => {
      tenant.set(`tenant ${i}`);
      role.bind('clerk');
      return await fn();
    }),
  'in a temporary scope': (i, fn) =>
    runUnitOfWork({ kind: 'caller' }, async () => {
      tenant.set(`tenant ${i}`);
      role.bind('clerk');
      return await withTempContext([role.as('manager'), tenant.as(`temporary ${i}`)], async () => await fn());
    }),
};

/** A unit of work that is under way at the same time. */
export function openNeighbour() {
  let end;
  let check;
  const ended = runUnitOfWork({ kind: 'neighbour' }, async () => {
    tenant.set('neighbour');
    role.bind('guest');
    const before = see();
    check = bindContext((when) => unchanged(before, `the neighbour, ${when}`));
    await new Promise((resolve) => {
      end = resolve;
    });
    unchanged(before, 'the neighbour, at its end');
  });
  return {
    check,
    close: () => {
      end();
      return ended;
    },
  };
}
