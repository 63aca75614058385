// A token is good once, for its variable, where its set was made.

import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import {
  Context,
  ContextVar,
  copyContext,
  createTask,
  gather,
  preserveContext,
  Token,
  withTempContext,
} from '../../src/core/index.js';
import { coreError } from './support/core-error.js';
import { activeStates } from './support/starting-states.js';

const text = new ContextVar<string>('text', { default: 'default' });
const other = new ContextVar<string>('other', { default: 'default' });

describe.each(activeStates)('in %s', (_state, start) => {
  test('a token sets the variable back to what it was, unset included', () =>
    start(() => {
      const first = text.set('1');
      const second = text.set('2');
      expect([first.oldValue, second.oldValue]).toEqual([Token.MISSING, '1']);
      text.reset(second);
      expect(text.get()).toBe('1');
      text.reset(first);
      expect(text.get()).toBe('default');
      expect(copyContext().has(text)).toBe(false);
    }));

  test('a token of a set to undefined says that undefined was there before the next one', () =>
    start(() => {
      const maybe = text as unknown as ContextVar<string | undefined>;
      const first = maybe.set(undefined);
      const second = maybe.set('2');
      expect([first.oldValue, second.oldValue]).toEqual([Token.MISSING, undefined]);
      maybe.reset(second);
      expect(maybe.get('fallback')).toBeUndefined();
      expect(copyContext().has(maybe)).toBe(true);
      maybe.reset(first);
      expect(maybe.get('fallback')).toBe('fallback');
      expect(copyContext().has(maybe)).toBe(false);
    }));

  test('an outer token restores over inner sets that were not reset', () =>
    start(() => {
      const outer = text.set('1');
      text.set('2');
      text.set('3');
      text.reset(outer);
      expect(text.get()).toBe('default');
    }));

  test('a token that is held over an await is good after it', () =>
    start(async () => {
      const token = text.set('1');
      await setImmediate();
      text.reset(token);
      expect(text.get()).toBe('default');
    }));

  test('a token that is held over an await shows its value to siblings, as its docstring says', () =>
    start(async () => {
      const override = async (): Promise<void> => {
        const token = text.set('overridden');
        await setImmediate();
        text.reset(token);
      };
      const seen: string[] = [];
      await Promise.all([override(), (async () => seen.push(text.get()))()]);
      expect(seen).toEqual(['overridden']);
      expect(text.get()).toBe('default');
    }));

  test('a token is used once: ERR_TOKEN_USED, and nothing changes', () =>
    start(() => {
      const token = text.set('1');
      text.reset(token);
      text.set('2');
      expect(() => text.reset(token)).toThrow(coreError('ERR_TOKEN_USED'));
      expect(text.get()).toBe('2');
    }));

  test('a token is for its variable: ERR_TOKEN_FOREIGN_VAR, and nothing changes', () =>
    start(() => {
      other.set('other');
      const token = text.set('1');
      expect(() => other.reset(token)).toThrow(coreError('ERR_TOKEN_FOREIGN_VAR'));
      expect([text.get(), other.get()]).toEqual(['1', 'other']);
      text.reset(token);
      expect(text.get()).toBe('default');
    }));
});

