import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { RECEIPTS } from '../receipts/receipt.js';
import { OutboxRepository } from './outbox.repository.js';
import { Relay } from './relay.js';
import { WaitingRows } from './waiting-rows.js';

@Module({
  imports: [BullModule.registerQueue({ name: RECEIPTS })],
  providers: [OutboxRepository, WaitingRows, Relay],
  exports: [OutboxRepository, WaitingRows, Relay],
})
export class OutboxModule {}
