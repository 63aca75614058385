// Work that one starts and others get the result of: promises, caches, loaders, singletons.
import 'reflect-metadata';
import DataLoader from 'dataloader';
import { ContextScoped } from 'nestjs-contextvars/container';
import { bindContext, runUnitOfWork } from 'nestjs-contextvars/core';
import { container } from 'tsyringe';
import { see, who, within } from '../support.mjs';

const unbound = (fn) => fn;

/** A query that runs when it is awaited, as those of Knex, Prisma and Mongoose. */
function query(bind) {
  const run = within('A', () => {
    const built = { then: (resolve) => resolve(see()) };
    return bind(() => built);
  });
  return within('B', async () => await run());
}

async function cached(keyOf) {
  const cache = new Map();
  const load = () => {
    const key = keyOf();
    if (!cache.has(key)) cache.set(key, Promise.resolve().then(see));
    return cache.get(key);
  };
  return (await Promise.all(['A', 'B'].map((name) => within(name, load)))).join(' ');
}

const batch = async (keys) => keys.map(see);

async function loaded(loaderOf) {
  const load = (name) => within(name, () => loaderOf().load(1));
  return (await Promise.all(['A', 'B'].map(load))).join(' ');
}

class Loaders {
  rows = new DataLoader(batch);
}
ContextScoped()(Loaders);

function perUnit() {
  // Inside the unit as a whole: its instance is made when the first load is, and is no other's.
  const load = (name) =>
    runUnitOfWork({ kind: 'probe' }, () => {
      who.set(name);
      return container.resolve(Loaders).rows.load(1);
    });
  return Promise.all(['A', 'B'].map(load)).then((seen) => seen.join(' '));
}

function singleton(make, ownerOf) {
  let only;
  const get = () => {
    only ??= make();
    return ownerOf(only);
  };
  return ['A', 'B'].map((name) => within(name, get)).join(' ');
}

async function imported(bring) {
  globalThis.seeWhileImported = see;
  try {
    return await within('A', bring);
  } finally {
    delete globalThis.seeWhileImported;
  }
}

let modules = 0;
async function importNow() {
  const { seen } = await import(
    `data:text/javascript,export const seen = seeWhileImported(); // ${++modules}`
  );
  return seen;
}

export const shared = [
  {
    no: 15,
    what: 'a lazy query built in A, awaited in B (Knex, Prisma, Mongoose)',
    right: 'A',
    plain: () => query(unbound),
    remedy: '`await` it where it is built, or `bindContext(() => query)`',
    remedied: () => query(bindContext),
  },
  {
    no: 16,
    what: 'a cached promise: started by A, asked for by A and B',
    right: 'A B',
    plain: () => cached(() => 'one for all'),
    remedy: 'what it reads is a part of the key, or a cache in a context-scoped class',
    remedied: () => cached(see),
  },
  {
    no: 17,
    what: 'DataLoader: A and B load in the same tick',
    right: 'A B',
    plain: () => {
      const loader = new DataLoader(batch);
      return loaded(() => loader);
    },
    remedy: 'a loader for each unit of work: `@ContextScoped()`, `scopedProvider`',
    remedied: perUnit,
  },
  {
    no: 36,
    what: 'a lazy singleton that keeps what it read when A made it, used by A and B',
    right: 'A B',
    plain: () =>
      singleton(
        () => ({ owner: see() }),
        ({ owner }) => owner,
      ),
    remedy: 'read when it is used, not when it is made; or `@ContextScoped()`',
    remedied: () =>
      singleton(
        () => ({ owner: see }),
        ({ owner }) => owner(),
      ),
  },
  {
    no: 36,
    what: 'a module that is imported for the first time in A, while it is evaluated',
    right: 'none',
    plain: () => imported(importNow),
    remedy: '`runUnitOfWork` around the import, or import it at the start',
    remedied: () => imported(() => runUnitOfWork({ kind: 'load' }, importNow)),
  },
];
