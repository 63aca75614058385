// Ways to get it wrong, each as a small change of the sources. `edits` are [text, replacement] pairs for one file, or, as
// `also`, for a second one; a text that is not there exactly once is an error (apply.mjs).

export const bugs = [
  {
    name: 'shared store',
    says: 'one store for the whole process: put back when the call returns, and not kept for what it awaits',
    file: 'core/storage.ts',
    edits: [
      [
        'new AsyncLocalStorage<Frame | undefined>()',
        `({
          store: undefined as any,
          getStore() { return this.store; },
          run(store: any, fn: () => unknown) {
            const before = this.store;
            this.store = store;
            try { return fn(); } finally { this.store = before; }
          },
        } as any)`,
      ],
    ],
  },
  {
    name: 'enterWith',
    says: 'set enters a copy of the Context for whatever comes next',
    file: 'core/context-var.ts',
    edits: [
      [
        'const token = newToken(this, isSet ? old : Token.MISSING, place);\n    place.write(this.index, value);',
        `const cell = place.fork(place.unit);
        cell.captured = place.captured;
        const token = newToken(this, isSet ? old : Token.MISSING, cell);
        cell.write(this.index, value);
        als.enterWith(Object.assign(Object.create(Object.getPrototypeOf(frame)), frame, { cell, bare: frame.slot === undefined ? cell : frame.bare }));`,
      ],
    ],
  },
  {
    name: 'no copy on fork',
    says: 'a forked Context writes into the values of the one that it was forked from',
    file: 'core/cell.ts',
    edits: [
      [
        'const cell = new Cell(this.#values, true, unit);',
        'const cell = new Cell(this.#values, false, unit);',
      ],
    ],
  },
  {
    name: 'no copy after a fork',
    says: 'a Context that was forked goes on writing into the values that the fork sees',
    file: 'core/cell.ts',
    edits: [['    this.#shared = true;\n    const cell', '    const cell']],
  },
  {
    name: 'undefined is unset',
    says: 'a variable that is set to undefined counts as unset',
    file: 'core/cell.ts',
    edits: [
      ['if (value === undefined) this.#voids = new Set([...(this.#voids ?? []), index]);\n    else if', 'if'],
    ],
  },
  {
    name: 'no lease',
    says: 'the lease of a temporary value never ends',
    file: 'core/slot.ts',
    edits: [['  lease.ended = true;\n', '']],
  },
  {
    name: 'lease one microtask late',
    says: 'a temporary value ends a microtask after the call has settled',
    file: 'core/follow.ts',
    edits: [
      [
        '    (value) => {\n      const settled = settle(value, extent);',
        `    (value) => {
      if (extent.temporary && typeof value !== 'object') {
        queueMicrotask(() => extent.end());
        return value;
      }
      const settled = settle(value, extent);`,
      ],
    ],
  },
  {
    name: 'lease ends with the return',
    says: 'a temporary value ends when the call has returned its promise, and not when that settles',
    file: 'core/temp-scope.ts',
    edits: [
      [
        '    return settleScope(result, frame, slot, name);\n',
        '    { endLease(slot.lease); return settleScope(result, frame, slot, name); }\n',
      ],
    ],
  },
  {
    name: 'lease outlives a throw',
    says: 'a temporary value does not end when the call throws',
    file: 'core/temp-scope.ts',
    edits: [[/(?:slot\.lease\.ended = true;\s*)?endSlot\(slot\);\s*throw error;/, 'throw error;']],
  },
  {
    name: 'lease outlives a rejection',
    says: 'a temporary value does not end when the call rejects',
    file: 'core/follow.ts',
    edits: [['    (error) => {\n      extent.end({ error });', '    (error) => {']],
  },
  {
    name: 'lease outlives its unit',
    says: 'scopes that are open do not end with their unit of work',
    file: 'core/unit.ts',
    edits: [['if (this.#open !== undefined) for (const scope of [...this.#open]) scope.end();', '']],
  },
  {
    name: 'late set is lost',
    says: 'a set after the end of the temporary scope of its variable says nothing',
    file: 'core/context-var.ts',
    edits: [['      if (place.lease.ended) throw this.#ended();\n      const token', '      const token']],
  },
  {
    name: 'late read falls back',
    says: 'a ScopedValue whose temporary binding has ended reads the level below',
    file: 'core/scoped-value.ts',
    edits: [
      [
        'if (slot.lease.ended || bound === CAPTURED) throw this.#ended();\n        return bound;',
        'if (bound === CAPTURED) throw this.#ended();\n        if (!slot.lease.ended) return bound;',
      ],
    ],
  },
  {
    name: 'captured read falls back',
    says: 'a ScopedValue reads the base in work that was captured under a temporary binding',
    file: 'core/scoped-value.ts',
    edits: [
      [
        'if (slot.lease.ended || bound === CAPTURED) throw this.#ended();\n        return bound;',
        'if (slot.lease.ended) throw this.#ended();\n        if (bound !== CAPTURED) return bound;',
      ],
    ],
  },
  {
    name: 'elevation captured',
    says: 'a capture keeps the temporary value of a ScopedValue',
    file: 'core/overlay.ts',
    edits: [
      [
        'const kept = !variable.scoped || lease === PERMANENT ? slot.read() : CAPTURED;',
        'const kept = slot.read();',
      ],
    ],
  },
  {
    name: 'ended value captured',
    says: 'a capture keeps bindings that have ended',
    file: 'core/overlay.ts',
    edits: [
      [
        'if (seen.has(variable) || (lease.ended && !variable.scoped)) continue;',
        'if (seen.has(variable)) continue;',
      ],
    ],
  },
  {
    name: 'base bound twice',
    says: 'ScopedValue.bind replaces the base',
    file: 'core/scoped-value.ts',
    edits: [['if (slot !== undefined || frame.cell.has(this.index)) {', 'if (slot !== undefined) {']],
  },
  {
    name: 'used token accepted',
    says: 'a token is good more than once',
    file: 'core/token.ts',
    edits: [['      token.#used = true;', '']],
  },
  {
    name: 'foreign token accepted',
    says: 'a token is good for another variable',
    file: 'core/token.ts',
    edits: [['if ((token.#var as unknown) !== variable) {', 'if (token.#var === undefined) {']],
  },
  {
    name: 'context check missing',
    says: 'a token is good in another Context',
    file: 'core/context-var.ts',
    edits: [['if (place !== made) {', 'if (place === undefined) {']],
  },
  {
    name: 'reset to undefined',
    says: 'a reset of a variable that was unset sets it to undefined',
    file: 'core/context-var.ts',
    edits: [
      [
        'if (old === Token.MISSING) place.unset(this.index);',
        'if (old === Token.MISSING) place.write(this.index, undefined);',
      ],
    ],
  },
  {
    name: 'run sets',
    says: 'ContextVar.run sets the value for the unit of work',
    file: 'core/context-var.ts',
    edits: [
      [
        'return runFrame(push(frame, new Slot(this, value, PERMANENT)), fn);',
        'frame.cell.write(this.index, value);\n    return runFrame(push(frame, new Slot(this, value, PERMANENT)), fn);',
      ],
    ],
  },
  {
    name: 'gather does not fork',
    says: 'the branches of gather share the Context of their caller',
    file: 'core/gather.ts',
    edits: [['begin(fork(frame), fn)', 'begin(frame, fn)']],
  },
  {
    name: 'overlay slot shared by a fork',
    says: 'a branch of gather sets the binding of its caller',
    file: 'core/slot.ts',
    edits: [['  fork(): Slot {\n', '  fork(): Slot {\n    return this;\n']],
  },
  {
    name: 'fork outlives its scope',
    says: 'in a branch of gather a temporary value never ends',
    file: 'core/slot.ts',
    edits: [
      [
        '  fork(): Slot {\n',
        '  fork(): Slot {\n    return new Slot(this.variable, this.read(), PERMANENT);\n',
      ],
    ],
  },
  {
    name: 'task shares the Context',
    says: 'createTask runs in the Context of its caller',
    file: 'core/create-task.ts',
    edits: [
      [
        'const cell = given ?? captureCell(parent);',
        'const cell = given ?? parent?.cell ?? captureCell(parent);',
      ],
    ],
  },
  {
    name: 'capture at run instead of call',
    says: 'bindContext takes the context in which the function is called',
    file: 'core/bind-context.ts',
    edits: [['return runExtent(extent(), ', 'return runExtent(captureExtent()(), ']],
  },
  {
    name: 'capture at making instead of call',
    says: 'a preserved function copies the context in which it was made',
    file: 'core/preserve-context.ts',
    edits: [
      [
        '  return function (this: unknown, ...args: never[]): unknown {\n    const aborts',
        '  const made = captureCell(currentFrame());\n  return function (this: unknown, ...args: never[]): unknown {\n    const aborts',
      ],
      ['const cell = captureCell(parent);', 'const cell = copyCell(made);'],
      [
        "import { captureCell } from './overlay.js';",
        "import { captureCell, copyCell } from './overlay.js';",
      ],
    ],
  },
  {
    name: 'bound calls share their bindings',
    says: 'what one call of a bound function sets is seen by the next one',
    file: 'core/overlay.ts',
    edits: [['captured.map(slotOfCall)', 'captured']],
  },
  {
    name: 'bound call leaves the Context',
    says: 'a bound function does not set what was captured with the Context that it was bound in',
    file: 'core/overlay.ts',
    edits: [['(ofContext(slot) ? slot : capturedSlot(slot))', 'capturedSlot(slot)']],
  },
  {
    name: 'copy shares what was captured',
    says: 'a copy of a Context and the Context set the same bindings',
    file: 'core/overlay.ts',
    edits: [['cell.captured = copySlots(source.captured);', 'cell.captured = source.captured;']],
  },
  {
    name: 'generator not wrapped',
    says: 'a generator that a scope returns runs where it is consumed',
    file: 'core/follow.ts',
    edits: [
      [
        '      extent.pend();\n      return bindIterator(result, extent);',
        '      extent.end();\n      return result;',
      ],
    ],
  },
  {
    name: 'generator not ended',
    says: 'a temporary value does not end with the generator that it was for',
    file: 'core/bound-iterator.ts',
    edits: [
      [
        '  if (!types.isPromise(result)) {\n    if ((result as IteratorResult<unknown> | undefined)?.done === true) extent.end();',
        '  if (!types.isPromise(result)) {',
      ],
      [
        '    (settled) => {\n      if ((settled as IteratorResult<unknown> | undefined)?.done === true) extent.end();',
        '    (settled) => {',
      ],
    ],
  },
  {
    name: 'generator ended too soon',
    says: 'a temporary value ends with the first step of an async generator',
    file: 'core/bound-iterator.ts',
    edits: [
      [
        '    (settled) => {\n      if ((settled as IteratorResult<unknown> | undefined)?.done === true) extent.end();',
        '    (settled) => {\n      extent.end();',
      ],
    ],
  },
  {
    name: 'thenable not followed inside',
    says: 'the then of a thenable result is called where the caller is',
    file: 'core/follow.ts',
    edits: [
      [
        /const promise = extent\.run\(\s*\(\) =>\s*new Promise\(\(resolve, reject\) => \{\s*thenable\.then\(.*, reject\);\s*\}\),\s*\);/,
        'const promise = new Promise((resolve, reject) => thenable.then(resolve, reject));',
      ],
    ],
  },
  {
    name: 're-entry joins the caller',
    says: 'a Context that is entered runs in the unit of whoever enters it',
    file: 'core/context.ts',
    edits: [['const owner = cell.unit ?? current?.unit;', 'const owner = current?.unit ?? cell.unit;']],
  },
  {
    name: 'ended unit is joined',
    says: 'a Context whose unit of work has ended is entered in that unit',
    file: 'core/context.ts',
    edits: [['if (owner === undefined || owner.ended) return', 'if (owner === undefined) return']],
  },
  {
    name: 'pruned too much',
    says: 'an outer temporary binding is dropped when an inner one is opened',
    file: 'core/slot.ts',
    edits: [['return slot.lease === PERMANENT || slot.variable.scoped;', 'return true;']],
  },
  {
    name: 'ended binding pruned',
    says: 'an ended binding that still refuses a late set is dropped',
    file: 'core/overlay.ts',
    edits: [
      [
        'if (hidden === true || (hidden === false && slot.lease.ended)) continue;',
        'if (hidden === true || slot.lease.ended) continue;',
      ],
    ],
  },
  {
    name: 'instance built under a temporary binding',
    says: 'a scoped instance is made where it is used first, and not at the base of its unit',
    file: 'container/scoped.ts',
    edits: [['made = unit.enter(() => this.#recipe.make());', 'made = this.#recipe.make();']],
  },
  {
    name: 'instance shared by units',
    says: 'a task uses the scoped instances of the unit that it was started in',
    file: 'core/create-task.ts',
    edits: [
      [
        '  const task: Task = new Task(extent.unit, parent?.unit);',
        '  extent.unit.instances = parent?.unit.instances;\n  const task: Task = new Task(extent.unit, parent?.unit);',
      ],
    ],
  },
];
