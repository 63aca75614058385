import { type Processor, Worker, type WorkerOptions } from 'bullmq';

/** Looks for jobs ten times a second: no notification gets through the one session of an embedded database. */
export class LookingWorker extends Worker {
  constructor(name: string, processor: Processor, options: WorkerOptions) {
    super(name, processor, { ...options, drainDelay: 0.1 });
  }
}
