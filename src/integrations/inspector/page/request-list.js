import { requestRow, rowHeads } from './request-row.js';
import { extentOf } from './timeline.js';

/** The requests on the page, the latest first: as many as are kept. */
export class RequestList {
  #list;
  #heads;
  #empty;
  #count;
  #columns = [];
  #limit = 1;
  #session;
  #records = new Map();
  #rows = new Map();
  #open = new Set();
  #changed = new Set();
  #longest = 0;
  #filter = '';
  #paused = false;
  #drawing = false;

  constructor({ list, heads, empty, count }) {
    this.#list = list;
    this.#heads = heads;
    this.#empty = empty;
    this.#count = count;
  }

  /** Whatever was shown comes again, if it is still kept. */
  begin({ session, columns, requests }) {
    this.#columns = columns;
    this.#limit = requests;
    this.#heads.replaceChildren(...rowHeads(columns));
    document.body.style.setProperty('--columns', String(columns.length));
    if (session !== this.#session) this.#open.clear();
    this.#session = session;
    this.clear();
  }

  clear() {
    this.#records.clear();
    this.#changed.clear();
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#longest = 0;
    this.#tellCount();
  }

  put(record) {
    this.#records.set(record.key, record);
    this.#changed.add(record.key);
    this.#drawSoon();
  }

  filterBy(text) {
    this.#filter = text.trim().toLowerCase();
    for (const [key, row] of this.#rows) row.hidden = !this.#fits(this.#records.get(key));
  }

  pause(paused) {
    this.#paused = paused;
    this.#drawSoon();
  }

  #drawSoon() {
    if (this.#drawing || this.#paused) return;
    this.#drawing = true;
    // Not requestAnimationFrame, which waits for a page in the background to be looked at.
    setTimeout(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw() {
    this.#dropOldest();
    const longest = Math.max(0, ...[...this.#records.values()].map(extentOf));
    // All bars are drawn to one scale.
    const isNewScale = longest > this.#longest * 1.02 || longest < this.#longest / 2;
    if (isNewScale) this.#longest = longest;
    const keys = isNewScale ? this.#records.keys() : this.#changed;
    for (const key of [...keys].sort((a, b) => a - b)) this.#drawRow(key);
    this.#changed.clear();
    this.#tellCount();
  }

  #tellCount() {
    const { size } = this.#records;
    this.#empty.hidden = size > 0;
    const last = size === this.#limit ? `the last ${size}` : `${size}`;
    this.#count.textContent = size === 0 ? '' : `${last} ${size === 1 ? 'request' : 'requests'}`;
  }

  #dropOldest() {
    const keys = [...this.#records.keys()].sort((a, b) => a - b);
    for (const key of keys.slice(0, Math.max(0, keys.length - this.#limit))) {
      this.#records.delete(key);
      this.#changed.delete(key);
      this.#open.delete(key);
      this.#rows.get(key)?.remove();
      this.#rows.delete(key);
    }
  }

  #drawRow(key) {
    const record = this.#records.get(key);
    if (record === undefined) return;
    const before = this.#rows.get(key);
    const row = requestRow(record, {
      columns: this.#columns,
      longest: this.#longest,
      open: this.#open.has(key),
      toggle: (one) => this.#toggle(one),
    });
    row.hidden = !this.#fits(record);
    row.dataset.key = String(key);
    this.#rows.set(key, row);
    if (before === undefined) this.#insert(key, row);
    else {
      const hadFocus = before.contains(document.activeElement);
      before.replaceWith(row);
      if (hadFocus) row.querySelector('button').focus();
    }
  }

  #insert(key, row) {
    const older = [...this.#list.children].find((other) => Number(other.dataset.key) < key);
    this.#list.insertBefore(row, older ?? null);
  }

  #toggle(key) {
    if (!this.#open.delete(key)) this.#open.add(key);
    this.#drawRow(key);
  }

  #fits({ method, title, requestId, fields }) {
    const text = [method, title, requestId, ...Object.values(fields)].join(' ').toLowerCase();
    return text.includes(this.#filter);
  }
}
