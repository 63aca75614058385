type Line = Record<string, unknown>;

/** A destination that keeps what a logger writes. */
export class Lines {
  readonly #written: string[] = [];

  write(text: string): void {
    this.#written.push(text);
  }

  /** As written, without their line ends; each write has to be one line. */
  get raw(): string[] {
    return this.#written.map((text) => {
      if (text.indexOf('\n') !== text.length - 1) throw new Error(`not one line: ${text}`);
      return text.slice(0, -1);
    });
  }

  /** Parsed; a line with two values under one name is an error. */
  get all(): Line[] {
    return this.raw.map(parseLine);
  }

  /** The one line that was written, without what pino adds to each. */
  get only(): Line {
    const { all } = this;
    if (all.length !== 1) throw new Error(`${all.length} lines`);
    return withoutHead(all[0] as Line);
  }

  /** Those with this message. */
  saying(message: string): Line[] {
    return this.all.filter(({ msg }) => msg === message);
  }
}

export function withoutHead({
  level: _level,
  time: _time,
  pid: _pid,
  hostname: _hostname,
  ...rest
}: Line): Line {
  return rest;
}

/** Throws for a line with two values under one name, which `JSON.parse` takes the last of. */
export function parseLine(line: string): Line {
  const names = [...namesIn(line)];
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length > 0) throw new Error(`${twice.join()}: there twice: ${line}`);
  return JSON.parse(line) as Line;
}

function* namesIn(line: string): Iterable<string> {
  let depth = 0;
  for (const [token, name] of line.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (name !== undefined && depth === 1) yield JSON.parse(name) as string;
  }
}
