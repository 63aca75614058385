import { Controller, Get } from '@nestjs/common';
import { DeskService, type Report } from './desk.service.js';

@Controller()
export class DeskController {
  #open = 0;
  #most = 0;

  constructor(private readonly desk: DeskService) {}

  @Get('work')
  async work(): Promise<Report> {
    this.#open += 1;
    this.#most = Math.max(this.#most, this.#open);
    try {
      return await this.desk.work();
    } finally {
      this.#open -= 1;
    }
  }

  /** How many requests were being answered at the same time. */
  @Get('overlapping')
  overlapping(): number {
    return this.#most;
  }
}
