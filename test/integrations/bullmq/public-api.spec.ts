import * as bullmq from '../../../src/integrations/bullmq/index.js';

test('the entry "./bullmq" exports these names at run time, and no others', () => {
  expect(Object.keys(bullmq).sort()).toEqual(['WithJobContext', 'contextTelemetry', 'withJobContext']);
});

test('each of them is a function under its own name', () => {
  const names = Object.entries(bullmq).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(bullmq).map((name) => [name, 'function', name]));
});
