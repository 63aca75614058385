// The counterpart of interpret.py on this library, statement by statement. An event loop of its own takes the place of
// asyncio's: a first-in-first-out queue of what is to go on, one step at a time, so that both run in the same order.

import { VARIABLES } from './generate.mjs';

class Thrown extends Error {}

export function variablesOf({ ContextVar }) {
  return VARIABLES.map((name) => new ContextVar(name, name === 'b' ? { default: 'default' } : {}));
}

/** asyncio's loop, as far as programs can tell. */
class Loop {
  #ready = [];

  callSoon(fn) {
    this.#ready.push(fn);
  }

  /** `await asyncio.sleep(0)`, and the way from `create_task` to the first step. */
  turn() {
    return new Promise((resolve) => this.callSoon(resolve));
  }

  /** A step ends when all of its promises have been followed. */
  async run() {
    while (this.#ready.length > 0) {
      this.#ready.shift()();
      await new Promise((resolve) => process.nextTick(resolve));
    }
  }
}

/** asyncio's Future: whoever waits goes on in a later turn, in the order in which they came. */
class Future {
  #loop;
  #waiting = [];
  #done = false;
  error = undefined;

  constructor(loop) {
    this.#loop = loop;
  }

  settle(error) {
    if (this.#done) return;
    this.#done = true;
    this.error = error;
    for (const fn of this.#waiting) this.#loop.callSoon(fn);
  }

  whenDone(fn) {
    if (this.#done) this.#loop.callSoon(fn);
    else this.#waiting.push(fn);
  }

  /** `await`: at once where it is done. */
  async wait() {
    if (!this.#done) await new Promise((resolve) => this.whenDone(resolve));
    if (this.error !== undefined) throw this.error;
  }
}

/** Runs one program and gives what it has seen. */
export async function interpret(core, variables, program) {
  const interpreter = new Interpreter(core, variables);
  return interpreter.main(program);
}

class Interpreter {
  #core;
  #variables;
  #loop = new Loop();
  #trace = [];
  #tokens = [];
  #contexts = [];
  #generators = [];

  constructor(core, variables) {
    this.#core = core;
    this.#variables = variables;
  }

  async main(program) {
    let end = 'ok';
    const main = new this.#core.Context().run(async () => {
      await this.#loop.turn();
      await this.#run(program, []);
    });
    main.catch((error) => {
      end = kindOf(error);
    });
    await this.#loop.run();
    this.#see('end', end);
    return this.#trace;
  }

  #see(...seen) {
    this.#trace.push(seen);
  }

  // `entered` are the Contexts that Python would say are entered. Entering one of those again is an error there and not
  // here, which is a departure of its own: no program goes that way.

  #sync(block, entered) {
    for (const s of block) this.#plain(s, entered);
  }

  async #run(block, entered) {
    const tasks = [];
    for (const s of block) {
      switch (s[0]) {
        case 'pause':
          await this.#loop.turn();
          break;
        case 'call':
        case 'attempt':
          await this.#attempted(s[0], this.#run(s[1], entered));
          break;
        case 'task':
          tasks.push(this.#task(s));
          break;
        case 'join': {
          const task = pick(tasks, s[1]);
          if (task !== undefined) await this.#attempted('join', task.wait());
          break;
        }
        case 'gather':
          await this.#attempted('gather', this.#gather(s[1]).wait());
          break;
        default:
          this.#plain(s, entered);
      }
    }
  }

  /** `create_task`: begins at once here and with the next turn there, so that its first step is waited for. */
  #task([, c, block]) {
    const context = c < 0 ? undefined : pick(this.#contexts, c);
    const future = new Future(this.#loop);
    const body = () => this.#step(future, block, context === undefined ? [] : [context]);
    this.#core.createTask(body, context === undefined ? undefined : { context });
    return future;
  }

  async #step(future, block, entered) {
    await this.#loop.turn();
    try {
      await this.#run(block, entered);
      future.settle();
    } catch (error) {
      future.settle(error);
    }
  }

  #gather(blocks) {
    const outer = new Future(this.#loop);
    let left = blocks.length;
    const fns = blocks.map((block) => () => {
      const future = new Future(this.#loop);
      future.whenDone(() => {
        left -= 1;
        if (future.error !== undefined) outer.settle(future.error);
        else if (left === 0) outer.settle();
      });
      return this.#step(future, block, []);
    });
    this.#core.gather(fns);
    return outer;
  }

  async #attempted(name, promise) {
    try {
      await promise;
      this.#see(name, 'ok');
    } catch (error) {
      this.#see(name, kindOf(error));
    }
  }

