// Mutation testing of core: `npm run test:mutation`, or, for some files, with `-- --mutate src/core/token.ts,src/core/cell.ts`. The
// results are kept, so that the next run tests what has changed. See docs/decisions/mutation-testing.md.

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'process',
  plugins: ['./test/mutation/runner.mjs'],
  testRunnerNodeArgs: ['--expose-gc', '--max-old-space-size=2048'],
  coverageAnalysis: 'perTest',
  mutate: [
    'src/core/**/*.ts',
    // Lists of names: a name that is missing is an error of the types.
    '!src/core/{index,internal,implementation,loaded}.ts',
  ],
  // What runs only while a file is loaded would need a new process, and all tests, for each mutant.
  ignoreStatic: true,
  concurrency: 1,
  // Generous: what takes too long counts as killed, and the machine may have other work.
  timeoutMS: 8_000,
  timeoutFactor: 4,
  // A process that has run many mutants holds what they have left behind.
  maxTestRunnerReuse: 400,
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'progress', 'html', 'json'],
  htmlReporter: { fileName: 'reports/mutation/index.html' },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  clearTextReporter: { reportTests: false, allowColor: false },
  ignorePatterns: ['dist', 'dist-sample', 'dist.new', 'bench', 'sample-app', 'reports', 'coverage'],
  thresholds: { high: 95, low: 90, break: 90 },
};
