/** All benchmarks, by section, in the order of the page that they make: docs/benchmarks.md. */
export const SECTIONS = {
  primitives: {
    title: 'Primitives',
    names: [
      'primitives/get',
      'primitives/set',
      'primitives/run',
      'primitives/temporary-scope',
      'primitives/copy',
      'primitives/fork',
      'primitives/bind',
      'primitives/task',
      'primitives/stand-in',
    ],
  },
  requests: {
    title: 'Requests',
    names: [
      'requests/floor',
      'requests/rivals',
      'requests/scoped-providers',
      'requests/parts',
      'requests/inspector',
    ],
  },
  growth: {
    title: 'Growth',
    names: [
      'growth/variables',
      'growth/declared-variables',
      'growth/nesting',
      'growth/concurrent-contexts',
      'growth/other-storages',
    ],
  },
  memory: { title: 'Memory', names: ['memory/contexts', 'memory/requests'] },
  start: { title: 'Start', names: ['start/import', 'start/boot', 'start/cold-start'] },
  boundaries: {
    title: 'Boundaries',
    names: [
      'boundaries/job',
      'boundaries/worker-call',
      'boundaries/lambda-invocation',
      'log-line',
      'log-fields',
    ],
  },
};

/** Those that are given by name or section; all but those for a closer look where none is. */
export function chosen(given) {
  const all = Object.entries(SECTIONS).flatMap(([section, { names }]) =>
    names.map((name) => ({ section, name })),
  );
  const unknown = given.filter((one) => !all.some(({ section, name }) => section === one || name === one));
  if (unknown.length > 0)
    throw new Error(
      `no such benchmark: ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  if (given.length === 0) return all;
  return all.filter(({ section, name }) => given.includes(section) || given.includes(name));
}
