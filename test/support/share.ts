/**
 * How many of `count` repetitions to make: all, or the part that TEST_SHARE says (0.1 for a tenth). The whole suite is run on
 * one Node.js with all of them, and on the others with fewer.
 */
export function share(count: number): number {
  const part = Number(process.env.TEST_SHARE ?? 1);
  if (!(part > 0 && part <= 1))
    throw new Error(`TEST_SHARE is '${process.env.TEST_SHARE}'; it can be 0.1, or 1`);
  return Math.ceil(count * part);
}
