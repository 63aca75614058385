// Functions that are given among options: what makes bindings, ids, signals, and what writes and reads values.
import {
  AsUnitOfWork,
  ContextVar,
  codecs,
  copyContext,
  extractContext,
  injectContext,
  PreserveContext,
  preserveContext,
  runUnitOfWork,
  WithTempContext,
} from 'nestjs-contextvars/core';
import { decorated } from '../apply-decorator.mjs';
import { role, tenant } from '../context.mjs';

const OK = async () => {
  await null;
  return 'ok';
};

/** Each option as a decorator or wrapper that is given it. */
const options = {
  '@WithTempContext: the function that makes the bindings': (act) =>
    decorated(
      WithTempContext(() => {
        act();
        return [role.as('admin')];
      }),
      OK,
    ),
  '@AsUnitOfWork: the function that makes the id': (act) =>
    decorated(
      AsUnitOfWork({
        kind: 'inside',
        id: () => {
          act();
          return 'an-id';
        },
      }),
      OK,
    ),
  '@PreserveContext: the function that gives the signal': (act) =>
    decorated(PreserveContext({ signal: () => void act() }), OK),
  'preserveContext: the function that gives the signal': (act) =>
    preserveContext(OK, { signal: () => void act() }),
  'preserveContext in the background: the function that gives the signal': (act) =>
    preserveContext(OK, { background: true, signal: () => void act() }),
};

/** What a codec of this site does instead of its work, the next time. */
let instead;
const acting = () => {
  const act = instead;
  instead = undefined;
  act?.();
};
const order = new ContextVar('order', {
  codec: {
    encode: (value) => {
      acting();
      return value;
    },
    decode: (text) => {
      acting();
      return text;
    },
  },
});
const plan = new ContextVar('plan', {
  codec: codecs.json({
    '~standard': {
      version: 1,
      vendor: 'throws',
      validate: (value) => {
        acting();
        return { value };
      },
    },
  }),
});

/** A Context in which one of them is set. */
const holding = (variable, value) =>
  runUnitOfWork({ kind: 'holding' }, () => {
    variable.set(value);
    return copyContext();
  });
const orders = holding(order, 'o-1');
const plans = holding(plan, { name: 'basic' });
const carried = (context) => injectContext({}, { context });
const refused = (code) => (error, failure) =>
  error.code === code && error !== failure && !String(error.stack).includes(failure.message);

const carriers = [
  ['a codec: encode', 'ERR_NOT_PORTABLE', () => carried(orders).contextvars.length > 0],
  ['a codec: decode', 'ERR_INVALID_CARRIER', () => brought(orders).get(order) === 'o-1'],
  [
    'codecs.json: its schema, when it writes',
    'ERR_NOT_PORTABLE',
    () => carried(plans).contextvars.length > 0,
  ],
  [
    'codecs.json: its schema, when it reads',
    'ERR_INVALID_CARRIER',
    () => brought(plans).get(plan).name === 'basic',
  ],
];

const brought = (context) => extractContext({ contextvars: textOf(context) });

const texts = new Map();
function textOf(context) {
  if (!texts.has(context)) texts.set(context, carried(context).contextvars);
  return texts.get(context);
}
textOf(orders);
textOf(plans);

export const sites = [
  ...Object.entries(options).map(([name, make]) => ({
    name,
    fail: (failure) =>
      make(() => {
        throw failure;
      })(),
    works: () => make(() => {})(),
  })),
  ...carriers.map(([name, code, use]) => ({
    name,
    expects: refused(code),
    fail: (failure) => {
      instead = () => {
        throw failure;
      };
      try {
        return use();
      } finally {
        instead = undefined;
      }
    },
    works: () => (use() ? 'ok' : 'nothing'),
  })),
  {
    name: 'extractContext: accept',
    fail: (failure) =>
      extractContext(
        { contextvars: textOf(orders) },
        {
          accept: () => {
            throw failure;
          },
        },
      ),
    works: () =>
      extractContext({ contextvars: textOf(orders) }, { accept: () => true }).get(order) === 'o-1'
        ? 'ok'
        : 'lost',
  },
  {
    name: 'a block with a token',
    inside: ['in a unit of work', 'in a temporary scope'],
    fail: (failure) => {
      const token = tenant.set('in the block');
      try {
        throw failure;
      } finally {
        token[Symbol.dispose]();
      }
    },
    works: () => {
      const token = tenant.set('in the block');
      token[Symbol.dispose]();
      return 'ok';
    },
  },
];
