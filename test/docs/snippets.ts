import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export const root = join(__dirname, '../..');

/** What a reader may copy. The decision pages are not among them: they show what was rejected. */
export const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter(isPage).map(inDocs).sort()];

function isPage(name: string): boolean {
  return name.endsWith('.md');
}

function inDocs(name: string): string {
  return `docs/${name}`;
}

export interface Snippet {
  /** `docs/concepts.md:12`, the line of its first fence. */
  readonly place: string;
  /** The second-level heading that it stands under. */
  readonly heading: string | undefined;
  readonly language: 'js' | 'ts';
  readonly code: string;
  /** What the page says that it prints: the `text` block right after it. */
  readonly output: string | undefined;
}

export function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

export function snippetsOf(page: string): Snippet[] {
  const text = textOf(page);
  const blocks = text.matchAll(/^```(js|ts)\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?/gms);
  return [...blocks].map((block) => {
    const before = text.slice(0, block.index);
    return {
      place: `${page}:${before.split('\n').length}`,
      heading: before
        .match(/^## .*$/gm)
        ?.at(-1)
        ?.slice(3),
      language: block[1] as 'js' | 'ts',
      code: block[2] as string,
      output: block[3],
    };
  });
}

export interface Run {
  /** What it printed; where it ended with an uncaught error, that error's name and message follow. */
  readonly printed: string;
  /** The code of that error. */
  readonly code: string | undefined;
}

/** Runs a snippet as it stands, on the built package. */
export function run({ language, code }: Snippet): Promise<Run> {
  const script = language === 'js' ? code : transpiled(code, ts.ModuleKind.ESNext);
  return new Promise((resolve) => {
    const args = ['--input-type=module', '--eval', script];
    execFile(process.execPath, args, { cwd: root, encoding: 'utf8' }, (error, stdout, stderr) => {
      const uncaught = error === null ? '' : `${stderr.match(/^\w*Error: .*$/m)?.[0] ?? stderr}\n`;
      resolve({ printed: stdout + uncaught, code: stderr.match(/^\s+code: '(\w+)'/m)?.[1] });
    });
  });
}

export function transpiled(code: string, module: ts.ModuleKind): string {
  const { compilerOptions } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, root);
  return ts.transpileModule(code, { compilerOptions: { ...options, module, sourceMap: false } }).outputText;
}
