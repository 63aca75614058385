import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ContextModule, scopedProvider } from 'nestjs-contextvars';
import { DatabaseModule } from './database/database.module.js';
import { Caller } from './identity/caller.js';
import { JobsModule } from './jobs/jobs.module.js';
import { queuesAt } from './queues/queues.js';
import type { Services } from './services.js';

@Global()
@Module({
  imports: [ContextModule.forRoot(), JobsModule],
  providers: [scopedProvider(Caller)],
  exports: [Caller],
})
export class WorkerModule {
  static with({ database, queues }: Services): DynamicModule {
    return { module: WorkerModule, imports: [DatabaseModule.of(database), queuesAt(queues)] };
  }
}
