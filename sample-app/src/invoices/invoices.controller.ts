import { Controller, Get, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ForRoles } from '../identity/for-roles.decorator.js';
import type { Invoice, PendingInvoice } from './invoice.js';
import { InvoicesService } from './invoices.service.js';

@Controller('invoices')
export class InvoicesController {
  constructor(private readonly invoices: InvoicesService) {}

  @Post(':orderId')
  @ForRoles('clerk')
  @HttpCode(HttpStatus.ACCEPTED)
  request(@Param('orderId') orderId: string): Promise<PendingInvoice> {
    return this.invoices.request(orderId);
  }

  @Get(':orderId')
  read(@Param('orderId') orderId: string): Promise<Invoice | PendingInvoice> {
    return this.invoices.read(orderId);
  }
}
