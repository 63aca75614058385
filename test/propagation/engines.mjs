/** The Nodes, and the engines of async context, that have a column in the table. */
export const engines = [
  { name: 'Node 20', version: '20', flags: [] },
  { name: 'Node 22', version: '22', flags: [] },
  { name: 'Node 24', version: '24', flags: [] },
  { name: 'Node 24, async_hooks', version: '24', flags: ['--no-async-context-frame'] },
];

/** The name of the running one, if it is among them. */
export function thisEngine() {
  const [major] = process.versions.node.split('.');
  const frames = !process.execArgv.includes('--no-async-context-frame');
  return engines.find(
    ({ version, flags }) => version === major && (major !== '24' || (flags.length === 0) === frames),
  )?.name;
}
