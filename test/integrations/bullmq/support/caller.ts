import { ContextVar, codecs, runUnitOfWork, ScopedValue } from 'nestjs-contextvars';

export const tenant = new ContextVar<string>('jobs.tenant', { codec: codecs.string });
export const locale = new ContextVar<string>('jobs.locale', { codec: codecs.string });
export const inProcess = new ContextVar<string>('jobs.inProcess', { default: 'nobody' });
export const role = new ScopedValue<string>('jobs.role');

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What a processor sees of the context. */
export const seen = () => ({
  tenant: tenant.get('-'),
  locale: locale.get('-'),
  inProcess: inProcess.get(),
  role: role.get('-'),
});

export const nothing = { tenant: '-', locale: '-', inProcess: 'nobody', role: '-' };

/** As a request does: a unit of work of its own, with who is asking. */
export function asCaller<R>(name: string, fn: () => R): R {
  return runUnitOfWork({ kind: 'request' }, () => {
    tenant.set(name);
    inProcess.set(name);
    role.bind('clerk');
    return fn();
  });
}
