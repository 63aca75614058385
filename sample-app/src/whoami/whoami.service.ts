import { Injectable } from '@nestjs/common';
import type { Profile } from './profile.js';
import { ProfileService } from './profile.service.js';

/** The first of three services below the controller. None of them is told who is asking. */
@Injectable()
export class WhoamiService {
  constructor(private readonly profile: ProfileService) {}

  async answer(): Promise<Profile> {
    return this.profile.load();
  }
}
