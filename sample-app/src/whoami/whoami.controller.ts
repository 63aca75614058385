import { Controller, Get } from '@nestjs/common';
import type { Caller } from '../identity/caller.service.js';
import { WhoamiService } from './whoami.service.js';

@Controller('whoami')
export class WhoamiController {
  constructor(private readonly whoami: WhoamiService) {}

  @Get()
  answer(): Promise<Caller> {
    return this.whoami.answer();
  }
}
