import { Module } from '@nestjs/common';
import { ProfileService } from './profile.service.js';
import { WhoamiController } from './whoami.controller.js';
import { WhoamiService } from './whoami.service.js';

@Module({ controllers: [WhoamiController], providers: [WhoamiService, ProfileService] })
export class WhoamiModule {}
