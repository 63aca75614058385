import * as testing from '../../src/testing/index.js';

test('the entry "./testing" exports these names at run time, and no others', () => {
  expect(Object.keys(testing).sort()).toEqual(['assertNothingLeft', 'fakeRequestContext', 'runInTestUnit']);
});

test('each of them is a function under its own name', () => {
  const names = Object.entries(testing).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(testing).map((name) => [name, 'function', name]));
});
