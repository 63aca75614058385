// tsc gives types and code. The code is then put together for both module formats, with one file for what the entries share
// of a room: sixty small ones take 50 ms to import, which each cold start of a Lambda would pay (bench/start/import.mjs).

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import { rollup } from 'rollup';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
// Built beside it and put in its place in the end: a build that fails leaves the last one.
const dist = join(root, 'dist');
const made = join(root, 'dist.new');
const compiled = join(made, 'compiled');
/** What the inspector serves, as it stands. */
const PAGE = 'src/integrations/inspector/page';

rmSync(made, { recursive: true, force: true });
try {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.esm.json', '--outDir', compiled], {
    cwd: root,
    stdio: 'inherit',
  });
} catch (error) {
  // tsc has said what is wrong; a stack trace of this script would only bury it.
  process.exit(error.status ?? 1);
}

const bundle = await rollup({
  input: entries(),
  external: (id) => !/^[./]/.test(id),
  plugins: [{ name: 'compiled', load: withSourceMap, renderChunk: forColdStarts }],
  onwarn({ code, message }) {
    // tsc's helpers for decorators ask for `this`, and do without it.
    if (code !== 'THIS_IS_UNDEFINED') throw new Error(message);
  },
});
for (const [folder, format, type] of [
  ['esm', 'es', 'module'],
  ['cjs', 'cjs', 'commonjs'],
]) {
  await bundle.write({
    dir: join(made, folder),
    format,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
    manualChunks: roomOf,
    hoistTransitiveImports: false,
    sourcemap: true,
    interop: 'auto',
    exports: 'named',
  });
  cpSync(join(root, PAGE), join(made, folder, PAGE.replace('src/', '')), { recursive: true });
  const types = (file) => !basename(file).includes('.') || file.endsWith('.d.ts');
  cpSync(compiled, join(made, folder), { recursive: true, filter: types });
  writeFileSync(join(made, folder, 'package.json'), `${JSON.stringify({ type })}\n`);
}
rmSync(compiled, { recursive: true });
rmSync(dist, { recursive: true, force: true });
renameSync(made, dist);

/** By their path without ending, which they keep: what package.json exports. */
function entries() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.fromEntries(
    Object.values(exports)
      .filter((entry) => typeof entry === 'object')
      .map((entry) => entry.import.default.replace(/^\.\/dist\/esm\/(.*)\.js$/, '$1'))
      .map((path) => [path, join(compiled, `${path}.js`)]),
  );
}

/** Core as one file, its entry with it; what else entries share is divided as it is shared. */
function roomOf(id) {
  return id.startsWith(join(compiled, 'core')) ? 'core' : undefined;
}

/** rollup does not look for the source maps of tsc by itself. */
function withSourceMap(id) {
  return { code: readFileSync(id, 'utf8'), map: JSON.parse(readFileSync(`${id}.map`, 'utf8')) };
}

/**
 * What a cold start reads, link by link: without comments and white space, with short names for what is local (classes and
 * functions keep theirs, the source maps have the rest), and with Node's own modules taken from the process. That makes an
 * import of "./lambda" 1.4 ms shorter, of 6 that are not Node's own (bench/start/import.mjs).
 */
function forColdStarts(code, _chunk, { format }) {
  return transform(format === 'es' ? builtinsOfProcess(code) : code, {
    swcrc: false,
    sourceMaps: true,
    isModule: 'unknown',
    minify: true,
    jsc: {
      target: 'es2023',
      // One character above 255 makes a text of two bytes a character of the whole file, which takes longer to read.
      output: { charset: 'ascii' },
      parser: { syntax: 'ecmascript' },
      minify: {
        compress: false,
        mangle: { toplevel: true, keep_classnames: true, keep_fnames: true },
        module: format === 'es',
      },
    },
  });
}

/** Each import of one makes a module of its own around it. */
function builtinsOfProcess(code) {
  return code.replace(
    /^import \{ (.*) \} from '(node:[a-z_/]+)';$/gm,
    (_, names, id) => `const { ${names.replaceAll(' as ', ': ')} } = process.getBuiltinModule('${id}');`,
  );
}
