// docs/guarantees.md as text.

import { expected } from '../../test/elevation/expected.mjs';
import { guarantees, notPromised } from './guarantees.mjs';
import { proofs } from './proofs.mjs';

const number = (value) => (typeof value === 'number' ? value.toLocaleString('en') : value);
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

const HEAD = `# Guarantees

What this library promises, what it does not, and the command that looks whether each promise holds. Every command can be run by a
reader; those with random programs print a seed that gives the same run again.

This page is written by \`npm run docs:guarantees\` from [scripts/guarantees](../scripts/guarantees) and from what the last runs have
recorded (\`--record\`, into [test/results](../test/results)). A run that was not recorded is called so. For who may attack what, see
[SECURITY.md](../SECURITY.md).
`;

/** `results` by the name of the proof. */
export function pageOf(results) {
  return [
    HEAD,
    '## What is guaranteed\n',
    ...guarantees.flatMap(({ title, all }) => [
      `### ${title}\n`,
      `${all.map((one) => guaranteeOf(one, results)).join('\n')}\n`,
    ]),
    '## What is not\n',
    `${notPromised.map((text) => `- ${text}`).join('\n')}\n`,
    '## The last figures\n',
    `${figuresOf(results)}\n`,
    '## The elevation matrix\n',
    `${matrixOf(results.get('elevation'))}\n`,
  ].join('\n');
}

function guaranteeOf({ says, proofs: names = [], tests = [] }, results) {
  const shown = names.map((name) => `[${name}](#${name}) (${stateOf(results.get(name))})`);
  const files = tests.map((file) => `[${file.split('/').at(-1)}](../${file})`);
  return `- ${says}\n  *Shown by* ${[...shown, ...files].join(', ')}.`;
}

function stateOf(runs) {
  if (runs.length === 0) return 'not recorded';
  const nodes = runs.map(
    ({ node, passed }) => `Node ${node.split('.')[0].slice(1)}${passed ? '' : ': **does not hold**'}`,
  );
  return nodes.join(', ');
}

function figuresOf(results) {
  const sections = [...results].map(([name, runs]) => {
    const { command, what } = proofs[name];
    const head = `### ${name}\n\n\`${command}\`: ${what}.\n`;
    if (runs.length === 0) return `${head}\nNot recorded.\n`;
    const rows = runs.map((run) => [
      run.passed ? 'holds' : '**does not hold**',
      run.node,
      run.date,
      run.seed ?? 'none',
      `\`${run.command}\``,
      Object.entries(run.figures)
        .map(([key, value]) => `${key}: ${number(value)}`)
        .join('; '),
    ]);
    return `${head}\n${table(['', 'Node', 'date', 'seed', 'run as', 'counted'], rows)}\n`;
  });
  const tests =
    'The test files that are named above run with `npm test`, on each supported Node with `.ci/run`.\n';
  return [tests, ...sections].join('\n');
}

const FAMILIES = {
  temporary: 'ContextVar, temporary scope',
  run: 'ContextVar.run',
  scoped: 'ScopedValue',
  log: 'withLogContext',
};

function matrixOf(runs) {
  const allowed = Object.values(expected).map(({ says, ...families }) => [
    says,
    ...Object.keys(FAMILIES).map((family) => readsOf(families[family])),
  ]);
  const text = `A call is given the value *admin* where *clerk* is in force; another one beside it has *auditor*. What may be read, while the call is under
way, in the microtask in which it settles, and later; *refused* is \`ERR_SCOPE_ENDED\`, *none* is no value at all:

${table(['who reads', ...Object.values(FAMILIES)], allowed)}
`;
  if (runs.length === 0) return `${text}\nNot recorded.`;
  return `${text}
Each of the routes below was tried with each ending and each kind of variable, and what was read compared with that. A cell is the
number of reads, on ${runs.map(({ node }) => `Node ${node}`).join(' and ')} together: ${total(runs)}.

${countsOf(runs, 'kinds')}

The same reads by how the call ended. Where the unit of work ends first, the call is still pending, or its result was never read to
the end:

${countsOf(runs, 'endings')}`;
}

function readsOf([during, at, after]) {
  if (at === undefined) return during;
  return during === at && at === after ? during : `${during}, then ${at === after ? at : `${at}, ${after}`}`;
}

function total(runs) {
  const sum = (key) => runs.reduce((all, { figures }) => all + figures[key], 0);
  return `${number(sum('reads'))} reads, ${number(sum('leaks'))} leaks, ${number(sum('combinations wrong'))} combinations wrong`;
}

/** Of all runs together; they have the same routes, or else were not recorded with the same library. */
function countsOf(runs, of) {
  const [{ details: first }] = runs;
  const rows = first.rows.map(({ route, group }, i) => [
    route,
    expected[group].says,
    ...first[of].map((_, j) => cellOf(runs.map(({ details }) => sameRow(details, i, route)[of][j]))),
  ]);
  return table(['route', 'is', ...first[of]], rows);
}

function sameRow({ rows }, i, route) {
  if (rows[i]?.route !== route)
    throw new Error('the runs of the elevation matrix have different routes: record all anew');
  return rows[i];
}

function cellOf(counts) {
  const sum = (key) => counts.reduce((all, count) => all + count[key], 0);
  return sum('wrong') === 0 ? number(sum('reads')) : `**${sum('leaks')} leaks, ${sum('wrong')} wrong**`;
}
