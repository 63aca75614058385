// The departures from Python, each seen on both sides. The page that lists them and this list have to be the same.

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { python } from './python.mjs';

const PAGE = new URL('../../docs/decisions/departures-from-python.md', import.meta.url);

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const codeOf = (fn) => {
  try {
    return fn();
  } catch (error) {
    return error.code;
  }
};

/** `row` begins the first column of the page; `there` is Python and prints JSON, `here` is this library. */
const departures = [
  {
    row: '`set` outside any Context',
    there: `
v.set(1)
print(json.dumps(v.get()))`,
    sees: 1,
    here: ({ ContextVar }) => codeOf(() => new ContextVar('v').set(1)),
    gives: 'ERR_NO_ACTIVE_CONTEXT',
  },
  {
    row: 'a running Context cannot be entered again',
    there: `
context = contextvars.copy_context()
try:
    context.run(context.run, v.set, 1)
except RuntimeError as error:
    print(json.dumps(str(error).startswith('cannot enter context') and 'cannot enter context'))`,
    sees: 'cannot enter context',
    here({ Context, ContextVar }) {
      const v = new ContextVar('v');
      const context = new Context();
      context.run(() => context.run(() => v.set(1)));
      return context.get(v);
    },
    gives: 1,
  },
  {
    row: '`create_task`, `gather` start with the next turn of the loop',
    there: `
seen = []
async def body(name):
    seen.append(name)
async def main():
    task = asyncio.create_task(body('task'))
    gathered = asyncio.gather(body('gather'))
    seen.append('caller')
    await task
    await gathered
asyncio.run(main())
print(json.dumps(seen))`,
    sees: ['caller', 'task', 'gather'],
    async here({ createTask, gather }) {
      const seen = [];
      const task = createTask(async () => seen.push('task'));
      const gathered = gather([async () => seen.push('gather')]);
      seen.push('caller');
      await task;
      await gathered;
      return seen;
    },
    gives: ['task', 'gather', 'caller'],
  },
  {
    row: '`ctx.run(coroutine_function)` only makes the coroutine',
    there: `
async def body():
    return v.get('the awaiter')
async def main():
    context = contextvars.Context()
    context.run(v.set, 'the Context')
    return await context.run(body)
print(json.dumps(asyncio.run(main())))`,
    sees: 'the awaiter',
    async here({ Context, ContextVar }) {
      const v = new ContextVar('v');
      const context = new Context();
      context.run(() => v.set('the Context'));
      return context.run(async () => {
        await undefined;
        return v.get('the awaiter');
      });
    },
    gives: 'the Context',
  },
  {
    row: 'a generator reads the context of whoever calls `next`',
    there: `
def body():
    yield v.get('the caller of next')
context = contextvars.Context()
context.run(v.set, 'the Context')
print(json.dumps(next(context.run(body))))`,
    sees: 'the caller of next',
    here({ Context, ContextVar }) {
      const v = new ContextVar('v');
      const context = new Context();
      context.run(() => v.set('the Context'));
      const body = function* () {
        yield v.get('the caller of next');
      };
      return context.run(body).next().value;
    },
    gives: 'the Context',
  },
  {
    row: '`Context[var]` raises KeyError',
    there: `
try:
    contextvars.Context()[v]
except KeyError:
    print(json.dumps('KeyError'))`,
    sees: 'KeyError',
    here: ({ Context, ContextVar }) => new Context().get(new ContextVar('v')),
    gives: undefined,
  },
  {
    row: 'variables are kept alive by the contexts that hold them',
    there: `
context = contextvars.Context()
context.run(lambda: contextvars.ContextVar('short-lived').set(1))
gc.collect()
print(json.dumps(len(context)))`,
    sees: 1,
    async here({ Context, ContextVar }) {
      const context = new Context();
      const setOne = (v) => context.run(() => v.set(1));
      setOne(new ContextVar('short-lived'));
      // What a WeakRef has given is kept until the end of the turn; what is on the stack may look like a reference.
      for (let i = 0; i < 20 && context.size > 0; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        gc();
      }
      return context.size;
    },
    gives: 0,
  },
  {
    row: 'Contexts are equal whose values are (`==`)',
    there: `
one, other = contextvars.Context(), contextvars.Context()
one.run(v.set, [1])
other.run(v.set, [1])
print(json.dumps(one == other))`,
    sees: true,
    here({ Context, ContextVar }) {
      const v = new ContextVar('v');
      const one = new Context();
      const other = new Context();
      one.run(() => v.set([1]));
      other.run(() => v.set([1]));
      return one.equals(other);
    },
    gives: false,
  },
];

/** Runs them all; `wrong` says which are not as described. */
export async function checkDepartures(core) {
  const wrong = [];
  const rows = rowsOf(readFileSync(PAGE, 'utf8'));
  for (const { row } of departures)
    if (!rows.some((text) => text.startsWith(row))) wrong.push(`not on the page: ${row}`);
  for (const text of rows) {
    if (!departures.some(({ row }) => text.startsWith(row)))
      wrong.push(`on the page, and not checked: ${text}`);
  }
  for (const { row, there, sees, here, gives } of departures) {
    const seen = python(`import asyncio, contextvars, gc, json\nv = contextvars.ContextVar('v')\n${there}`);
    if (!isDeepStrictEqual(seen, sees)) wrong.push(`${row}: Python gives ${JSON.stringify(seen)}`);
    const given = await here(core);
    if (!isDeepStrictEqual(given, gives)) wrong.push(`${row}: here it gives ${JSON.stringify(given)}`);
  }
  return { checked: departures.length, wrong };
}

/** The first column of the table. */
function rowsOf(page) {
  const lines = page.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) => line.split(' | ')[0].slice(2));
}
