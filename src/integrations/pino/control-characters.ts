// DEL, C1, U+2028 and U+2029, the bidi controls: what JSON leaves as it is, and a terminal or a reader of lines does not.
const RAW_IN_JSON = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
const EACH = new RegExp(RAW_IN_JSON, 'g');

function unicodeEscape(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** JSON text with these characters escaped: it means the same. */
export function escapeInJson(json: string): string {
  return isAscii(json) ? json : json.replace(EACH, unicodeEscape);
}

/** And without DEL. Asked first because most texts are, and this takes half the time of the expression. */
function isAscii(text: string): boolean {
  return !text.includes('\u007f') && Buffer.byteLength(text) === text.length;
}

/**
 * A value of a log record with these characters as visible escapes: pino writes texts as they are, and an escape of
 * JSON cannot be handed to it.
 */
export function withoutControls<T>(value: T): T {
  if (typeof value === 'string') return (RAW_IN_JSON.test(value) ? escapeInJson(value) : value) as T;
  if (typeof value !== 'object' || value === null) return value;
  const json = JSON.stringify(value);
  // Its backslashes are doubled, so that they are part of the texts.
  return RAW_IN_JSON.test(json)
    ? (JSON.parse(json.replace(EACH, (control) => `\\${unicodeEscape(control)}`)) as T)
    : value;
}
