import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import type { NewOrder } from './order.js';

const LONGEST_ITEM = 100;
const MOST = 1_000_000;

/** Takes from the body what an order consists of, and nothing else. */
@Injectable()
export class NewOrderPipe implements PipeTransform<unknown, NewOrder> {
  transform(body: unknown): NewOrder {
    const { item, quantity } = (typeof body === 'object' && body !== null ? body : {}) as Record<
      string,
      unknown
    >;
    const problems: string[] = [];
    if (!isItem(item)) problems.push(`item must be a text of 1 to ${LONGEST_ITEM} characters`);
    if (!isQuantity(quantity)) problems.push(`quantity must be a whole number from 1 to ${MOST}`);
    if (!isItem(item) || !isQuantity(quantity)) throw new BadRequestException(problems.join('; '));
    return { item: item.trim(), quantity };
  }
}

function isItem(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ITEM && value.trim() !== '';
}

function isQuantity(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST;
}
