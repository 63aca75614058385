/**
 * How the value of a variable is written when it crosses a process boundary. Variables without one never
 * leave the process.
 *
 * @example
 * const dates: Codec<Date> = {
 *   encode: (date) => date.toISOString(),
 *   decode(text) {
 *     const date = new Date(text);
 *     if (date.toISOString() !== text) throw new TypeError('not a date that this codec wrote');
 *     return date;
 *   },
 * };
 */
export interface Codec<T> {
  encode(value: T): string;
  /** Throws on anything that `encode` did not write. */
  decode(text: string): T;
  /**
   * Says that what `encode` writes cannot be read without a key: it encrypts. Only with such a codec may a `secret`
   * variable be portable. Default: false.
   */
  readonly confidential?: boolean;
}
