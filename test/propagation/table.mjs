// The table of docs/propagation.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { engines } from './engines.mjs';

const page = fileURLToPath(new URL('../../docs/propagation.md', import.meta.url));
const between = /(?<=<!-- propagation:start -->\n).*?(?=<!-- propagation:end -->)/s;

/** The rows of the page: the cells by the name of their column, by what the row is about. */
export function readTable() {
  const lines = (readFileSync(page, 'utf8').match(between)?.[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'));
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  return new Map(
    rows.map((cells) => [cells[1], Object.fromEntries(head.map((name, i) => [name, cells[i]]))]),
  );
}

/** What the page says otherwise than was seen on one engine; `all` are the probes, those that were left out too. */
export function differences(table, engine, seen, all) {
  const wrong = [];
  const known = new Set(all.map(({ what }) => what));
  for (const probe of seen) {
    const row = table.get(probe.what);
    if (row === undefined) {
      wrong.push(`${probe.what}: is not in docs/propagation.md`);
      continue;
    }
    for (const [column, cell] of Object.entries(cellsOf(probe, new Map([[engine, probe]])))) {
      if (cell !== undefined && row[column] !== cell)
        wrong.push(`${probe.what}: column '${column}' says ${row[column]}, and ${cell} was seen`);
    }
  }
  for (const what of table.keys()) if (!known.has(what)) wrong.push(`${what}: there is no such probe`);
  return wrong;
}

/** Writes what was seen, a list by the name of each engine. */
export function writeTable(observed) {
  const text = readFileSync(page, 'utf8');
  if (!between.test(text))
    throw new Error(`${page} has no <!-- propagation:start --> and <!-- propagation:end -->`);
  const [first] = observed.values();
  const rows = first.map((probe, i) =>
    cellsOf(probe, new Map([...observed].map(([engine, seen]) => [engine, seen[i]]))),
  );
  const columns = Object.keys(rows[0]);
  const lines = [columns, columns.map(() => '---'), ...rows.map(Object.values)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  writeFileSync(
    page,
    text.replace(between, () => `\n${lines.join('\n')}\n\n`),
  );
}

/** The cells of one row by column; undefined for an engine that nothing is known of. */
function cellsOf({ no, what, right, remedy, remedied }, byEngine) {
  const readings = engines.map(({ name }) => {
    const plain = byEngine.get(name)?.plain;
    return [name, plain === undefined ? undefined : plain === right ? `\`${plain}\`` : `**\`${plain}\`**`];
  });
  return {
    no: String(no),
    'what runs where': what,
    ...Object.fromEntries(readings),
    remedy: remedy ?? 'none needed',
    'then it sees': remedy === undefined ? '' : `\`${remedied}\``,
  };
}
