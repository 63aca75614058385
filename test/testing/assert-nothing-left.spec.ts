import { AssertionError } from 'node:assert';
import { channel } from 'node:diagnostics_channel';
import {
  ContextVar,
  createTask,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  WithTempContext,
  withTempContext,
} from '../../src/core/index.js';
import { assertNothingLeft, runInTestUnit } from '../../src/testing/index.js';

const role = new ScopedValue<string>('role');
const password = new ContextVar<string>('password', { secret: true });
const ends: (() => void)[] = [];

/** Settles when this test does. */
const pending = () => new Promise<void>((resolve) => ends.push(resolve));

class Ledger {
  @WithTempContext(role.as('ledger-writer'))
  async refund() {
    await pending();
  }
}

const channels = ['scope:start', 'scope:end', 'task:start', 'task:end'].map((name) =>
  channel(`nestjs-contextvars:${name}`),
);

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

test('a body that leaves nothing gives its result', async () => {
  await expect(assertNothingLeft(() => 1)).resolves.toBe(1);
  await expect(
    assertNothingLeft(async () => {
      await role.run('admin', async () => null);
      return createTask(() => 'of the task');
    }),
  ).resolves.toBe('of the task');
});

test('what the body throws comes out, whatever it left', async () => {
  const error = new Error('of the body');
  await expect(
    assertNothingLeft(() => {
      void new Ledger().refund();
      throw error;
    }),
  ).rejects.toBe(error);
});

test('a temporary value that is still open is named, with its method', async () => {
  const left = assertNothingLeft(() => {
    void new Ledger().refund();
  });
  await expect(left).rejects.toThrow(AssertionError);
  await expect(left).rejects.toMatchObject({
    message: expect.stringMatching(/^The test left a temporary 'role' \(Ledger\.refund\) behind; await /),
    actual: ["a temporary 'role' (Ledger.refund)"],
    expected: [],
  });
});

test('values are not in the message, and all variables of a scope are', async () => {
  const left = assertNothingLeft(() => {
    void withTempContext([role.as('admin'), password.as('xyzzy')], pending);
  });
  await expect(left).rejects.toMatchObject({ actual: ["a temporary 'role', 'password'"] });
  await expect(left).rejects.not.toMatchObject({ message: expect.stringMatching(/admin|xyzzy/) });
});

test('a task and a background call that still run are named', async () => {
  const receipt = preserveContext(pending, { name: 'receipt', background: true });
  const left = assertNothingLeft(() => {
    void createTask(pending, { name: 'mail' });
    void receipt();
  });
  await expect(left).rejects.toMatchObject({ actual: ["the task 'mail'", "the task 'receipt'"] });
});

test('an iterator that nobody consumed keeps its temporary value open, and counts', async () => {
  async function* rows() {
    yield role.get();
  }
  const left = assertNothingLeft(() => {
    role.run('admin', rows);
  });
  await expect(left).rejects.toMatchObject({ actual: ["a temporary 'role'"] });
  await assertNothingLeft(async () => {
    for await (const row of role.run('admin', rows)) expect(row).toBe('admin');
  });
});

test('what ends in the time that is given is not left', async () => {
  await assertNothingLeft(
    () => {
      void createTask(pending);
      void new Ledger().refund();
      setImmediate(() => {
        for (const end of ends.splice(0)) end();
      });
    },
    { timeoutMs: 5000 },
  );
});

test('the time is that of the real clock where a test has a fake one', async () => {
  jest.useFakeTimers();
  try {
    const left = assertNothingLeft(() => void createTask(pending, { name: 'mail' }), { timeoutMs: 1 });
    await expect(left).rejects.toMatchObject({ actual: ["the task 'mail'"] });
  } finally {
    jest.useRealTimers();
  }
});

test('a temporary value that only the end of the test unit closed was left', async () => {
  const bindings = [role.as('clerk')];
  const forgetful = async () => {
    await null;
    void new Ledger().refund();
  };
  const actual = ["a temporary 'role' (Ledger.refund)"];
  await expect(
    assertNothingLeft(() => runInTestUnit({ bindings }, forgetful), { timeoutMs: 5000 }),
  ).rejects.toMatchObject({ actual });
  await expect(runInTestUnit({ bindings }, () => assertNothingLeft(forgetful))).rejects.toMatchObject({
    actual,
  });
});

test('what began before the body does not count', async () => {
  const early = createTask(pending, { name: 'early' });
  const scope = new Ledger().refund();
  await assertNothingLeft(async () => {
    for (const end of ends.splice(0)) end();
    await Promise.all([early, scope]);
  });
});

test('scopes of equal name in several units are told apart', async () => {
  const left = assertNothingLeft(async () => {
    void runUnitOfWork({ kind: 'job' }, () => new Ledger().refund());
    await runUnitOfWork({ kind: 'job' }, () => role.run('ledger-writer', async () => null));
  });
  await expect(left).rejects.toMatchObject({ actual: ["a temporary 'role' (Ledger.refund)"] });
});

test('nobody listens before and after, whatever the outcome', async () => {
  const listened = () => channels.map(({ hasSubscribers }) => hasSubscribers);
  const nobody = channels.map(() => false);
  expect(listened()).toEqual(nobody);
  await assertNothingLeft(() => expect(listened()).toEqual(channels.map(() => true)));
  expect(listened()).toEqual(nobody);
  await assertNothingLeft(() => Promise.reject(new Error('of the body'))).catch(() => {});
  await assertNothingLeft(() => void createTask(pending)).catch(() => {});
  expect(listened()).toEqual(nobody);
});

test('arguments of another type are a TypeError', async () => {
  const body = jest.fn();
  await expect(assertNothingLeft(undefined as never)).rejects.toThrow(TypeError);
  await expect(assertNothingLeft(body, 5 as never)).rejects.toThrow(TypeError);
  for (const timeoutMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5' as never]) {
    await expect(assertNothingLeft(body, { timeoutMs })).rejects.toThrow(TypeError);
  }
  expect(body).not.toHaveBeenCalled();
});
