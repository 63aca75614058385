import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as lambda from 'nestjs-contextvars/lambda';

test('the entry "./lambda" exports these names at run time, and no others', () => {
  expect(Object.keys(lambda).sort()).toEqual([
    'WithLambdaContext',
    'appendKeys',
    'lambdaContext',
    'lambdaInvocation',
    'logKeys',
    'processSqsBatch',
    'removeKeys',
    'resetKeys',
    'withLambdaContext',
    'withRecordContext',
  ]);
});

test('each of them is a function under its own name', () => {
  const names = Object.entries(lambda).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(lambda).map((name) => [name, 'function', name]));
});

test('it loads core and what comes with Node, and nothing else', () => {
  const src = join(__dirname, '../../../src');
  const rooms = new Set<string>();
  const visited = new Set<string>();
  const visit = (file: string): void => {
    if (visited.has(file)) return;
    visited.add(file);
    rooms.add(relative(src, dirname(file)));
    const imports = readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )(?:[^;'()=]* from )?'([^']+)';$/gm,
    );
    for (const [, name = ''] of imports) {
      if (name.startsWith('.')) visit(join(dirname(file), name.replace(/\.js$/, '.ts')));
      else expect(name).toMatch(/^node:/);
    }
  };
  visit(join(src, 'integrations/lambda/index.ts'));
  expect([...rooms].sort()).toEqual(['core', 'integrations/lambda']);
  expect(visited.size).toBeGreaterThan(30);
});
