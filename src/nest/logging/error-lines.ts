import { inspect } from 'node:util';
import { escapeLogText } from '../../core/internal.js';
import { cutText, INDENT, oneLine, safeText } from './one-line.js';

/** How deep causes, and the errors of an `AggregateError`, are followed. */
const DEPTH = 5;
/** How many lines an error gets. */
const LINES = 100;
const FRAME = /^\s+at \S/;
/** What is printed otherwise. */
const PRINTED = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/**
 * The error: its message with its own properties, and, on indented lines, the frames of its stack, its causes and the
 * errors that it is made of. Throws what its getters throw.
 */
export function errorLines(error: Error): string {
  return textsOf(error, 0).join('\n');
}

/** A stack that was given as text: all of its lines are indented. */
export function stackLines(stack: string): string {
  return framed(stack)
    .map((line) => INDENT + line)
    .join('\n');
}

/** Only frames have lines of their own: what stands before them is the error's message, which may come from anywhere. */
function framed(stack: string): string[] {
  const lines = cutText(stack).split('\n');
  let frames = lines.length;
  while (frames > 1 && FRAME.test(lines[frames - 1] as string)) frames -= 1;
  const head = escapeLogText(lines.slice(0, frames).join('\n'));
  return [head, ...lines.slice(frames).map((line) => INDENT + escapeLogText(line.trim()))];
}

function textsOf(error: Error, depth: number): string[] {
  const [head, ...frames] = framed(stackOf(error));
  const texts = [head + ownProperties(error), ...frames].slice(0, LINES);
  for (const line of depth === DEPTH ? [] : nestedLines(error, depth)) {
    if (texts.length === LINES) break;
    texts.push(INDENT + line);
  }
  return texts;
}

function stackOf(error: Error): string {
  const { stack } = error;
  return typeof stack === 'string' && stack !== '' ? stack : `${error.name}: ${error.message}`;
}

function ownProperties(error: Error): string {
  const own = Object.entries(error).filter(([key]) => !PRINTED.has(key));
  if (own.length === 0) return '';
  return ` ${oneLine(inspect(Object.fromEntries(own), { compact: true, breakLength: Number.POSITIVE_INFINITY }))}`;
}

function* nestedLines(error: Error, depth: number): Generator<string> {
  if (error.cause !== undefined) yield* labelled('[cause]', error.cause, depth);
  const { errors } = error as { errors?: unknown };
  if (!Array.isArray(errors)) return;
  for (const [at, one] of errors.entries()) yield* labelled(`[errors][${at}]`, one, depth);
}

function* labelled(label: string, nested: unknown, depth: number): Generator<string> {
  const [head, ...lines] = nested instanceof Error ? textsOf(nested, depth + 1) : [safeText(nested)];
  yield `${label} ${head}`;
  yield* lines;
}
