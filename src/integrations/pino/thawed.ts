/** A copy of a value of a log record that may be written into, as pino's serializer of errors does for a moment. */
export function thawed<T>(value: T): T {
  return typeof value === 'object' && value !== null ? (JSON.parse(JSON.stringify(value)) as T) : value;
}
