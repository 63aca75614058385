import * as http from '../../../src/integrations/http/index.js';

test('the entry "./http" exports these names at run time, and no others', () => {
  expect(Object.keys(http).sort()).toEqual([
    'acceptHttpContext',
    'axiosContext',
    'extractHttpContext',
    'injectHttpContext',
    'propagateOutgoing',
    'undiciContext',
  ]);
});

test('each of them is a function under its own name', () => {
  const names = Object.entries(http).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(http).map((name) => [name, 'function', name]));
});
