// The matrix as counts: routes by kinds, and routes by endings.

/** For each route the reads, and what was wrong, by kind and by ending. */
export function summaryOf({ routes, endings, kinds, results }) {
  const of = (route) => results.filter((one) => one.route === route);
  const rows = routes.map((route) => ({
    route: route.name,
    group: route.group,
    kinds: kinds.map((kind) => count(of(route).filter((one) => one.kind === kind))),
    endings: endings.map((ending) => count(of(route).filter((one) => one.ending === ending))),
  }));
  return { kinds: kinds.map(({ name }) => name), endings: endings.map(({ name }) => name), rows };
}

function count(results) {
  const sum = (number) => results.reduce((total, one) => total + number(one), 0);
  return {
    reads: sum(({ reads }) => reads),
    leaks: sum(({ leaks }) => leaks),
    wrong: sum(({ wrong }) => wrong.length),
  };
}

/** As text for a terminal: the head of a column is its number, which is explained above. */
export function textOf({ rows, ...columns }, of) {
  const legend = columns[of].map((name, i) => `${i + 1} ${name}`).join(', ');
  const width = Math.max(...rows.map(({ route }) => route.length));
  const cell = ({ reads, leaks, wrong }) =>
    (wrong === 0 ? String(reads) : `${leaks} leaks, ${wrong} wrong`).padStart(8);
  const head = `${''.padEnd(width)} ${columns[of].map((_, i) => String(i + 1).padStart(8)).join('')}`;
  const lines = rows.map((row) => `${row.route.padEnd(width)} ${row[of].map(cell).join('')}`);
  return [`reads, by route and ${of}: ${legend}`, head, ...lines].join('\n');
}
