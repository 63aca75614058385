let cold = true;

/** True for the first call in this process, and for no other. */
export function isColdStart(): boolean {
  const first = cold;
  cold = false;
  return first;
}
