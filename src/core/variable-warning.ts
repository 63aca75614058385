import { storage } from './storage.js';

/** The code of the warning about a variable that is made while a unit of work runs. */
export const WARN_VAR_IN_UNIT = 'WARN_VAR_IN_UNIT';

const reported = new Set<string>();

// Of a module that is loaded inside a unit (a lazy import): its variables are at module level all the same.
const MODULE_LEVEL =
  /^\s+at (?:Module\._compile|.*ModuleJob\.run|.*SourceTextModule\.evaluate|.*node:internal\/modules)/;

/**
 * Outside production, reports once per place a variable that is made inside a unit of work: each one takes
 * a place in every Context for good, and a value set through one is not found through the next.
 */
export function warnIfInsideUnit(kind: string, name: string): void {
  if (storage.getStore() === undefined || process.env.NODE_ENV === 'production') return;
  // Line 0 is the message, 1 this function, 2 the constructor.
  const [place = 'an unknown place', caller = ''] = (new Error().stack ?? '').split('\n').slice(3, 5);
  if (MODULE_LEVEL.test(caller) || reported.has(place)) return;
  reported.add(place);
  process.emitWarning(
    `${kind} '${name}' was made while a unit of work runs (${place.trim()}); make it once, at module level.`,
    { type: 'ContextWarning', code: WARN_VAR_IN_UNIT },
  );
}
