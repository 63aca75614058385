import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

const MOST = 1_000;

/** How many of the last ones; all, where nobody says. */
@Injectable()
export class LastPipe implements PipeTransform<unknown, number | undefined> {
  transform(text: unknown): number | undefined {
    if (text === undefined) return undefined;
    const last = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : 0;
    if (last < 1 || last > MOST) throw new BadRequestException(`last must be a number from 1 to ${MOST}`);
    return last;
  }
}
