/** Ends the process in order when it is told to stop: `close`, once, and then with 0. */
export function stopOnSignal(close: () => Promise<void>): void {
  const stop = async () => {
    try {
      await close();
      process.exit(0);
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}
