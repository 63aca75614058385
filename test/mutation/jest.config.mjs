// What mutation testing runs: the tests of core and the model, as one project, because Stryker watches from the test
// environment which test reaches what.

import { fileURLToPath } from 'node:url';
import everything from '../../jest.config.mjs';

const [{ displayName: _, ...core }] = everything.projects;

/** @type {import('jest').Config} */
export default {
  ...core,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  testRegex: '/test/(core|model)/.*\\.spec\\.ts$',
  // They wait for the garbage collector, which takes too long in the heap of a test runner that instruments all of core.
  testPathIgnorePatterns: ['/node_modules/', 'retention\\.spec'],
  testTimeout: 60_000,
};
