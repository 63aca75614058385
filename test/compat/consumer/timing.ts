/** Lets other requests go on, for a random time below 5 ms. */
export function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, Math.random() * 5));
}

/** A promise that is resolved from outside. */
export function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
