import type { Attributes, SpanOptions } from '@opentelemetry/api';
import { reportError, requireName, wrapMethod, wrongArgument } from '../../core/internal.js';
import { checkedOptions, runInSpan, type WithSpanOptions } from './with-span.js';

export interface SpanDecoratorOptions<A extends unknown[] = unknown[]>
  extends Omit<WithSpanOptions, 'attributes' | 'startTime'> {
  /** The attributes, or what makes them of the call's `this` and arguments: an error of that is reported. Default: none. */
  // biome-ignore lint/suspicious/noExplicitAny: `this` is the class that is decorated, which is not known here
  readonly attributes?: Attributes | ((this: any, ...args: A) => Attributes);
}

/**
 * Runs each call of a method in a span of its own; see {@link withSpan}. Metadata, name and length of the method stay, in either
 * order of decorators.
 *
 * @param name what the span is called. Default: `Class.method`.
 * @throws TypeError where it does not decorate a method, or an argument has the wrong type.
 *
 * @example
 * class Orders {
 *   \@Span('load order', { attributes: (id: string) => ({ 'order.id': id }) })
 *   async load(id: string) { ... }
 * }
 */
export function Span<A extends unknown[]>(options?: SpanDecoratorOptions<A>): MethodDecorator;
export function Span<A extends unknown[]>(name: string, options?: SpanDecoratorOptions<A>): MethodDecorator;
export function Span(
  ...[first, second]: [SpanDecoratorOptions?] | [string, SpanDecoratorOptions?]
): MethodDecorator {
  const where = '@Span';
  const named = typeof first === 'string';
  if (named) requireName(where, first);
  const { tracer, attributes, ...options } = checkedOptions(where, named ? second : first);
  if (attributes !== undefined && typeof attributes !== 'function' && !isObject(attributes))
    throw wrongArgument(where, 'an object or a function as attributes', attributes);
  return wrapMethod(where, (method, own) => {
    const name = named ? first : own;
    return function (this: unknown, ...args: never[]): unknown {
      const made = attributesOf(attributes, this, args, name);
      const planned = { name, tracer, options: { ...options, ...(made && { attributes: made }) } };
      return runInSpan(planned, () => Reflect.apply(method, this, args) as unknown);
    };
  });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function attributesOf(
  attributes: SpanDecoratorOptions['attributes'],
  self: unknown,
  args: unknown[],
  name: string,
): SpanOptions['attributes'] {
  if (typeof attributes !== 'function') return attributes;
  try {
    return Reflect.apply(attributes, self, args) as Attributes;
  } catch (error) {
    reportError(error, `in the attributes of the span '${name}'`);
    return undefined;
  }
}