  *#generate(block, running) {
    for (const s of block) {
      this.#plain(s, running.entered);
      yield;
    }
  }

  #plain(s, entered) {
    switch (s[0]) {
      case 'get':
        return this.#see('get', this.#get(this.#variables[s[1]], s[2]));
      case 'set':
        return this.#set(s);
      case 'reset':
        return this.#reset(s);
      case 'copy':
        return void this.#contexts.push(this.#core.copyContext());
      case 'empty':
        return void this.#contexts.push(new this.#core.Context());
      case 'copyOf': {
        const context = pick(this.#contexts, s[1]);
        return void (context && this.#contexts.push(context.copy()));
      }
      case 'read': {
        const context = pick(this.#contexts, s[1]);
        return context && this.#see('read', this.#read(context));
      }
      case 'equals': {
        const context = pick(this.#contexts, s[1]);
        return context && this.#see('equals', context.equals(pick(this.#contexts, s[2])));
      }
      case 'enter':
        return this.#enter(s, entered);
      case 'throw':
        throw new Thrown();
      case 'attempt':
        return this.#attempt('attempt', () => this.#sync(s[1], entered));
      case 'gen': {
        const running = { entered: undefined, busy: false };
        running.steps = this.#generate(s[1], running);
        return void this.#generators.push(running);
      }
      case 'next':
        return this.#next(pick(this.#generators, s[1]), entered);
      case 'soon': {
        const context = this.#core.copyContext();
        return this.#loop.callSoon(() =>
          this.#attempt('soon', () => context.run(() => this.#sync(s[1], [context]))),
        );
      }
      default:
        throw new Error(`no such statement: ${s[0]}`);
    }
  }

  #attempt(name, fn) {
    try {
      fn();
      this.#see(name, 'ok');
    } catch (error) {
      this.#see(name, kindOf(error));
    }
  }

  #get(variable, how) {
    try {
      return how === 0 ? variable.get() : variable.get(how === 1 ? 'fallback' : undefined);
    } catch (error) {
      return kindOf(error);
    }
  }

  #set([, v, value]) {
    // None is undefined here, which JSON writes as it does null: a value like any other on both sides.
    const token = this.#variables[v].set(value ?? undefined);
    this.#tokens.push(token);
    this.#see('set', token.oldValue === this.#core.Token.MISSING ? 'missing' : token.oldValue);
  }

  #reset([, v, t]) {
    const token = pick(this.#tokens, t);
    if (token === undefined) return;
    const variable = v < 0 ? token.var : this.#variables[v];
    this.#attempt('reset', () => variable.reset(token));
  }

  #read(context) {
    return [
      context.size,
      [...context.keys()].map(({ name }) => name).sort(),
      this.#variables.map((variable) => [
        context.has(variable),
        context.has(variable) ? context.get(variable) : 'missing',
      ]),
    ];
  }

  #enter([, c, block], entered) {
    const context = pick(this.#contexts, c);
    if (context === undefined) return;
    if (entered.includes(context)) this.#see('enter', 're-entry');
    else this.#attempt('enter', () => context.run(() => this.#sync(block, [...entered, context])));
  }

  #next(running, entered) {
    if (running === undefined || running.busy) return;
    running.entered = entered;
    running.busy = true;
    try {
      this.#see('next', running.steps.next().done ? 'done' : 'more');
    } catch (error) {
      this.#see('next', kindOf(error));
    } finally {
      running.busy = false;
    }
  }
}

const KINDS = {
  ERR_VAR_UNSET: 'unset',
  ERR_TOKEN_USED: 'used',
  ERR_TOKEN_FOREIGN_VAR: 'foreign variable',
  ERR_TOKEN_FOREIGN_CONTEXT: 'foreign context',
};

function kindOf(error) {
  return error instanceof Thrown ? 'thrown' : (KINDS[error.code] ?? String(error));
}

/** Counted from the last one. */
function pick(list, index) {
  return list.length === 0 ? undefined : list[list.length - 1 - (index % list.length)];
}
