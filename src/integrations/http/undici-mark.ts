import { randomUUID } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { firstLoaded, reportError } from '../../core/internal.js';
import { listCarrier } from './header-carrier.js';
import type { OriginCheck } from './origins.js';
import { mayCarryContext, type UndiciTarget } from './undici-target.js';

/** What a request was given, and what stood in its headers before. */
export interface Given {
  readonly allows: OriginCheck;
  readonly before: readonly (readonly [name: string, value: string | undefined])[];
}

/**
 * A header that never leaves the process. An interceptor that follows redirects takes the headers of a request along to
 * wherever it is sent, and nothing else of it gets there: by this one the next request is recognized.
 */
const MARK = 'x-nestjs-contextvars-mark';

/** Marks headers, until the returned function is called. */
export function mark(headers: unknown[], given: Given): () => void {
  const marked = firstLoaded('http.marked', takeOffMarks);
  // Not to be guessed: some applications pass on all headers that they have got.
  const token = randomUUID();
  marked.set(token, given);
  headers.push(MARK, token);
  return () => void marked.delete(token);
}

function takeOffMarks(): Map<string, Given> {
  const marked = new Map<string, Given>();
  subscribe('undici:request:create', (message) => {
    // What a subscriber throws ends the process.
    try {
      takeOff((message as { readonly request: UndiciTarget & { headers?: unknown } }).request, marked);
    } catch (error) {
      reportError(error, 'in an outgoing request');
    }
  });
  return marked;
}

function takeOff(request: UndiciTarget & { headers?: unknown }, marked: ReadonlyMap<string, Given>): void {
  if (!Array.isArray(request.headers)) return;
  const headers = listCarrier(request.headers);
  const tokens = headers.get(MARK)?.split(', ') ?? [];
  if (tokens.length > 0) headers.delete(MARK);
  // What was given last is taken back first.
  for (const token of tokens.reverse()) {
    const given = marked.get(token);
    if (given === undefined || mayCarryContext(request, given.allows)) continue;
    for (const [name, value] of given.before) {
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
    }
  }
}
