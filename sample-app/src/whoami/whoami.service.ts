import { Injectable } from '@nestjs/common';
import type { Caller } from '../identity/caller.service.js';
import { ProfileService } from './profile.service.js';

/** The first of three services below the controller. None of them is told who is asking. */
@Injectable()
export class WhoamiService {
  constructor(private readonly profile: ProfileService) {}

  async answer(): Promise<Caller> {
    return this.profile.load();
  }
}
