import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RequestContext } from 'nestjs-contextvars';
import { errorBody } from './error-body.js';

/** Answers every error as JSON; those of guards, unknown routes and the body parser too. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger(ErrorFilter.name);

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly context: RequestContext,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response: unknown = host.switchToHttp().getResponse();
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    if (status >= 500) this.#logger.error(exception);
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    if (status === 401) httpAdapter.setHeader(response, 'www-authenticate', 'Bearer');
    // What was not thrown as an answer is for the log only.
    const message = exception instanceof HttpException ? exception.message : 'Something went wrong';
    httpAdapter.reply(response, errorBody(status, message, this.context.id), status);
  }
}
