// Mutation testing of core: `npm run test:mutation`, or, for some files, with `--mutate src/core/token.ts,src/core/cell.ts`.
// It takes hours for all of core, and no part of CI; the results are kept, so that the next run tests what has changed.

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  jest: { configFile: 'test/mutation/jest.config.mjs' },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--expose-gc'],
  coverageAnalysis: 'perTest',
  mutate: [
    'src/core/**/*.ts',
    // Lists of names: a name that is missing is an error of the types.
    '!src/core/{index,internal,implementation,loaded}.ts',
  ],
  // What runs only while a file is loaded needs a new process, and all tests, for each mutant.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 120_000,
  dryRunTimeoutMinutes: 60,
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'progress', 'html', 'json'],
  htmlReporter: { fileName: 'reports/mutation/index.html' },
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  clearTextReporter: { reportTests: false, allowColor: false },
  ignorePatterns: ['dist', 'dist-sample', 'dist.new', 'bench', 'sample-app', 'reports', 'coverage'],
  thresholds: { high: 95, low: 90, break: 90 },
};
