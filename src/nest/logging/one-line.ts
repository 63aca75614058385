import type { InspectOptions } from 'node:util';
import { cutLogText, escapeLogText, toLogValue } from '../../core/internal.js';

/** Characters that a message or a stack may have: a container runtime cuts longer lines in pieces. */
export const TEXT_LIMIT = 16_384;

/** In front of what follows the line of a record: nothing else begins a line there. */
export const INDENT = '    ';

/** What `util.inspect` itself styles with; anything else behind an ESC is not its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const STYLE = /(\x1b\[(?:1|22|4|24|3[1-6]|39|90)m)/;

/** The text with the mark that says how long it was, where it is longer than that. */
export function cutText(text: string): string {
  if (text.length <= TEXT_LIMIT) return text;
  // Not in the middle of a pair.
  const kept = text.slice(0, TEXT_LIMIT - 32).replace(/[\ud800-\udbff]$/, '');
  return `${kept}…[${text.length} characters]`;
}

/** The text on one line, whatever it contains. */
export function oneLine(text: string): string {
  return escapeLogText(cutText(text));
}

/** At most 1 KiB of it. */
export function shortLine(text: string): string {
  return escapeLogText(cutLogText(text));
}

/** A value in place of which nothing better can be had. */
export function safeText(value: unknown): string {
  return escapeLogText(JSON.stringify(toLogValue(value)));
}

/** What `util.inspect` gave, styled or not: on one line, unless its options asked for a layout; then on indented ones. */
export function inspected(text: string, { compact = true }: InspectOptions = {}): string {
  const lines = compact === true ? [cutText(text)] : cutText(text).split('\n');
  return lines.map(unstyled).join(`\n${INDENT}`);
}

function unstyled(line: string): string {
  const parts = line.split(STYLE);
  return parts.map((part, i) => (i % 2 === 0 ? escapeLogText(part) : part)).join('');
}

/** Has the lines after the first come after what Nest has put `behind` them. */
export function linesLast(text: string, behind: string): string {
  const end = `${behind}\n`;
  const first = text.indexOf('\n');
  if (first >= text.length - end.length || !text.endsWith(end)) return text;
  return `${text.slice(0, first)}${behind}${text.slice(first, -end.length)}\n`;
}
