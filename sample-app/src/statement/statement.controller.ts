import { Controller, Get } from '@nestjs/common';
import { LoadScoped } from 'nestjs-contextvars';
import { PriceLoader } from '../prices/price-loader.js';
import type { Statement } from './statement.js';
import { StatementService } from './statement.service.js';

@Controller('statement')
export class StatementController {
  constructor(private readonly statement: StatementService) {}

  /** The loader needs a connection, for which the handler has to wait; no other route takes one. */
  @Get()
  @LoadScoped(PriceLoader)
  show(): Promise<Statement> {
    return this.statement.draw();
  }
}
