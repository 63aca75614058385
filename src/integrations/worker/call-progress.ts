const WAITING = 0;
const BEGUN = 1;
const ABORTED = 2;

// In blocks: a SharedArrayBuffer of its own would cost each call another µs.
const BLOCK_BYTES = 4096;
let block = new SharedArrayBuffer(BLOCK_BYTES);
let used = 0;

function newState(): Int32Array {
  if (used === BLOCK_BYTES) {
    block = new SharedArrayBuffer(BLOCK_BYTES);
    used = 0;
  }
  used += Int32Array.BYTES_PER_ELEMENT;
  return new Int32Array(block, used - Int32Array.BYTES_PER_ELEMENT, 1);
}

/**
 * How far a call has come that can be aborted, known on both sides. A thread is terminated only for a call that it has
 * begun: on Node 20 and 22 one that is terminated while it loads an ES module takes the whole process with it
 * (`FATAL ERROR: v8::Module::IsGraphAsync`, seen on 20.20.2 and 22.23.3). A call that it has not begun it never will.
 */
export class CallProgress {
  readonly #state = newState();
  #handedOver = false;

  /** What the worker's side sees of it. Read when the envelope is cloned, which is when a thread gets it. */
  handOver(): Int32Array {
    this.#handedOver = true;
    return this.#state;
  }

  /** Takes the call back; gives whether it is to be taken from piscina too: out of the queue, or with the thread. */
  abort(): boolean {
    const before = Atomics.compareExchange(this.#state, 0, WAITING, ABORTED);
    return before === BEGUN || !this.#handedOver;
  }
}

/** On the worker's side: gives whether the call is still wanted, and then has begun. */
export function begin(state: Int32Array): boolean {
  return Atomics.compareExchange(state, 0, WAITING, BEGUN) === WAITING;
}
