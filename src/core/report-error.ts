/** Gets errors that no caller is there to receive: of background work, of hooks at the end of a unit. */
export type ErrorReporter = (error: unknown, where: string) => void;

let reporter: ErrorReporter = (error, where) => {
  console.error(`[nestjs-contextvars] Error ${where}:`, error);
};

/** Replaces where such errors go, and gives back what was there before. */
export function setErrorReporter(next: ErrorReporter): ErrorReporter {
  const previous = reporter;
  reporter = next;
  return previous;
}

/** Never throws: a reporter that fails must not turn into an unhandled rejection of the work it reports. */
export function reportError(error: unknown, where: string): void {
  try {
    reporter(error, where);
  } catch (failure) {
    console.error(`[nestjs-contextvars] Error ${where}:`, error, '\nand its reporter failed:', failure);
  }
}
