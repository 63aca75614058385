import { setImmediate as macrotask } from 'node:timers/promises';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CLS_ID, ClsModule, ClsServiceManager, UseCls } from 'nestjs-cls';
import {
  ContextModule,
  ContextVar,
  createTask,
  currentUnit,
  gather,
  runUnitOfWork,
  ScopedValue,
  withTempContext,
} from 'nestjs-contextvars';

// A context of nestjs-cls is a unit of work where none of ours is active, and joins the one that is.

const tenant = new ContextVar<string>('tenant');
const role = new ScopedValue<string>('role');
const cls = ClsServiceManager.getClsService();

test('the module that registers the seam to nestjs-cls is loaded', () => {
  expect(ContextModule.forRoot().module).toBe(ContextModule);
});

describe('cls.run outside any unit of work', () => {
  test('variables just work, before and after an await, and are gone afterwards', async () => {
    await cls.run(async () => {
      tenant.set('acme');
      await macrotask();
      expect(tenant.get()).toBe('acme');
      const token = tenant.set('globex');
      tenant.reset(token);
      expect(tenant.get()).toBe('acme');
    });
    expect(tenant.get('none')).toBe('none');
    expect(currentUnit()).toBeUndefined();
  });

  test('it is a unit of work of its own, the same one throughout', async () => {
    await cls.run(async () => {
      const unit = currentUnit();
      expect(unit).toMatchObject({ kind: 'nestjs-cls', ended: false });
      await macrotask();
      expect(currentUnit()).toBe(unit);
    });
  });

  test('its unit has the id of the store', () => {
    cls.run(() => {
      cls.set(CLS_ID, 'script-1');
      expect(currentUnit()?.id).toBe('script-1');
    });
  });

  test('overlapping ones do not see each other', async () => {
    const read = (name: string) =>
      cls.run(async () => {
        tenant.set(name);
        role.bind(`role of ${name}`);
        await macrotask();
        return [tenant.get(), role.get(), currentUnit()] as const;
      });
    const [a, b] = await Promise.all([read('a'), read('b')]);
    expect(a.slice(0, 2)).toEqual(['a', 'role of a']);
    expect(b.slice(0, 2)).toEqual(['b', 'role of b']);
    expect(a[2]).not.toBe(b[2]);
  });

  test('run, temporary scopes, gather and tasks work in it', async () => {
    await cls.run(async () => {
      const unit = currentUnit();
      cls.set('user', 'ada');
      tenant.set('base');
      expect(tenant.run('inner', () => [tenant.get(), currentUnit(), cls.get('user')])).toEqual([
        'inner',
        unit,
        'ada',
      ]);
      await withTempContext([tenant.as('temporary')], async () => {
        await macrotask();
        expect([tenant.get(), currentUnit(), cls.get('user')]).toEqual(['temporary', unit, 'ada']);
      });
      await gather([() => void tenant.set('branch')]);
      expect(tenant.get()).toBe('base');
      await createTask(async () => {
        expect(currentUnit()).not.toBe(unit);
        expect([tenant.get(), cls.get('user')]).toEqual(['base', 'ada']);
        tenant.set('task');
        cls.set('user', 'task');
      });
      expect([tenant.get(), cls.get('user')]).toEqual(['base', 'ada']);
    });
  });

  test.each(['inherit', 'reuse'] as const)(
    'one nested in it with ifNested: %s joins its unit',
    async (ifNested) => {
      await cls.run(async () => {
        tenant.set('outer');
        const unit = currentUnit();
        await cls.run({ ifNested }, async () => {
          expect(tenant.get()).toBe('outer');
          expect(currentUnit()).toBe(unit);
          tenant.set('inner');
          await macrotask();
        });
        expect(tenant.get()).toBe('inner');
      });
    },
  );

  test('one nested with ifNested: reuse joins it, also where nothing of ours was used before', () => {
    cls.run(() => {
      cls.run({ ifNested: 'reuse' }, () => void tenant.set('inner'));
      expect(tenant.get('none')).toBe('inner');
    });
  });

  // nestjs-cls copies the store without a link back, and calls nobody: docs/decisions/nestjs-cls.md.
  test('one nested with ifNested: inherit before anything of ours was used is a unit of its own', () => {
    cls.run(() => {
      cls.run({ ifNested: 'inherit' }, () => void tenant.set('inner'));
      expect(tenant.get('none')).toBe('none');
    });
  });

  test('one nested in it with ifNested: override is another unit of work, and starts empty', async () => {
    await cls.run(async () => {
      tenant.set('outer');
      const unit = currentUnit();
      await cls.run({ ifNested: 'override' }, async () => {
        expect(tenant.get('none')).toBe('none');
        expect(currentUnit()).not.toBe(unit);
        tenant.set('inner');
        await macrotask();
      });
      expect(tenant.get()).toBe('outer');
    });
  });

  test('runWith is one too, and twice with one store the same', () => {
    const store = { user: 'ada' };
    cls.runWith(store as never, () => tenant.set('acme'));
    cls.runWith(store as never, () => expect([tenant.get(), cls.get('user')]).toEqual(['acme', 'ada']));
    expect(tenant.get('none')).toBe('none');
  });
});

