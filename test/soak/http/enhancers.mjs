// What the soak's application has before and after its handlers: each checks the identity of the request, and fails where
// the request asks for it.

import {
  BadRequestException,
  Catch,
  createParamDecorator,
  ForbiddenException,
  HttpException,
  Inject,
  RequestTimeoutException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { tap, throwError, timeout } from 'rxjs';
import { context, failWhere, numberOf, who } from './identity.mjs';
import { stage } from './stages.mjs';

/** In ms; only what is to be overtaken by it takes as long. */
const INTERCEPTOR_LIMIT = 10;

/** What reading the body or sending a file ends with where the client has left. */
const ABORTED = ['ECONNRESET', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'];

const requestOf = (host) => host.switchToHttp().getRequest();

export class LimitingInterceptor {
  intercept(_host, next) {
    const late = () => throwError(() => new RequestTimeoutException());
    return next.handle().pipe(timeout({ first: INTERCEPTOR_LIMIT, with: late }));
  }
}

/** Of a third of the requests every stage is asynchronous, of the others none that does not have to be. */
export const isAsync = (n) => n % 3 === 0;

export async function later(fn) {
  await null;
  return fn();
}

export function enhancersFor({ ledger, see }) {
  function seeStage(name, n, request, error) {
    see.fully(stage[name], n);
    failWhere(name, request, error);
  }

  class SeeingMiddleware {
    use(request, _response, next) {
      const n = numberOf(request);
      const pass = () => {
        seeStage('middleware', n, request);
        next();
      };
      return isAsync(n) ? later(pass) : pass();
    }
  }

  class SeeingGuard {
    canActivate(host) {
      const request = requestOf(host);
      const n = numberOf(request);
      const pass = () => {
        seeStage('guard', n, request, () => new ForbiddenException());
        return true;
      };
      return isAsync(n) ? later(pass) : pass();
    }
  }

  class SeeingInterceptor {
    intercept(host, next) {
      const request = requestOf(host);
      const n = numberOf(request);
      seeStage('before', n, request);
      const seeAfter = () => {
        see.late(stage.after, n);
        failWhere('after', request);
      };
      return next.handle().pipe(tap(seeAfter), tap({ error: () => see.late(stage.onError, n) }));
    }
  }

  class SeeingPipe {
    transform(value) {
      const n = Number(value);
      const pass = () => {
        seeStage('pipe', n, context.request, () => new BadRequestException());
        return n;
      };
      return isAsync(n) ? later(pass) : pass();
    }
  }

  const Seen = createParamDecorator((_, host) => {
    see.fully(stage.param, numberOf(requestOf(host)));
    return who.get();
  });

  class SeeingFilter {
    constructor({ httpAdapter }) {
      this.http = httpAdapter;
    }

    catch(error, host) {
      const request = requestOf(host);
      const response = host.switchToHttp().getResponse();
      see.late(stage.filter, numberOf(request));
      failWhere('filter', request);
      if (ABORTED.includes(error?.code)) return;
      const isMeant = error instanceof HttpException || error?.message === 'on purpose';
      if (!isMeant) ledger.fault('logged', `an error that nobody asked for: ${error?.stack}`);
      if (this.http.isHeadersSent(response)) return;
      this.http.reply(
        response,
        { refused: who.get() },
        error instanceof HttpException ? error.getStatus() : 500,
      );
    }
  }
  Catch()(SeeingFilter);
  Inject(HttpAdapterHost)(SeeingFilter, undefined, 0);

  return { SeeingMiddleware, SeeingGuard, SeeingInterceptor, SeeingPipe, SeeingFilter, Seen };
}
