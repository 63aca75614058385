import * as entry from '../../src/container/index.js';
import { ContextScoped as ofTheRoom } from '../../src/container/internal.js';

test('the entry "./container" exports these names at run time, and no others', () => {
  expect(Object.keys(entry).sort()).toEqual(['ContextScoped', 'contextScopedFactory', 'loadScoped']);
});

test('each of them is a function under its own name', () => {
  const names = Object.entries(entry).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(entry).map((name) => [name, 'function', name]));
});

test('its decorator is the one that the other rooms look for', () => {
  expect(entry.ContextScoped).toBe(ofTheRoom);
});
