// Which room may import what. Imports run one way: core <- container <- nest <- integrations.

/** Everything that `room` imports must match one of `allowed` (resolved paths). */
const mayImportOnly = (room, allowed) => ({
  name: `${room}-imports`,
  severity: 'error',
  comment: `src/${room} may import only: ${allowed.join(', ')}`,
  from: { path: `^src/${room}/` },
  to: { pathNot: allowed, dependencyTypesNot: ['core'] },
});

const packages = (...names) => names.map((name) => `(^|/)node_modules/${name}/`);

/** The files of src/container that make up the entry "./container". */
const TSYRINGE = 'index\\.ts$|tsyringe';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    mayImportOnly('core', ['^src/core/']),
    mayImportOnly('container', ['^src/(core|container)/', ...packages('tsyringe', 'reflect-metadata')]),
    mayImportOnly('nest', [
      '^src/(core|container|nest)/',
      ...packages('@nestjs/[^/]+', 'nestjs-cls', 'rxjs', 'reflect-metadata'),
    ]),
    mayImportOnly('testing', ['^src/(core|testing)/']),
    mayImportOnly('integrations', ['^src/(core|container|nest|integrations)/', ...packages('.+')]),
    {
      name: 'tsyringe-only-behind-its-entry',
      severity: 'error',
      comment: 'An application that does not use the entry "./container" need not have tsyringe installed.',
      from: { path: '^src/', pathNot: `^src/container/(${TSYRINGE})` },
      to: { path: [`^src/container/(${TSYRINGE})`, ...packages('tsyringe')] },
    },
    {
      name: 'only-storage-touches-async-hooks',
      severity: 'error',
      comment: 'One file touches AsyncLocalStorage.',
      from: { path: '^src/', pathNot: '^src/core/storage\\.ts$' },
      to: { path: '^(node:)?async_hooks$' },
    },
    {
      name: 'no-runtime-cycle',
      severity: 'error',
      comment: 'Types may be circular ("import type"), running code may not.',
      from: { pathNot: '(^|/)node_modules/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'library-stands-alone',
      severity: 'error',
      comment: 'Nothing in src imports what is made for or from it.',
      from: { path: '^src/' },
      to: { path: '^(sample-app|test|bench|scripts|dist|dist-sample)/' },
    },
    {
      name: 'library-does-not-import-itself-by-name',
      severity: 'error',
      comment: 'Inside src a relative path is used: the package name would load the built copy.',
      from: { path: '^src/' },
      to: { path: '^(src|dist)/', dependencyTypes: ['aliased'] },
    },
    {
      name: 'sample-uses-the-package-name',
      severity: 'error',
      comment: 'The sample application imports the library as its users do.',
      from: { path: '^sample-app/' },
      to: { path: '^(src|test|bench|scripts)/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'no-undeclared-package',
      severity: 'error',
      comment: 'What the library imports is a peer dependency, not something that happens to be installed.',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'Every import leads somewhere; what is built may not be there yet.',
      from: { pathNot: '(^|/)node_modules/' },
      to: { couldNotResolve: true, pathNot: '^(\\.\\./)+dist-sample/' },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^(dist|dist-sample|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
