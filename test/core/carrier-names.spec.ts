// A portable variable is found by its name, so no two of them may have the same.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import {
  Context,
  ContextError,
  ContextVar,
  codecs,
  extractContext,
  injectContext,
} from '../../src/core/index.js';
import { collectUntil } from '../support/collector.js';
import { compileCore } from './support/compiled-core.js';
import { coreError } from './support/core-error.js';
import { thrownBy } from './support/outcome.js';

const { string: codec } = codecs;

test('two of a name are an error where the second is made, which says where the first was', () => {
  const first = new ContextVar('twice', { codec });
  const error = thrownBy(() => new ContextVar('twice', { codec })) as ContextError;
  expect(error).toBeInstanceOf(ContextError);
  expect(error.code).toBe('ERR_DUPLICATE_NAME');
  expect(error.message).toMatch(
    /^A portable ContextVar 'twice' exists already \(made at .*carrier-names\.spec\.ts:\d+:\d+\)/,
  );
  const carrier = first.run('still', () => injectContext());
  expect(extractContext(carrier).get(first)).toBe('still');
});

test('the path of a module is said without the scheme of its URL', () => {
  const filename = 'file:///app/schemed.mjs';
  const make = runInThisContext('(Variable, options) => new Variable("schemed", options)', {
    filename,
  }) as (type: typeof ContextVar, options: object) => ContextVar<string>;
  const first = make(ContextVar, { codec });
  expect(() => new ContextVar('schemed', { codec })).toThrow(
    /exists already \(made at \/app\/schemed\.mjs:1:\d+\)/,
  );
  expect(first.get('unset')).toBe('unset');
});

test('where the stack says nothing of the place, two of a name are an error that says none', () => {
  const name = `nowhere-${process.hrtime.bigint()}`;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const first = new ContextVar<string>(name, { codec });
    const message = thrownBy(() => new ContextVar(name, { codec })) as ContextError;
    expect(message.message).toContain(`'${name}' exists already, and a carrier`);
    expect(first.get('unset')).toBe('unset');
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});

test('a variable without a codec may have the name of one, and is not in its way', () => {
  const portable = new ContextVar('shared', { codec });
  const local = new ContextVar<string>('shared');
  const carrier = new Context().run(() => {
    portable.set('crosses');
    local.set('stays');
    return injectContext();
  });
  const context = extractContext(carrier);
  expect([context.get(portable), context.has(local)]).toEqual(['crosses', false]);
});

test('the name of one that nobody holds any more is free', async () => {
  const make = (): void => void new ContextVar('collected', { codec });
  make();
  await collectUntil(() => !namesInUse().includes('collected'));
  expect(namesInUse()).not.toContain('collected');
});

/** Names that a carrier from outside could be read into. */
function namesInUse(): string[] {
  const context = extractContext({ contextvars: '{"v":1,"vars":[["collected","x"]]}' });
  return [...context.keys()].map(({ name }) => name);
}

describe('a module that is loaded again', () => {
  const reload = (): ContextVar<string> => new ContextVar('reloaded', { codec });

  test('takes its names over, at once where nothing was edited', () => {
    const [, second] = [reload(), reload()];
    const carrier = second.run('new', () => injectContext());
    expect(extractContext(carrier).get(second)).toBe('new');
  });

  test('later also where it was edited', async () => {
    const first = new ContextVar('edited', { codec });
    await setImmediate();
    const second = new ContextVar('edited', { codec });
    const context = extractContext({ contextvars: '{"v":1,"vars":[["edited","x"]]}' });
    expect([context.has(first), context.get(second)]).toEqual([false, 'x']);
  });

  test('leaves no value of the old variable out in silence', () => {
    const [first, second] = [reload(), reload()];
    const carrier = { contextvars: 'before' };
    const error = new Context().run(() => {
      first.set('old');
      second.set('new');
      return thrownBy(() => injectContext(carrier));
    });
    expect(error).toEqual(coreError('ERR_NOT_PORTABLE'));
    expect((error as Error).message).toContain("ContextVar 'reloaded' was made anew since");
    expect(carrier).toEqual({ contextvars: 'before' });
  });
});

