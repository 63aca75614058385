// What is measured, by the names that all tables have.

export const OWN = 'nestjs-contextvars';
export const RAW = 'AsyncLocalStorage';
export const CLS = 'nestjs-cls';
export const CLS_SYMBOL = 'nestjs-cls, symbol as key';
export const UNCTX = 'unctx';
export const OTEL = 'OpenTelemetry context';
export const FASTIFY = '@fastify/request-context';
export const CPYTHON = 'CPython contextvars';

/** What does the same work in a Node.js process; the others are there to compare with. */
export const RIVALS = new Set([
  CLS,
  CLS_SYMBOL,
  UNCTX,
  OTEL,
  FASTIFY,
  'nestjs-cls middleware',
  'nestjs-cls proxies',
  'Scope.REQUEST',
  'durable providers',
  'Powertools Logger',
]);

/** Why durable providers are ahead. */
export const OF_A_TENANT =
  'its instances are those of a tenant: nothing is made for a request, which has no context, no id and no header';
