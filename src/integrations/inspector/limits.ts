// Whatever an application does, this is the most that is kept of it.

/** Requests kept by default, and at most. */
export const REQUESTS = { byDefault: 100, atMost: 1000 } as const;

/** Scopes, tasks, jobs and instances of one request. */
export const ENTRIES = 200;

/** Log lines of one request. */
export const LINES = 100;

/** Log fields of one request, and bindings of one scope. */
export const FIELDS = 32;

/** Bytes of UTF-8 of a name, a value or an error. */
export const TEXT_BYTES = 256;

/** Bytes of UTF-8 of a path or a log line. */
export const LONG_TEXT_BYTES = 1024;

/** Pages that may look at once. */
export const LOOKERS = 8;
