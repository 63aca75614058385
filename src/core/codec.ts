/**
 * How the value of a variable is written when it crosses a process boundary. Variables without one never
 * leave the process.
 */
export interface Codec<T> {
  encode(value: T): string;
  /** Throws on anything that `encode` did not write. */
  decode(text: string): T;
}
