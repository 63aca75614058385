import { Module } from '@nestjs/common';
import { scopedProvider } from 'nestjs-contextvars';
import { PriceConnection } from './price-connection.js';
import { PriceLoader } from './price-loader.js';
import { PricePool } from './price-pool.js';

@Module({
  providers: [
    PricePool,
    scopedProvider({
      provide: PriceConnection,
      useFactory: (pool: PricePool) => pool.lend(),
      inject: [PricePool],
    }),
    scopedProvider(PriceLoader),
  ],
  exports: [PriceLoader],
})
export class PricesModule {}
