import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as entry from 'nestjs-contextvars/inspector';

test('the entry "./inspector" exports these names at run time, and no others', () => {
  expect(Object.keys(entry)).toEqual(['InspectorModule']);
  expect(entry.InspectorModule.name).toBe('InspectorModule');
});

test('no script of the page reads text as HTML, or runs it', () => {
  const folder = join(__dirname, '../../../src/integrations/inspector/page');
  const scripts = [
    'actions',
    'element',
    'page',
    'request-details',
    'request-list',
    'request-row',
    'timeline',
  ];
  const code = scripts.map((name) => readFileSync(join(folder, `${name}.js`), 'utf8')).join('\n');
  expect(code).toContain('textContent');
  expect(code).not.toMatch(
    /innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|srcdoc|\.href/,
  );
  expect(code).not.toMatch(/https?:\/\//);
});
