// What a unit of work is to the instances of tsyringe's container: one each, made at its base, disposed of at its end.

import { container, injectable, singleton } from 'tsyringe';
import { ContextScoped } from '../../src/container/index.js';
import {
  ContextVar,
  createTask,
  currentUnit,
  gather,
  preserveContext,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from '../../src/core/index.js';

const role = new ScopedValue<string>('role');
const tenant = new ContextVar<string>('tenant', { default: 'none' });
const inUnit = <R>(fn: () => R): R => runUnitOfWork({ kind: 'test' }, fn);

@injectable()
class Reader {
  readonly role = role.get('nobody');
  readonly tenant = tenant.get();
}

@ContextScoped()
class Session {
  readonly unit = currentUnit()?.id;
  readonly id = {};
  readonly role = role.get('nobody');
  readonly tenant = tenant.get();
  constructor(readonly reader: Reader) {}
}

@singleton()
class Service {
  constructor(readonly session: Session) {}
  /** Tells the instances apart. */
  get current(): object {
    return this.session.id;
  }
}
const service = container.resolve(Service);

test('an instance that a branch of gather has used first is that of its siblings and of the parent', async () => {
  await inUnit(async () => {
    const branches = await gather([() => service.current, async () => service.current]);
    expect(branches[0]).toBe(service.current);
    expect(branches[1]).toBe(service.current);
    expect(service.session.unit).toBe(currentUnit()?.id);
  });
});

test.each<[string, (fn: () => object) => object]>([
  ['a temporary scope', (fn) => withTempContext([role.as('admin'), tenant.as('t1')], fn)],
  ['run', (fn) => role.run('admin', () => tenant.run('t1', fn))],
])(
  'an instance that is used in %s first keeps nothing of it, and neither does what it depends on',
  (_, elevated) => {
    inUnit(() => {
      role.bind('clerk');
      tenant.set('t0');
      const id = elevated(() => service.current);
      expect(service.current).toBe(id);
      const { role: own, tenant: ownTenant, reader } = service.session;
      expect([own, reader.role]).toEqual(['clerk', 'clerk']);
      expect([ownTenant, reader.tenant]).toEqual(['t0', 't0']);
    });
  },
);

test('a task and a preserved call have an instance of their own', async () => {
  await inUnit(async () => {
    const own = service.current;
    const others = [await createTask(() => service.current), preserveContext(() => service.current)()];
    expect(new Set([own, ...others]).size).toBe(3);
    expect(service.current).toBe(own);
  });
});

test('instances are disposed of in reverse order of their creation, each once', async () => {
  const disposed: string[] = [];
  @ContextScoped()
  class Pool {
    readonly name = 'pool';
    [Symbol.dispose](): void {
      disposed.push('pool');
    }
  }
  @ContextScoped()
  class Transaction {
    constructor(readonly pool: Pool) {
      expect(pool.name).toBe('pool');
    }
    use(): void {}
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.resolve();
      // What it was made with is still there.
      disposed.push(`transaction of ${this.pool.name}`);
    }
  }
  await inUnit(async () => container.resolve(Transaction).use());
  expect(disposed).toEqual(['transaction of pool', 'pool']);
});
