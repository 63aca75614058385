import { storage } from './storage.js';

/** The code of the warning about a variable that is made while a unit of work runs. */
export const WARN_VAR_IN_UNIT = 'WARN_VAR_IN_UNIT';

const reported = new Set<string>();

// Of a module that is loaded inside a unit (a lazy import): its variables are at module level all the same.
// A test runner or a bundler has a loader of its own; after a top-level await there is no caller at all.
const MODULE_LOADER = new RegExp(
  '^\\s+at (?:Module\\._compile|.*ModuleJob\\.run|.*SourceTextModule\\.evaluate|.*node:internal/modules' +
    '|.*[\\\\/]jest-runtime[\\\\/]|.*[\\\\/](?:vitest|vite-node|vite)[\\\\/]|.*__webpack_require__)',
);
const WITHOUT_A_NAME = /^\s+at (?:file:|\/|[A-Z]:\\)/;

/**
 * Outside production, reports once per place a variable that is made inside a unit of work: each one takes
 * a place in every Context for good, and a value set through one is not found through the next.
 */
export function warnIfInsideUnit(kind: string, name: string): void {
  if (storage.getStore() === undefined || process.env.NODE_ENV === 'production') return;
  // Line 0 is the message, 1 this function, 2 the constructor.
  const { stack } = new Error();
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  const [place = 'an unknown place', caller = ''] = lines.slice(3, 5);
  const atModuleLevel = MODULE_LOADER.test(caller) || (caller === '' && WITHOUT_A_NAME.test(place));
  if (atModuleLevel || reported.has(place)) return;
  reported.add(place);
  process.emitWarning(
    `${kind} '${name}' was made while a unit of work runs (${place.trim()}); make it once, at module level.`,
    { type: 'ContextWarning', code: WARN_VAR_IN_UNIT },
  );
}
