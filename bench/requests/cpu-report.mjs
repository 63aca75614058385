import { heapUsed } from '../harness/heap-used.mjs';

/**
 * Tells the parent process the port of `app` and how long it took to boot, in ms; then what it is asked for: between 'start' and 'stop' the CPU time that was
 * used, in µs; at 'heap' the bytes in use; how many requests are in `waiting`; at 'let go' nothing, but they are answered.
 */
export function reportCpu(app, booted, waiting) {
  let before;
  process.on('message', async (word) => {
    if (word === 'start') {
      before = process.cpuUsage();
      process.send({ started: true });
    } else if (word === 'stop') {
      const { user, system } = process.cpuUsage(before);
      process.send({ cpu: user + system });
    } else if (word === 'heap') {
      process.send({ heap: await heapUsed() });
    } else if (word === 'waiting') {
      process.send({ waiting: waiting.length });
    } else {
      for (const answer of waiting.splice(0)) answer();
      process.send({ letGo: true });
    }
  });
  process.send({ port: app.getHttpServer().address().port, booted });
  process.on('disconnect', () => process.exit());
}