test('inspect shows a token with its variable, as deep as it is told to', () =>
  new Context().run(() => {
    const variable = new ContextVar('shown', { default: { a: { b: 1 } } });
    const token = variable.set({ a: { b: 2 } });
    expect(inspect(token)).toBe("Token { var: ContextVar { 'shown', default: { a: [Object] } } }");
    expect(inspect(token, { depth: 3 })).toBe(
      "Token { var: ContextVar { 'shown', default: { a: { b: 1 } } } }",
    );
    expect(inspect(token, { depth: 1 })).toBe("Token { var: ContextVar { 'shown', default: ... } }");
    expect(inspect(token, { depth: 3, colors: true })).toContain('\u001b[');
    expect(inspect(token, { depth: 0 })).toBe("Token { var: ContextVar { 'shown', default: ... } }");
    variable.reset(token);
    expect(inspect(token)).toMatch(/^Token \{ used, var: /);
  }));

test('a variable that was set to undefined, one that was not, and one that is set since are told apart', () =>
  new Context().run(() => {
    const names = ['first', 'second', 'third'];
    const [first, second, third] = names.map((name) => new ContextVar<unknown>(name)) as [
      ContextVar<unknown>,
      ContextVar<unknown>,
      ContextVar<unknown>,
    ];
    const isSet = () => [first, second, third].map((variable) => copyContext().has(variable));
    const tokens = [first.set(undefined), second.set(undefined)] as const;
    expect(isSet()).toEqual([true, true, false]);
    third.set('set');
    first.set('set');
    expect([isSet(), first.get(0), second.get(0)]).toEqual([[true, true, true], 'set', undefined]);
    first.reset(tokens[0]);
    expect([isSet(), first.get(0), second.get(0)]).toEqual([[false, true, true], 0, undefined]);
    const copy = copyContext();
    second.reset(tokens[1]);
    expect([isSet(), second.get(0)]).toEqual([[false, false, true], 0]);
    expect([copy.has(second), copy.get(second)]).toEqual([true, undefined]);
  }));

test('inspect shows a Context as deep as it is told to', () => {
  const [deep, secret] = [new ContextVar<unknown>('deep'), new ContextVar<string>('key', { secret: true })];
  const context = new Context();
  expect(inspect(context)).toBe('Context(0) {}');
  context.run(() => {
    deep.set({ a: { b: { c: 1 } } });
    secret.set('canary');
  });
  const key = "'key' => <secret>";
  expect(inspect(context)).toBe(`Context(2) { 'deep' => { a: { b: [Object] } }, ${key} }`);
  expect(inspect(context, { depth: 1 })).toBe(`Context(2) { 'deep' => { a: [Object] }, ${key} }`);
  expect(inspect(context, { depth: 0 })).toBe(`Context(2) { 'deep' => ..., ${key} }`);
  expect(inspect({ context })).toContain("'deep' => { a: [Object] }");
});

test('inspect shows a variable with its default, and a binding without its value', () => {
  const variable = new ContextVar('shown', { default: { a: { b: { c: 1 } } } });
  expect(inspect(variable)).toBe("ContextVar { 'shown', default: { a: { b: [Object] } } }");
  expect(inspect(variable, { depth: 1 })).toBe("ContextVar { 'shown', default: { a: [Object] } }");
  expect(inspect(variable, { depth: 0 })).toBe("ContextVar { 'shown', default: ... }");
  const binding = variable.as({ a: { b: { c: 2 } } });
  expect(inspect(binding)).toBe("Binding { 'shown' }");
});

type Elsewhere = (body: () => void) => unknown;

const elsewhere: readonly (readonly [name: string, enter: Elsewhere])[] = [
  ['another Context', (body) => new Context().run(body)],
  ['a copied Context', (body) => copyContext().run(body)],
  ['a branch of gather', (body) => gather([body])],
  ['a task', (body) => createTask(body)],
  ['a preserved call', (body) => preserveContext(body)()],
  ['a run of the same variable', (body) => text.run('run', body)],
  ['a temporary scope of the same variable', (body) => withTempContext([text.as('temporary')], body)],
];

describe.each(elsewhere)('a token used in %s', (_name, enter) => {
  test('is ERR_TOKEN_FOREIGN_CONTEXT, changes nothing and can still be used where it belongs', () =>
    new Context().run(async () => {
      const token = text.set('1');
      await enter(() => {
        const before = text.get();
        expect(() => text.reset(token)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
        expect(text.get()).toBe(before);
      });
      expect(text.get()).toBe('1');
      text.reset(token);
      expect(text.get()).toBe('default');
    }));

  test('from there to the outside is ERR_TOKEN_FOREIGN_CONTEXT too', () =>
    new Context().run(async () => {
      text.set('outside');
      let token: Token<string> | undefined;
      await enter(() => {
        token = text.set('inside');
      });
      expect(() => text.reset(token as Token<string>)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
      expect(text.get()).toBe('outside');
    }));
});

test('a token used outside any context is ERR_TOKEN_FOREIGN_CONTEXT', () => {
  const token = new Context().run(() => text.set('1'));
  expect(() => text.reset(token)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
});

test('a token is good inside a run or temporary scope of another variable', () =>
  new Context().run(() => {
    const token = text.set('1');
    other.run('run', () => withTempContext([other.as('temporary')], () => text.reset(token)));
    expect(text.get()).toBe('default');
  }));

test('where several things are wrong, used comes before variable and variable before Context', () =>
  new Context().run(() => {
    const used = text.set('1');
    text.reset(used);
    const unused = text.set('2');
    new Context().run(() => {
      expect(() => other.reset(used)).toThrow(coreError('ERR_TOKEN_USED'));
      expect(() => other.reset(unused)).toThrow(coreError('ERR_TOKEN_FOREIGN_VAR'));
      expect(() => text.reset(unused)).toThrow(coreError('ERR_TOKEN_FOREIGN_CONTEXT'));
    });
  }));

test('each error names the variable and says what to do', () =>
  new Context().run(() => {
    const token = text.set('1');
    expect(() => other.reset(token)).toThrow(/'text'.*different variable than 'other'; reset each/);
    copyContext().run(() =>
      expect(() => text.reset(token)).toThrow(/'text'.*different Context; reset it where/),
    );
    text.reset(token);
    expect(() => text.reset(token)).toThrow(/'text' has already been used; set again/);
  }));

test('what only looks like a token is a TypeError', () =>
  new Context().run(() => {
    const forged = Object.create(Token.prototype) as Token<string>;
    expect(() => text.reset(forged)).toThrow(TypeError);
    expect(() => text.reset({ ...text.set('1') } as Token<string>)).toThrow(TypeError);
    expect(text.get()).toBe('1');
  }));

test('the docstring of Token points to temporary scopes', async () => {
  const { readFile } = await import('node:fs/promises');
  const source = await readFile(`${__dirname}/../../src/core/token.ts`, 'utf8');
  const docstring = source.slice(0, source.indexOf('export class Token')).split('/**').at(-1);
  expect(docstring).toMatch(/held over an `await`/);
  expect(docstring).toContain('withTempContext');
});
