import { setTimeout as sleep } from 'node:timers/promises';
import { withWorkerContext } from 'nestjs-contextvars/worker';

await sleep(50);

/** Counts its calls. */
export default withWorkerContext((counter) => Atomics.add(counter, 0, 1) + 1);
