import { Logger } from '@nestjs/common';
import { currentRequestId } from 'nestjs-contextvars';
import { withWorkerContext } from 'nestjs-contextvars/worker';
import { tenant, user } from '../identity/identity.variables.js';
import { contextLogger } from '../logging/context-logger.js';
import { readLogFormat } from '../settings/log-format.js';

// The thread has a logger of its own, and the context of the request with each call.
Logger.overrideLogger(contextLogger(readLogFormat(process.env)));
const logger = new Logger('ReceiptThread');

/** Sets the text of a receipt, as whoever placed the order. Layout is work for a processor, so a thread does it. */
export default withWorkerContext((orderId: string): string => {
  const lines = [
    `Receipt of ${orderId}`,
    `${tenant.get()}, for ${user.get()}`,
    `request ${currentRequestId()}`,
  ];
  const width = Math.max(...lines.map((line) => line.length));
  const rule = '-'.repeat(width);
  logger.log(`sets the receipt of ${orderId}, ${width} wide`);
  return [rule, ...lines, rule].join('\n');
});

/** Answers as soon as a thread has loaded. */
export const ready = withWorkerContext((_: undefined): true => true);
