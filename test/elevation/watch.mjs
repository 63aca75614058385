// What one piece of work reads, kept apart by the moment: while the call is under way, in the microtasks of its settling,
// and later.

/** So many microtasks in a row are looked at around the end of a call. */
const SPIN = 40;

export class Watch {
  /** By moment: how often each word was read. */
  reads = { during: new Map(), at: new Map(), after: new Map() };
  moment = 'during';
  stopped = false;
  #see;
  #delay;
  #armed = false;
  #spinning = false;
  #settle;
  #ready = new Promise((resolve) => {
    this.#settle = resolve;
  });
  #atEnd = () => {};

  /** `see` gives what the running code sees; the call settles `delay` microtasks after it was told that it may. */
  constructor(see, delay) {
    this.#see = see;
    this.#delay = delay;
  }

  get over() {
    return this.moment !== 'during';
  }

  read = (word = this.#see()) => {
    const words = this.reads[this.moment];
    // A broken library may give anything.
    const text = String(word);
    words.set(text, (words.get(text) ?? 0) + 1);
  };

  /** Called again and again by work in the context that is watched, by whatever calls that work back. */
  visit = () => {
    this.read();
    if (!this.#armed || this.#spinning) return;
    this.#spinning = true;
    this.#spin(SPIN);
    this.#settleSoon(this.#delay);
  };

  has(moment) {
    return this.reads[moment].size > 0;
  }

  /** From now on visits look at microtasks, and the first one lets the call settle. */
  arm(atEnd) {
    this.#armed = true;
    this.#atEnd = atEnd;
  }

  /** Where nobody visits: lets the call settle by itself. */
  settleAlone() {
    this.#settleSoon(this.#delay);
  }

  /** For the call: until it may settle. */
  ready() {
    return this.#ready;
  }

  /** The call has settled: for whoever looks, this microtask is the first one after it. */
  end = () => {
    if (this.over) return;
    this.moment = 'at';
    setImmediate(() => {
      this.moment = 'after';
    });
    this.#atEnd();
  };

  #spin(left) {
    queueMicrotask(() => {
      this.read();
      if (left > 0) this.#spin(left - 1);
      else this.#spinning = false;
    });
  }

  #settleSoon(left) {
    queueMicrotask(() => (left > 0 ? this.#settleSoon(left - 1) : this.#settle()));
  }
}
