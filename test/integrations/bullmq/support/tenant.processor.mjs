// A sandboxed processor: BullMQ loads it in a process or thread of its own, on the built package.
import { withJobContext } from 'nestjs-contextvars/bullmq';
import { ContextVar, codecs, currentUnit, ScopedValue } from 'nestjs-contextvars/core';

const tenant = new ContextVar('jobs.tenant', { codec: codecs.string });
const role = new ScopedValue('jobs.role');

export default withJobContext(async (job) => {
  const { kind, signal } = currentUnit();
  const before = tenant.get('-');
  tenant.set('changed');
  if (job.name === 'wait') {
    await job.updateProgress(1);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(`cancelled: ${before}`)));
  }
  return { tenant: before, role: role.get('-'), kind, pid: process.pid };
});
