export type { LeftoverOptions } from './assert-nothing-left.js';
export { assertNothingLeft } from './assert-nothing-left.js';
export type { RequestContextShape, RequestContextValues } from './fake-request-context.js';
export { fakeRequestContext } from './fake-request-context.js';
export type { TestUnitOptions } from './run-in-test-unit.js';
export { runInTestUnit } from './run-in-test-unit.js';