describe('cls.run inside a unit of work', () => {
  test.each(['inherit', 'reuse', 'override'] as const)('with ifNested: %s joins it', async (ifNested) => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      const unit = currentUnit();
      tenant.set('outer');
      role.bind('user');
      await cls.run({ ifNested }, async () => {
        expect(currentUnit()).toBe(unit);
        await macrotask();
        expect([tenant.get(), role.get()]).toEqual(['outer', 'user']);
        tenant.set('inner');
      });
      expect(tenant.get()).toBe('inner');
    });
  });

  test('what the store keeps is up to nestjs-cls: inherit copies, reuse shares, override is empty', () => {
    runUnitOfWork({ kind: 'test', id: 'u-1' }, () => {
      cls.set('user', 'ada');
      const inside = (ifNested: 'inherit' | 'reuse' | 'override') =>
        cls.run({ ifNested }, () => {
          const seen = [cls.get('user'), cls.getId()];
          cls.set('user', ifNested);
          return seen;
        });
      expect(inside('inherit')).toEqual(['ada', 'u-1']);
      expect(cls.get('user')).toBe('ada');
      expect(inside('override')).toEqual([undefined, undefined]);
      expect(cls.get('user')).toBe('ada');
      expect(inside('reuse')).toEqual(['ada', 'u-1']);
      expect(cls.get('user')).toBe('reuse');
    });
  });

  test.each(['inherit', 'reuse', 'override'] as const)(
    'with ifNested: %s, a task started in it has the string keys of that store',
    async (ifNested) => {
      await runUnitOfWork({ kind: 'test' }, () =>
        cls.run({ ifNested }, async () => {
          cls.set('user', 'inside');
          tenant.set('acme');
          expect(await createTask(() => [cls.get('user'), tenant.get()])).toEqual(['inside', 'acme']);
        }),
      );
    },
  );

  test('in a temporary scope it sees the temporary value, and work after the scope does not', async () => {
    await runUnitOfWork({ kind: 'test' }, async () => {
      tenant.set('base');
      let later: Promise<string> | undefined;
      await withTempContext([tenant.as('temporary')], () =>
        cls.run(async () => {
          expect(tenant.get()).toBe('temporary');
          later = macrotask().then(() => tenant.get());
        }),
      );
      expect(await later).toBe('base');
    });
  });

  test('cls.exit inside keeps the variables: they are not in its store', () => {
    runUnitOfWork({ kind: 'test' }, () => {
      tenant.set('acme');
      cls.exit(() => {
        expect(cls.isActive()).toBe(false);
        expect(tenant.get()).toBe('acme');
      });
      expect(cls.isActive()).toBe(true);
    });
  });
});

describe('@UseCls', () => {
  @Module({ imports: [ClsModule.forRoot()] })
  class UsingCls {}

  class Script {
    @UseCls({ generateId: true, idGenerator: (name: string) => `script ${name}` } as never)
    async work(name: string) {
      const before = tenant.get('none');
      tenant.set(name);
      await macrotask();
      return { before, tenant: tenant.get(), id: currentUnit()?.id, kind: currentUnit()?.kind };
    }

    @UseCls({ runOptions: { ifNested: 'override' } })
    async overriding(name: string) {
      tenant.set(name);
      return currentUnit();
    }
  }

  const script = new Script();
  let app: INestApplicationContext;

  // The hooks of nestjs-cls's plugins run in its decorator, and are there once an application is.
  beforeAll(async () => {
    app = await NestFactory.createApplicationContext(UsingCls, { logger: false });
  });

  afterAll(() => app.close());

  test('outside any unit of work begins one, with the id that it generates', async () => {
    const [a, b] = await Promise.all([script.work('a'), script.work('b')]);
    expect(a).toEqual({ before: 'none', tenant: 'a', id: 'script a', kind: 'nestjs-cls' });
    expect(b).toEqual({ before: 'none', tenant: 'b', id: 'script b', kind: 'nestjs-cls' });
    expect(tenant.get('none')).toBe('none');
  });

  test('inside one joins it', async () => {
    await runUnitOfWork({ kind: 'test', id: 'u-1' }, async () => {
      tenant.set('outer');
      expect(await script.work('a')).toEqual({ before: 'outer', tenant: 'a', id: 'u-1', kind: 'test' });
      expect(tenant.get()).toBe('a');
      expect(await script.overriding('b')).toBe(currentUnit());
      expect(tenant.get()).toBe('b');
    });
  });
});
