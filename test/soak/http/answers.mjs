// Reads the answers of HTTP/1.1 off a connection, as they come in pieces; written for speed and for what the soak's
// server sends: every answer has a content-length or is chunked.

export class AnswerReader {
  #text = '';
  #onAnswer;
  /** The answer that is being read; undefined between two. */
  #answer;
  /** Bytes of the body, or of its chunk, that are still to come; -1 where the length is to be read first. */
  #left = 0;
  #chunked = false;

  /** `onAnswer` gets `{ status, id, body }` of each answer. */
  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
  }

  /** The answer of which a part has come. */
  get begun() {
    return this.#answer;
  }

  /** `text` is latin1: a unit is a byte. */
  read(text) {
    this.#text += text;
    while (this.#answer === undefined ? this.#readHead() : this.#readBody());
  }

  #readHead() {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const head = this.#text.slice(0, end + 2);
    this.#text = this.#text.slice(end + 4);
    if (!head.startsWith('HTTP/1.1 ')) throw new Error(`not an answer: ${head}`);
    const length = field(head, 'content-length');
    this.#chunked = length === undefined;
    this.#left = this.#chunked ? -1 : Number(length);
    this.#answer = { status: Number(head.slice(9, 12)), id: field(head, 'x-request-id'), body: '' };
    if (this.#left === 0) this.#done();
    return true;
  }

  #readBody() {
    if (this.#left === -1) return this.#readChunkSize();
    const part = this.#text.slice(0, this.#left);
    this.#text = this.#text.slice(part.length);
    this.#answer.body += part;
    this.#left -= part.length;
    if (this.#left > 0) return false;
    if (this.#chunked) this.#left = -1;
    else this.#done();
    return true;
  }

  /** With the line break that ends the chunk before it, if there is one. */
  #readChunkSize() {
    const from = this.#text.startsWith('\r\n') ? 2 : 0;
    const end = this.#text.indexOf('\r\n', from);
    if (end === -1) return false;
    const size = Number.parseInt(this.#text.slice(from, end), 16);
    if (size > 0) {
      this.#text = this.#text.slice(end + 2);
      this.#left = size;
      return true;
    }
    // No trailers: an empty line.
    if (this.#text.length < end + 4) return false;
    this.#text = this.#text.slice(end + 4);
    this.#done();
    return true;
  }

  #done() {
    const answer = this.#answer;
    this.#answer = undefined;
    this.#onAnswer(answer);
  }
}

function field(head, name) {
  const found = new RegExp(`\\r\\n${name}: ([^\\r]*)`, 'i').exec(head);
  return found?.[1];
}
