import { join } from 'node:path';
import ts from 'typescript';
import { pages, type Run, root, run, type Snippet, snippetsOf } from './snippets.js';

// What a newcomer copies from the pages has to do what the pages say that it does.

// Those of docs/errors.md are run by errors.spec.ts.
const examples = pages.filter((page) => page !== 'docs/errors.md').flatMap(snippetsOf);
const shown = examples.filter(({ output }) => output !== undefined);
const runs = new Map<Snippet, Run>();

beforeAll(async () => {
  // Two at a time: a process each.
  const waiting = [...shown];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      runs.set(next, await run(next));
  };
  await Promise.all([worker(), worker()]);
}, 60_000);

test('the README has an example with its output', () => {
  expect(shown.some(({ place }) => place.startsWith('README.md'))).toBe(true);
});

test('all JavaScript examples say what they print', () => {
  const silent = examples.filter(({ language, output }) => language === 'js' && output === undefined);
  expect(silent.map(({ place }) => place)).toEqual([]);
});

test.each(shown)('the example at $place prints what stands below it', (snippet) => {
  expect(runs.get(snippet)?.printed).toBe(snippet.output);
});

describe('type checks', () => {
  const typed = pages.flatMap(snippetsOf).filter(({ language }) => language === 'ts');
  const found = new Map<string, string[]>();

  // In memory, in the folder of this file: they resolve what a file here would.
  beforeAll(() => {
    const files = new Map(typed.map(({ place, code }) => [fileOf(place), code]));
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
    const { options: own } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
    const options = { ...own, noEmit: true, moduleDetection: ts.ModuleDetectionKind.Force };
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (file) => files.has(file) || fileExists(file);
    host.readFile = (file) => files.get(file) ?? readFile(file);
    host.getSourceFile = (file, target, ...rest) => {
      const code = files.get(file);
      return code === undefined
        ? getSourceFile(file, target, ...rest)
        : ts.createSourceFile(file, code, target);
    };
    const program = ts.createProgram([...files.keys()], options, host);
    for (const file of files.keys()) {
      const source = program.getSourceFile(file);
      const diagnostics = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ];
      const said = diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
      found.set(file, said);
    }
  }, 60_000);

  test.each(typed)('the TypeScript example at $place', ({ place }) => {
    expect(found.get(fileOf(place))).toEqual([]);
  });
});

function fileOf(place: string): string {
  return join(__dirname, `${place.replace(/\W/g, '-')}.ts`).replaceAll('\\', '/');
}
