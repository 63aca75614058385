/** Tells the parent process the port of `app`, then, between 'start' and 'stop', the CPU time that was used, in µs. */
export function reportCpu(app) {
  let before;
  process.on('message', (word) => {
    if (word === 'start') {
      before = process.cpuUsage();
      process.send({ started: true });
    } else {
      const { user, system } = process.cpuUsage(before);
      process.send({ cpu: user + system });
    }
  });
  process.send({ port: app.getHttpServer().address().port });
  process.on('disconnect', () => process.exit());
}
