import { Injectable } from '@nestjs/common';
import { ContextError, type ContextVar, type ScopedValue, type Token } from '../core/index.js';
import { activeTrace, currentFrame, type Unit } from '../core/internal.js';
import { HttpExchange } from './http-exchange.js';
import { correlationId, requestId } from './request-ids.js';

/** A readable variable of either kind. */
export type AnyVariable<T> = ContextVar<T> | ScopedValue<T>;

const NONE = Symbol('none');

/**
 * The context of the unit of work that the running code belongs to: a singleton by constructor injection,
 * which reads whatever is current. In tests, override it with `overrideProvider`.
 *
 * Outside any unit of work each member throws `ERR_NO_ACTIVE_CONTEXT`.
 *
 * @example
 * \@Injectable()
 * class Greeter {
 *   constructor(private readonly context: RequestContext) {}
 *   greet = () => `request ${this.context.id} after ${this.context.elapsed} ms`;
 * }
 */
@Injectable()
export class RequestContext {
  /** The id of the request, in its tasks and background calls too; elsewhere the id of the unit of work. */
  get id(): string {
    return requestId.get(undefined) ?? this.#unit('id').id;
  }

  /** The id of the conversation across services; the request's own id where the caller gave none. */
  get correlationId(): string {
    return correlationId.get(undefined) ?? this.id;
  }

  /** When the unit of work began. */
  get startedAt(): Date {
    return this.#unit('startedAt').startedAt;
  }

  /** Milliseconds since the unit of work began, with fractions. */
  get elapsed(): number {
    return this.#unit('elapsed').elapsed;
  }

  /**
   * The id of the trace that the running code is in; undefined where nothing is traced, and where
   * `registerOpenTelemetry` was not called.
   */
  get traceId(): string | undefined {
    this.#unit('traceId');
    return activeTrace()?.traceId;
  }

  /** The id of the active span; see `traceId`. */
  get spanId(): string | undefined {
    this.#unit('spanId');
    return activeTrace()?.spanId;
  }

  /**
   * The HTTP request: what Nest gives to handlers, once there is one; Node's own before.
   *
   * @throws ContextError `ERR_NOT_IN_REQUEST` in a unit of work of another kind, a task of a request too;
   * `ERR_SCOPE_ENDED` after the end of the request.
   */
  get request(): unknown {
    return this.#exchange('request').request;
  }

  /** The HTTP response; see `request`. */
  get response(): unknown {
    return this.#exchange('response').response;
  }

  /** The value of `variable`, else its default, or, where one is given, `fallback`; see `ContextVar.get`. */
  get<T>(variable: AnyVariable<T>): T;
  get<T, D>(variable: AnyVariable<T>, fallback: D): T | D;
  get(...[variable, ...fallback]: [AnyVariable<unknown>, ...([] | [unknown])]): unknown {
    this.#unit('get');
    return fallback.length === 0 ? variable.get() : variable.get(fallback[0]);
  }

  /** Whether `variable` has a value here; its default does not count. */
  has(variable: AnyVariable<unknown>): boolean {
    this.#unit('has');
    return variable.get(NONE) !== NONE;
  }

  /** Sets `variable` for the unit of work; see `ContextVar.set`. */
  set<T>(variable: ContextVar<T>, value: T): Token<T> {
    this.#unit('set');
    return variable.set(value);
  }

  /** Runs `fn` with `value` for `variable`; see `ContextVar.run` and `ScopedValue.run`. */
  run<T, R>(variable: AnyVariable<T>, value: T, fn: () => R): R {
    this.#unit('run');
    return variable.run(value, fn);
  }

  #unit(member: string): Unit {
    const unit = currentFrame()?.unit;
    if (unit === undefined) {
      throw new ContextError(
        'ERR_NO_ACTIVE_CONTEXT',
        `RequestContext.${member} was used outside any unit of work; use it in a request, or inside runUnitOfWork.`,
      );
    }
    return unit;
  }

  #exchange(member: string): HttpExchange {
    const unit = this.#unit(member);
    if (unit.state instanceof HttpExchange) return unit.state;
    if (unit.kind === 'http' && unit.ended) {
      throw new ContextError(
        'ERR_SCOPE_ENDED',
        `RequestContext.${member} was read after the end of the request; take what you need of it before.`,
      );
    }
    throw new ContextError(
      'ERR_NOT_IN_REQUEST',
      `RequestContext.${member} was read in a unit of work of kind '${unit.kind}', which has no HTTP ${member}.`,
    );
  }
}
