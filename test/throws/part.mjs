// The sites of one part, in a process of their own: `part.mjs NAME TIMES [REGEXP]`. Tells the parent what came of each.
import './claims.mjs';

const [name, times, only] = [process.argv[2], Number(process.argv[3]), new RegExp(process.argv[4] ?? '')];

/** Of core, file by file: what is registered for the process by one is there for the next. */
const files = {
  calls: ['calls'],
  core: ['options', 'listeners', 'lazy', 'instances', 'reports', 'foreign'],
  stack: ['overflow', 'overflow-cls'],
};

const tell = (site, { times: tried, wrong, ms }) =>
  process.send({ name: site, times: tried, wrong, ms: Math.round(ms) });

async function ofCore() {
  const { tryOften } = await import('./attempt.mjs');
  for (const file of files[name]) {
    const { sites } = await import(`./sites/${file}.mjs`);
    for (const site of sites) if (only.test(site.name)) tell(site.name, await tryOften(site, times));
  }
}

async function ofRequests() {
  const { startApplication } = await import('./nest/application.mjs');
  const { Client } = await import('./nest/attempts.mjs');
  const { hooks, registerForeign } = await import('./nest/foreign.mjs');
  const { sites } = await import('./nest/sites.mjs');
  const { app, port } = await startApplication(name);
  const client = await Client.to(port);
  for (const site of sites) if (only.test(site.name)) tell(site.name, await client.tryOften(site, times));
  registerForeign();
  for (const [hook, wanted] of Object.entries(hooks)) {
    const site = `ForeignContext: ${hook}`;
    if (only.test(site)) tell(site, await client.tryHook(hook, wanted, times));
  }
  client.close();
  await app.close();
}

await (name in files ? ofCore() : ofRequests());
process.disconnect();
process.exit();
