import { setTimeout as hop } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Caller } from '../identity/caller.js';
import { role } from '../identity/identity.variables.js';
import type { Profile } from './profile.js';

/** The second one: waits a moment, as a look-up would, so that requests overlap. The third is Caller. */
@Injectable()
export class ProfileService {
  readonly #logger = new Logger(ProfileService.name);

  constructor(private readonly caller: Caller) {}

  async load(): Promise<Profile> {
    this.#logger.log('looks up the profile');
    await hop(Math.random() * 5);
    this.#logger.log(`found ${this.caller.user} of ${this.caller.tenant}`);
    return { ...this.caller, role: role.get() };
  }
}
