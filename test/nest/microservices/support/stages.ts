import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { type Observable, tap, throwError } from 'rxjs';
import { type Ask, Desk } from './desk.js';
import { seen } from './variables.js';

/** What a message passes on its way to the answer. */
export const STAGES = ['before guard', 'guard', 'interceptor', 'pipe', 'handler'];

export function labelOf(data: unknown): string {
  const { label, text } = data as { label?: string; text?: string };
  return label ?? (JSON.parse(text as string) as Ask).label;
}

@Injectable()
export class SeeingGuard implements CanActivate {
  constructor(private readonly desk: Desk) {}
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const label = labelOf(context.switchToRpc().getData());
    this.desk.see('before guard', label);
    seen.set(label);
    await this.desk.guard(label);
    this.desk.see('guard', label);
    return !label.startsWith('forbidden');
  }
}

@Injectable()
export class SeeingInterceptor implements NestInterceptor {
  constructor(private readonly desk: Desk) {}
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const label = labelOf(context.switchToRpc().getData());
    this.desk.see('interceptor', label);
    return next.handle().pipe(
      tap({
        next: () => this.desk.see('interceptor after', label),
        error: () => this.desk.see('interceptor error', label),
      }),
    );
  }
}

@Injectable()
export class SeeingPipe implements PipeTransform {
  constructor(private readonly desk: Desk) {}
  transform(data: unknown): unknown {
    if (typeof data === 'object' && data !== null && ('label' in data || 'text' in data)) {
      this.desk.see('pipe', labelOf(data));
    }
    return data;
  }
}

@Catch()
@Injectable()
export class SeeingFilter implements ExceptionFilter {
  constructor(private readonly desk: Desk) {}
  catch(error: Error, host: ArgumentsHost): Observable<never> {
    const label = labelOf(host.switchToRpc().getData());
    this.desk.see('filter', label);
    const said = error instanceof RpcException ? error.getError() : error.message;
    return throwError(() => ({ status: 'error', message: `${String(said)} of ${seen.get('nobody')}` }));
  }
}
