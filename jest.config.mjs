// Everything (ESM-only packages such as Nest 12 too) is compiled to CommonJS by swc, so the same tests
// run on every Node.js version, with nestjs-cls 6 (CommonJS) or 7 (both formats).

/** @type {import('jest').Config} */
const shared = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  moduleNameMapper: {
    '^nestjs-contextvars$': '<rootDir>/src/index.ts',
    // one name per entry of the package
    '^nestjs-contextvars/(core|container|testing)$': '<rootDir>/src/$1/index.ts',
    '^nestjs-contextvars/(bullmq|http|inspector|lambda|microservices|opentelemetry|pino|worker)$':
      '<rootDir>/src/integrations/$1/index.ts',
    // TypeScript's ESM sources say './x.js' for './x.ts'
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.[tj]s$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // ESM-only packages are compiled too; everything else in node_modules is left as it is. The first
  // lookahead makes it look at the innermost node_modules (light-my-request has an ESM-only cookie of its own).
  transformIgnorePatterns: [
    '/node_modules/(?!.*/node_modules/)(?!(@nestjs|file-type|strtok3|token-types|uint8array-extras|load-esm|@tokenizer|@borewit|cookie|@middy|arktype|@ark|arkregex|jose)/)',
  ],
};

// TEST_ONLY=library leaves out what makes processes of its own: .ci/run does so on all but the first Node.js.
const leftOut =
  process.env.TEST_ONLY === 'library' ? ['<rootDir>/test/(sample-app|docs|canary|elevation)/'] : [];

/** @type {import('jest').Config} */
export default {
  // How long a machine takes that has other work is nobody's mistake.
  testTimeout: 30_000,
  // jest by itself leaves one core idle, of two.
  maxWorkers: '100%',
  // What jest keeps of each file makes every collection of the next ones longer, and some tests ask for many.
  workerIdleMemoryLimit: '600MB',
  projects: [
    // Core works without reflect-metadata, so its tests run without it.
    { ...shared, displayName: 'core', testRegex: '/test/core/.*\\.(spec|e2e-spec)\\.ts$' },
    {
      ...shared,
      displayName: 'nest',
      testRegex: '\\.(spec|e2e-spec)\\.ts$',
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/core/', ...leftOut],
      setupFiles: ['reflect-metadata'],
    },
  ],
  collectCoverageFrom: ['src/**/*.ts'],
};
