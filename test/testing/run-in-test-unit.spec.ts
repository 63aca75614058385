import {
  Context,
  ContextVar,
  copyContext,
  currentUnit,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';
import { runInTestUnit } from '../../src/testing/index.js';

const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<string>('role');

test('the body runs with the bindings, and its result is given back', async () => {
  const bindings = [tenant.as('acme'), role.as('clerk')];
  const who = () => `${tenant.get()} as ${role.get()}`;
  expect(runInTestUnit({ bindings }, who)).toBe('acme as clerk');
  await expect(
    runInTestUnit({ bindings }, async () => {
      await null;
      return who();
    }),
  ).resolves.toBe('acme as clerk');
});

test('what the body throws or rejects with comes out as it is', async () => {
  const error = new Error('of the body');
  const fail = () => {
    throw error;
  };
  expect(() => runInTestUnit({}, fail)).toThrow(error);
  await expect(runInTestUnit({}, async () => fail())).rejects.toBe(error);
});

test('the values are those of the whole unit, as if its opener had set them: captures keep them', () => {
  runInTestUnit({ bindings: [tenant.as('acme'), role.as('clerk')] }, () => {
    const copy = copyContext();
    expect(copy.get(tenant)).toBe('acme');
    expect(copy.run(() => role.get())).toBe('clerk');
    expect(() => role.bind('admin')).toThrow(expect.objectContaining({ code: 'ERR_ALREADY_BOUND' }));
    tenant.set('globex');
    expect(tenant.get()).toBe('globex');
  });
});

test('undefined is a value like any other', () => {
  const maybe = new ContextVar<string | undefined>('maybe', { default: 'default' });
  expect(runInTestUnit({ bindings: [maybe.as(undefined)] }, () => maybe.get())).toBeUndefined();
});

test.each([
  ['outside any context', (body: () => void) => body()],
  ['inside another unit', (body: () => void) => runInTestUnit({ bindings: [tenant.as('outer')] }, body)],
  ['inside a Context', (body: () => void) => new Context().run(body)],
  ['under a temporary scope', (body: () => void) => withTempContext([role.as('admin')], body)],
])('the unit starts with nothing else, %s', (_, from) => {
  from(() => {
    runInTestUnit({}, () => {
      expect(tenant.get('none')).toBe('none');
      expect(role.get('none')).toBe('none');
    });
  });
});

test('the unit has the id and kind that are given, else a UUID and "test"', () => {
  runInTestUnit({ id: 'r-1', kind: 'job' }, () => {
    expect(currentUnit()).toMatchObject({ id: 'r-1', kind: 'job' });
  });
  runInTestUnit({}, () => {
    expect(currentUnit()).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), kind: 'test' });
  });
});

test('the unit ends with the body', async () => {
  const unit = await runInTestUnit({}, async () => {
    await null;
    expect(currentUnit()?.ended).toBe(false);
    return currentUnit();
  });
  expect(unit?.ended).toBe(true);
  expect(currentUnit()).toBeUndefined();
});

test('a ScopedValue that is given twice is refused', () => {
  expect(() => runInTestUnit({ bindings: [role.as('clerk'), role.as('admin')] }, () => {})).toThrow(
    expect.objectContaining({ code: 'ERR_ALREADY_BOUND' }),
  );
});

test('arguments of another type are a TypeError', () => {
  const body = jest.fn();
  const wrong = [
    () => runInTestUnit(null as never, body),
    () => runInTestUnit({ bindings: tenant.as('acme') as never }, body),
    () => runInTestUnit({ bindings: [tenant as never] }, body),
    () => runInTestUnit({ id: '' }, body),
    () => runInTestUnit({ kind: 1 as never }, body),
    () => runInTestUnit({}, 'body' as never),
  ];
  for (const call of wrong) expect(call).toThrow(TypeError);
  expect(body).not.toHaveBeenCalled();
});
