import { setTimeout as hop } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { type Caller, CallerService } from '../identity/caller.service.js';

/** The second one: waits a moment, as a look-up would, so that requests overlap. The third is CallerService. */
@Injectable()
export class ProfileService {
  readonly #logger = new Logger(ProfileService.name);

  constructor(private readonly caller: CallerService) {}

  async load(): Promise<Caller> {
    this.#logger.log('looks up the profile');
    await hop(Math.random() * 5);
    const caller = this.caller.describe();
    this.#logger.log(`found ${caller.user} of ${caller.tenant}`);
    return caller;
  }
}
