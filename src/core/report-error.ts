/** Gets errors that no caller is there to receive: of background work, of hooks at the end of a unit. */
export type ErrorReporter = (error: unknown, where: string) => void;

/** Of the applications that are open; the last one gets the errors. */
const reporters: ErrorReporter[] = [];

function toConsole(error: unknown, where: string): void {
  console.error(`[nestjs-contextvars] Error ${where}:`, error);
}

/** Has such errors go to `reporter`, until the returned function is called. */
export function addErrorReporter(reporter: ErrorReporter): () => void {
  reporters.push(reporter);
  return () => {
    const at = reporters.lastIndexOf(reporter);
    if (at !== -1) reporters.splice(at, 1);
  };
}

/** Never throws: a reporter that fails must not turn into an unhandled rejection of the work it reports. */
export function reportError(error: unknown, where: string): void {
  try {
    const reporter = reporters.at(-1) ?? toConsole;
    reporter(error, where);
  } catch (failure) {
    try {
      console.error(`[nestjs-contextvars] Error ${where}:`, error, '\nand its reporter failed:', failure);
    } catch {
      // Somebody has put a function that throws in its place: nobody is left to tell.
    }
  }
}
