import { createParamDecorator, type PipeTransform, type Type } from '@nestjs/common';
import { ContextVar, ScopedValue } from '../core/index.js';
import type { AnyVariable } from './request-context.js';

export interface FromContextOptions {
  /** What the parameter is where the variable has no value, `undefined` too; it beats the variable's default. */
  readonly fallback: unknown;
}

type Pipe = Type<PipeTransform> | PipeTransform;

interface Source {
  readonly variable: AnyVariable<unknown>;
  readonly options: FromContextOptions | undefined;
}

const fromContext = createParamDecorator(({ variable, options }: Source) =>
  options === undefined ? variable.get() : variable.get(options.fallback),
);

/**
 * A parameter of a handler that is the value of `variable`, through pipes where some are given. Without a
 * value, default or fallback the request fails with the `ERR_VAR_UNSET` of `ContextVar.get`.
 *
 * @throws TypeError where `variable` is neither a ContextVar nor a ScopedValue.
 *
 * @example
 * \@Get()
 * list(@FromContext(tenant) tenant: string, @FromContext(page, { fallback: '1' }, ParseIntPipe) page: number) {}
 */
export function FromContext(variable: AnyVariable<unknown>, ...pipes: Pipe[]): ParameterDecorator;
export function FromContext(
  variable: AnyVariable<unknown>,
  options: FromContextOptions,
  ...pipes: Pipe[]
): ParameterDecorator;
export function FromContext(
  variable: AnyVariable<unknown>,
  ...rest: (FromContextOptions | Pipe)[]
): ParameterDecorator {
  if (!(variable instanceof ContextVar || variable instanceof ScopedValue)) {
    throw new TypeError('@FromContext: expected a ContextVar or a ScopedValue');
  }
  const [first] = rest;
  const options = isOptions(first) ? first : undefined;
  const pipes = (options === undefined ? rest : rest.slice(1)) as Pipe[];
  return fromContext({ variable, options } as Source, ...pipes);
}

function isOptions(value: FromContextOptions | Pipe | undefined): value is FromContextOptions {
  return typeof value === 'object' && value !== null && 'fallback' in value && !('transform' in value);
}
