import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { adapters } from '../../nest/http/support/adapters.js';

test.each(adapters)(
  'an application that is instrumented as it starts has one trace for each request (%s)',
  async (adapter) => {
    const script = join(__dirname, 'support/instrumented-app.cjs');
    const { stdout } = await promisify(execFile)(process.execPath, [script, adapter]);
    expect(JSON.parse(stdout)).toEqual(
      ['0', '1', '2', '3', '4', '5'].map((id) => ['- > GET', `GET > load ${id}`, `GET > task ${id}`]),
    );
  },
  60_000,
);
