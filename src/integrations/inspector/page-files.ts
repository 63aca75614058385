import { readFileSync } from 'node:fs';

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

const TYPES = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
} as const;

/** What the page is made of: nothing else is served. */
const NAMES = [
  'page.css',
  'page.js',
  'actions.js',
  'element.js',
  'request-details.js',
  'request-list.js',
  'request-row.js',
  'timeline.js',
  'icon.svg',
] as const;

/** By name; read when they are first asked for. */
const files = new Map<string, PageFile>();

export function pageFile(name: string): PageFile | undefined {
  return NAMES.some((one) => one === name) ? fileOf(name) : undefined;
}

/**
 * The page itself. Its links are relative, so that it works below any prefix, of a proxy too.
 *
 * @param base What leads from the address of the page to its files: `inspector/`, or nothing where the address ends in `/`.
 */
export function pageHtml(base: string): PageFile {
  const { type, text } = fileOf('page.html');
  return { type, text: text.replaceAll('{{base}}', base) };
}

function fileOf(name: string): PageFile {
  let file = files.get(name);
  if (file === undefined) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES];
    file = { type, text: readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8') };
    files.set(name, file);
  }
  return file;
}
