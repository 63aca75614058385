import { Controller, Get } from '@nestjs/common';
import type { Profile } from './profile.js';
import { WhoamiService } from './whoami.service.js';

@Controller('whoami')
export class WhoamiController {
  constructor(private readonly whoami: WhoamiService) {}

  @Get()
  answer(): Promise<Profile> {
    return this.whoami.answer();
  }
}