describe('in files of their own', () => {
  const core = compileCore('commonjs');
  const other = mkdtempSync(join(tmpdir(), 'contextvars-'));
  afterAll(() => {
    core.remove();
    rmSync(other, { recursive: true });
  });

  const module = (more = ''): string =>
    `${more}const { ContextVar, codecs } = require(${JSON.stringify(join(core.directory, 'core/index.js'))});
     exports.tenant = new ContextVar('tenant', { codec: codecs.string });`;

  test('two of a name are an error at any time', () => {
    core.write('a.js', module());
    writeFileSync(join(other, 'a.js'), module());
    const { stdout } = core.run(
      'main.js',
      `require('./a.js');
       setImmediate(() => {
         try {
           require(${JSON.stringify(join(other, 'a.js'))});
         } catch (error) {
           console.log(error.code, error.message);
         }
       });`,
    );
    expect(stdout).toMatch(
      /^ERR_DUPLICATE_NAME A portable ContextVar 'tenant' exists already \(made at .*[\\/]a\.js:\d+:\d+\)/,
    );
  });

  test('a module that was edited and loaded again takes its names over', () => {
    core.write('b.js', module());
    const { stdout } = core.run(
      'main.js',
      `const { writeFileSync } = require('node:fs');
       const { injectContext } = require('./core/index.js');
       const { tenant: first } = require('./b.js');
       setImmediate(() => {
         delete require.cache[require.resolve('./b.js')];
         writeFileSync(require.resolve('./b.js'), ${JSON.stringify(module('\n\n'))});
         const { tenant } = require('./b.js');
         console.log(tenant !== first, tenant.run('acme', () => injectContext()).contextvars);
       });`,
    );
    expect(stdout).toBe('true {"v":1,"vars":[["tenant","acme"]]}\n');
  });

  test('so does a module of ESM that is imported again with a query', () => {
    const esm = compileCore('es6');
    try {
      esm.write(
        'vars.js',
        `import { ContextVar, codecs } from './core/index.js';
         export const tenant = new ContextVar('tenant', { codec: codecs.string });`,
      );
      const { stdout } = esm.run(
        'main.js',
        `import { injectContext } from './core/index.js';
         const { tenant: first } = await import('./vars.js');
         const { tenant } = await import('./vars.js?t=1');
         console.log(tenant !== first, tenant.run('acme', () => injectContext()).contextvars);`,
      );
      expect(stdout).toBe('true {"v":1,"vars":[["tenant","acme"]]}\n');
    } finally {
      esm.remove();
    }
  });
});

describe('a secret', () => {
  test('has no codec, because a carrier can be read', () => {
    expect(() => new ContextVar('key', { secret: true, codec })).toThrow(TypeError);
    expect(
      () => new ContextVar('key', { secret: true, codec: { ...codec, confidential: 'yes' as never } }),
    ).toThrow(TypeError);
    // Nor has it taken the name.
    expect(new ContextVar('key', { codec }).codec).toBe(codec);
  });

  test('but one that encrypts, and no error has its value', () => {
    const flip = (text: string): string => [...text].reverse().join('');
    let fails = false;
    const confidential = {
      confidential: true,
      encode(value: string): string {
        if (fails) throw new Error(`cannot write ${value}`);
        return flip(value);
      },
      decode: flip,
    };
    const apiKey = new ContextVar('apiKey', { secret: true, codec: confidential });
    const carrier = apiKey.run('canary', () => injectContext());
    expect(carrier.contextvars).not.toContain('canary');
    expect(extractContext(carrier).get(apiKey)).toBe('canary');
    fails = true;
    const error = apiKey.run('canary', () => thrownBy(() => injectContext())) as Error;
    expect(error).toEqual(coreError('ERR_NOT_PORTABLE'));
    expect(`${error.message}${error.cause}`).not.toContain('canary');
  });
});
