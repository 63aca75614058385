import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as entry from 'nestjs-contextvars/pino';

test('the entry "./pino" exports these names at run time, and no others', () => {
  expect(Object.keys(entry).sort()).toEqual(['contextMixin', 'contextPinoHttp', 'safeHooks']);
});

test('each of them is a function under its own name', () => {
  const names = Object.entries(entry).map(([name, value]) => [name, typeof value, value.name]);
  expect(names).toEqual(Object.keys(entry).map((name) => [name, 'function', name]));
});

test('it loads core and what comes with Node: not pino, and not Nest', () => {
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
  visit(join(src, 'integrations/pino/index.ts'));
  expect([...rooms].sort()).toEqual(['core', 'integrations/pino']);
  expect(visited.size).toBeGreaterThan(30);
});

test('arguments of the wrong type are TypeErrors', () => {
  const { contextMixin, contextPinoHttp, safeHooks } = entry;
  const wrong = 7 as never;
  expect(() => contextMixin(wrong)).toThrow(TypeError);
  expect(() => contextMixin({ mixin: wrong })).toThrow(
    'contextMixin: mixin: expected a function, got a number',
  );
  expect(() => safeHooks(wrong)).toThrow(TypeError);
  expect(() => safeHooks({ logMethod: wrong })).toThrow('safeHooks: logMethod: expected a function');
  expect(() => safeHooks({ streamWrite: wrong })).toThrow('safeHooks: streamWrite: expected a function');
  expect(() => contextPinoHttp(wrong)).toThrow(TypeError);
  expect(() => contextPinoHttp({ genReqId: wrong })).toThrow(
    'contextPinoHttp: genReqId: expected a function',
  );
  expect(() => contextPinoHttp({ mixin: wrong })).toThrow('contextMixin: mixin: expected a function');
});
