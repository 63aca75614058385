/** Where and when something was made that has a name in this process. */
export interface MadeAt {
  /** Where in the source; undefined where the stack does not say. */
  readonly file: string | undefined;
  /** `:line:column` */
  readonly position: string | undefined;
  /** The same object for all that is made in one synchronous run, as modules are at start. */
  readonly run: object;
}

/** The variables of this library: made once in a process, and while it is imported, where a look at the stack takes long. */
const OWN = 'context.';
const NOWHERE = { file: undefined, position: undefined };

/** Where the constructor `madeBy` of a variable of that name was called, and in which run. */
export function madeAt(name: string, madeBy: abstract new (...args: never[]) => unknown): MadeAt {
  const place = name.startsWith(OWN) ? NOWHERE : placeOfCaller(madeBy);
  return { ...place, run: currentRun() };
}

/**
 * Whether one is the other, made again by its module, loaded again (hot reload, a test runner). Not told by the position
 * alone: a module is loaded again because it was edited.
 */
export function isReloaded(old: MadeAt, made: MadeAt): boolean {
  return (
    made.file !== undefined &&
    made.file === old.file &&
    (made.position === old.position || made.run !== old.run)
  );
}

/** For an error message; empty where nothing is known. */
export function madeWhere({ file, position }: MadeAt): string {
  const path = file?.replace('file://', '').replace(`${process.cwd()}/`, '');
  return path === undefined ? '' : ` (made at ${path}${position})`;
}

// `at name (file:1:2)` or `at file:1:2`; reloaders add a query to the file.
const PLACE = /(?:\(|at (?:async )?)([^()?]+)(?:\?[^():]*)?(:\d+:\d+)\)?$/;

function placeOfCaller(
  madeBy: abstract new (...args: never[]) => unknown,
): Pick<MadeAt, 'file' | 'position'> {
  const holder: { readonly stack?: unknown } = {};
  Error.captureStackTrace(holder, madeBy);
  const frame = typeof holder.stack === 'string' ? holder.stack.split('\n')[1] : undefined;
  const [, file, position] = PLACE.exec(frame ?? '') ?? [];
  return { file, position };
}

let run: object | undefined;

function currentRun(): object {
  if (run === undefined) {
    run = {};
    queueMicrotask(() => {
      run = undefined;
    });
  }
  return run;
}
