/**
 * What ends a line, moves a cursor or turns the reading direction, for a terminal or whatever reads the log by lines:
 * C0, DEL, C1, U+2028 and U+2029, the bidi controls. And surrogates, in pairs too, when they are text.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
export const SUSPECT = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu;
/** Of these, what `JSON.stringify` leaves as it is. */
const RAW_IN_JSON = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function visible(control: string): string {
  const short = SHORT.get(control);
  if (short !== undefined) return short;
  const code = control.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(control);
}

function unicodeEscape(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The text with every control character as a visible escape: one line, whatever it contained. */
export function escapeLogText(text: string): string {
  return SUSPECT.test(text) ? text.replace(CONTROL, visible) : text;
}

/** JSON text, which means the same afterwards, with what JSON leaves raw escaped too. */
export function escapeLogJson(json: string): string {
  return isAscii(json) ? json : json.replace(RAW_IN_JSON, unicodeEscape);
}

/** And without DEL. Most texts are, and to see that takes half the time of the expression. */
function isAscii(text: string): boolean {
  return !text.includes('\u007f') && Buffer.byteLength(text) === text.length;
}
