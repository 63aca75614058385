import type { LambdaHandler } from './lambda-event.js';

/** With these middy builds a chain: functions of the handler that give it back. */
const LINKS = ['use', 'before', 'after', 'onError', 'handler'] as const;

type Link = (...args: unknown[]) => unknown;

/**
 * Where `original` is a middy chain, lets `wrapped` go on with it: what `use` gives back is `wrapped`, and not the chain
 * that runs in no context.
 */
export function keepChain<H extends LambdaHandler>(wrapped: H, original: LambdaHandler): H {
  const chain = original as unknown as Record<string, unknown>;
  if (!LINKS.every((link) => typeof chain[link] === 'function')) return wrapped;
  for (const link of LINKS) {
    const value: Link = (...args) => {
      const given = (chain[link] as Link)(...args);
      return given === original ? wrapped : given;
    };
    Object.defineProperty(wrapped, link, { value, configurable: true, enumerable: true, writable: true });
  }
  return wrapped;
}
