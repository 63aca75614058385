// One site, tried many times: user code fails there, and everything else must be as if it had never been called.
import { setImmediate as macrotask } from 'node:timers/promises';
import { activeTasks } from 'nestjs-contextvars/core';
import { claim, settle, tolerate, unclaimed } from './claims.mjs';
import { openNeighbour, roleHere, see, surroundings, unchanged } from './context.mjs';

/** So many attempts are under way at once. */
const AT_ONCE = 50;

/**
 * A site:
 * - `fail(failure, kit)` has user code throw `failure` there. It may wait.
 * - `works(kit)` uses the same place once more, without an error, and gives `ok`.
 * - `arrives`: where the error comes out: at the `caller` (the default: thrown or rejected), `uncaught` (the platform
 *   takes it to the listeners of the process), `reported` (the library's own report), `both` (caller and report), or
 *   `nowhere`.
 * - `expects(error, failure)` says whether the error at the caller is right. Default: it is the failure itself.
 * - `tolerates(error)`: for errors that may reach the listeners of the process besides.
 * - `share` of the times is enough, where one time is many; `count()` says how often it was in the end.
 * - `finish()` gives what was wrong with all of them together.
 * - `inside`: the names of the surroundings in which it can be used. Default: all.
 *
 * Gives what was wrong, at most a few lines.
 */
export async function tryOften(site, wanted) {
  const times = Math.ceil(wanted * (site.share ?? 1));
  const wrong = [];
  const outside = see();
  const neighbour = openNeighbour();
  const names = site.inside ?? Object.keys(surroundings);
  const began = performance.now();
  tolerate(site.tolerates);
  const unclaimedBefore = unclaimed.length;
  for (let i = 0; i < times && wrong.length < 5; i += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, times - i) }, (_, k) =>
      attempt(site, i + k, names[(i + k) % names.length], neighbour).catch((error) => {
        wrong.push(`#${i + k} ${names[(i + k) % names.length]}: ${error?.message ?? error}`);
      }),
    );
    await Promise.all(batch);
    try {
      unchanged(outside, 'outside');
    } catch (error) {
      wrong.push(error.message);
    }
  }
  // What was left running reads, and what nobody handled is told.
  for (let turn = 0; turn < 3; turn++) await macrotask();
  await neighbour.close().catch((error) => wrong.push(error.message));
  tolerate(undefined);
  wrong.push(...(site.finish?.() ?? []).slice(0, 3));
  const tasks = activeTasks();
  if (tasks.length > 0) wrong.push(`${tasks.length} tasks are left: ${tasks[0].name}`);
  wrong.push(...unclaimed.splice(unclaimedBefore).slice(0, 3));
  return { times: site.count?.() ?? times, wrong, ms: performance.now() - began };
}

async function attempt(site, i, name, neighbour) {
  const failure = new Error(`${site.name} #${i}`);
  await surroundings[name](i, async () => {
    const before = see();
    const kit = new Kit(before);
    const { arrives = 'caller' } = site;
    const elsewhere = { both: 'reported', reported: 'reported', uncaught: 'uncaught' }[arrives];
    const arrival = elsewhere && claim(failure, elsewhere);
    const outcome = await outcomeOf(() => {
      try {
        return site.fail(failure, kit);
      } finally {
        unchanged(before, 'right after the call');
      }
    });
    unchanged(before, 'after the error');
    if (arrives === 'caller' || arrives === 'both') checkError(site, outcome, failure);
    else if ('error' in outcome) throw outcome.error;
    await arrival;
    settle(failure);
    unchanged(before, 'after the error was told');
    neighbour.check(`after #${i}`);

    const again = await outcomeOf(() => site.works(new Kit(before)));
    if (!('value' in again) || again.value !== 'ok')
      throw new Error(`the next use gave ${String('error' in again ? again.error : again.value)}`);
    unchanged(before, 'after the next use');
    neighbour.check(`after the use after #${i}`);
    await kit.check();
  });
}

function checkError({ expects = Object.is }, outcome, failure) {
  if (!('error' in outcome)) throw new Error(`no error: it gave ${String(outcome.value)}`);
  if (!expects(outcome.error, failure))
    throw new Error(`another error: ${outcome.error?.stack ?? outcome.error}`);
}

async function outcomeOf(fn) {
  try {
    return { value: await fn() };
  } catch (error) {
    return { error };
  }
}

/** What a site may use in an attempt. */
class Kit {
  /** What the caller has seen before. */
  before;
  #checks = [];

  constructor(before) {
    this.before = before;
  }

  /** Has code left running, where it is called, that must find the temporary role ended. */
  leaveElevated() {
    const read = new Promise((resolve) => setImmediate(() => resolve(roleHere())));
    this.#checks.push(async () => {
      const seen = await read;
      if (seen !== 'ERR_SCOPE_ENDED') throw new Error(`what was left running reads the role ${seen}`);
    });
  }

  /** The unit of work must have ended by the end of the attempt. */
  mustEnd(unit) {
    this.#checks.push(() => {
      if (!unit.ended) throw new Error(`the unit of work '${unit.kind}' has not ended`);
      if (!unit.signal.aborted) throw new Error(`the signal of '${unit.kind}' has not aborted`);
    });
  }

  /** For a callback of whoever called: it must run where that is. */
  here(when) {
    unchanged(this.before, when);
  }

  async check() {
    for (const one of this.#checks) await one();
  }
}
