// What is allowed, written down by hand from docs/decisions (overlay-and-lease.md, capture.md, carriers.md, log-context.md)
// and not asked of the library. By the group of a route and the family of a variable: what is read while the call is under
// way, in the microtask in which it settles, and later. The ending makes no difference to that, but for `own`.

/** The value of the call; the one outside of it; the one of another call; an error, also with a fallback; no value. */
const [admin, clerk, auditor, refused, none] = ['admin', 'clerk', 'auditor', 'refused', 'none'];
const never = undefined;

export const expected = {
  inside: {
    says: 'the call, and what it awaits',
    temporary: [admin, never, never],
    run: [admin, never, never],
    scoped: [admin, never, never],
    log: [admin, never, never],
  },
  beside: {
    says: 'everybody else',
    temporary: [clerk, clerk, clerk],
    run: [clerk, clerk, clerk],
    scoped: [clerk, clerk, clerk],
    log: [clerk, clerk, clerk],
  },
  own: {
    says: 'another call, with a value of its own',
    temporary: [auditor, auditor, auditor],
    run: [auditor, auditor, auditor],
    scoped: [auditor, auditor, auditor],
    log: [auditor, auditor, auditor],
  },
  // Its own scope ends with the unit of work as well.
  ownOfEndedUnit: {
    says: 'another call, where the unit of work of both ends',
    temporary: [auditor, clerk, clerk],
    run: [auditor, auditor, auditor],
    scoped: [auditor, refused, refused],
    log: [auditor, clerk, clerk],
  },
  left: {
    says: 'left running by the call',
    temporary: [admin, clerk, clerk],
    run: [admin, admin, admin],
    scoped: [admin, refused, refused],
    log: [admin, clerk, clerk],
  },
  captured: {
    says: 'captured in the call',
    temporary: [admin, admin, admin],
    run: [admin, admin, admin],
    scoped: [refused, refused, refused],
    log: [admin, admin, admin],
  },
  carried: {
    says: 'carried out of the process',
    temporary: [admin, admin, admin],
    run: [admin, admin, admin],
    scoped: [none, none, none],
    log: [none, none, none],
  },
  apart: {
    says: 'in a context that has nothing to do with it',
    temporary: [none, none, none],
    run: [none, none, none],
    scoped: [none, none, none],
    log: [none, none, none],
  },
};

const MOMENTS = ['during', 'at', 'after'];

export function expectedOf(route, ending, family, moment) {
  const group = route.group === 'own' && ending.endsUnit ? 'ownOfEndedUnit' : route.group;
  return expected[group][family][MOMENTS.indexOf(moment)];
}
