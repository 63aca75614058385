import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ClsPluginTransactional } from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { ClsModule } from 'nestjs-cls';
import { Database } from './database.js';
import type { Queries } from './store.js';

const CLIENT = Symbol('client of the database');

@Global()
@Module({})
class ConnectionModule {
  static of(database: Database): DynamicModule {
    return {
      module: ConnectionModule,
      providers: [
        { provide: Database, useValue: database },
        { provide: CLIENT, useValue: database.client },
      ],
      exports: [Database, CLIENT],
    };
  }
}

/** Makes `@Transactional()` begin the transactions of `database`. Whoever has opened it closes it. */
@Module({})
export class DatabaseModule {
  static of(database: Database): DynamicModule {
    const connection = ConnectionModule.of(database);
    const adapter = new TransactionalAdapterDrizzleOrm<Queries>({ drizzleInstanceToken: CLIENT });
    const plugin = new ClsPluginTransactional({ imports: [connection], adapter });
    return { module: DatabaseModule, imports: [connection, ClsModule.forRoot({ plugins: [plugin] })] };
  }
}
