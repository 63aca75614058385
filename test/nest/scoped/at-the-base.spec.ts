// An instance belongs to its unit of work, wherever in it it was touched first.

import { Inject, Injectable } from '@nestjs/common';
import {
  ContextScoped,
  ContextVar,
  createTask,
  currentUnit,
  gather,
  LoadScoped,
  ScopedValue,
  scopedProvider,
  WithTempContext,
  withTempContext,
} from 'nestjs-contextvars';
import { closeApps, inUnit, startTesting } from './support/application.js';
import { Made } from './support/made.js';

afterEach(closeApps);

const role = new ScopedValue<string>('role');
const tenant = new ContextVar<string>('tenant', { default: 'none' });

const made = new Made();
const disposedAs: string[] = [];
afterEach(() => {
  made.clear();
  disposedAs.length = 0;
});

@ContextScoped()
class Audit extends made.Noted {
  readonly roleAtBirth = role.get('nobody');
  readonly tenantAtBirth = tenant.get();
  get roleNow(): string {
    return role.get('nobody');
  }
  override [Symbol.dispose](): void {
    disposedAs.push(`${role.get('nobody')} of ${tenant.get()}`);
  }
}

@Injectable()
class Refunds {
  constructor(
    readonly audit: Audit,
    @Inject('made') readonly product: Record<'role' | 'tenant', string>,
    @Inject('loaded') readonly loaded: Record<'role' | 'tenant', string>,
  ) {}

  @WithTempContext(role.as('admin'))
  async elevated(): Promise<unknown> {
    const before = this.audit.roleAtBirth;
    await null;
    return [before, this.audit.roleNow, this.product.role, this.product.tenant];
  }

  @WithTempContext(role.as('admin'), tenant.as('all'))
  @LoadScoped('loaded')
  elevatedLoad(): unknown {
    return [this.loaded.role, this.loaded.tenant];
  }
}

const seen = () => ({ role: role.get('nobody'), tenant: tenant.get() });
const start = async () => {
  const app = await startTesting({
    providers: [
      Refunds,
      scopedProvider(Audit),
      scopedProvider({ provide: 'made', useFactory: seen }),
      scopedProvider({
        provide: 'loaded',
        useFactory: async () => {
          await new Promise(setImmediate);
          return seen();
        },
      }),
    ],
  });
  return app.get(Refunds);
};

describe('an instance that an elevated call touches first', () => {
  it('keeps no elevated value in a field, and reads the one of each call', async () => {
    const refunds = await start();
    await inUnit(async () => {
      role.bind('clerk');
      tenant.set('acme');
      expect(await refunds.elevated()).toEqual(['clerk', 'admin', 'clerk', 'acme']);
      expect(refunds.audit).toMatchObject({ roleAtBirth: 'clerk', tenantAtBirth: 'acme', roleNow: 'clerk' });
    });
    expect(made.instances).toHaveLength(1);
  });

  it('is disposed of with the values of its unit of work', async () => {
    const refunds = await start();
    await inUnit(async () => {
      role.bind('clerk');
      await withTempContext([role.as('admin'), tenant.as('all')], async () => refunds.audit.identity);
    });
    expect(disposedAs).toEqual(['clerk of none']);
  });

  it('and an asynchronous factory that it waits for run at the base, before and after the await', async () => {
    const refunds = await start();
    await inUnit(async () => {
      role.bind('clerk');
      expect(await refunds.elevatedLoad()).toEqual(['clerk', 'none']);
      expect(refunds.loaded.role).toBe('clerk');
    });
  });

  it('sees a variable as it is where the unit of work begins, not as a run around it says', async () => {
    const refunds = await start();
    inUnit(() => {
      tenant.run('temporary', () => expect(refunds.product.tenant).toBe('none'));
      expect(refunds.audit.tenantAtBirth).toBe('none');
    });
  });
});

describe('an instance that a branch of gather touches first', () => {
  it('is the one of its siblings and of the parent', async () => {
    const refunds = await start();
    await inUnit(async () => {
      tenant.set('acme');
      const branch = (name: string) => async () => {
        tenant.set(name);
        await new Promise(setImmediate);
        return refunds.audit.identity;
      };
      const identities = await gather([branch('first'), branch('second')]);
      expect(identities).toEqual([refunds.audit.identity, refunds.audit.identity]);
      expect(new Set([...identities, refunds.audit.identity]).size).toBe(1);
      expect(refunds.audit.tenantAtBirth).toBe('acme');
    });
    expect(made.instances).toHaveLength(1);
    expect(disposedAs).toEqual(['nobody of acme']);
  });

  it('but a task of its own has its own', async () => {
    const refunds = await start();
    await inUnit(async () => {
      const own = await createTask(() => [refunds.audit.unit, currentUnit()?.id]);
      expect(own[0]).toBe(own[1]);
      expect(refunds.audit.unit).not.toBe(own[0]);
    });
    expect(made.instances).toHaveLength(2);
  });
});
