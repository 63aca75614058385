/** The headers of a request, by names in lower case. */
export interface HeaderCarrier {
  /** The value; those of a header that is there several times as Node joins them. */
  get(name: string): string | undefined;
  /** Replaces the value, and whatever spelling of the name is there. */
  set(name: string, value: string): void;
  delete(name: string): void;
}

/** `Headers`, and axios's own. */
interface WithMethods {
  get(name: string): unknown;
  set(name: string, value: string): unknown;
  delete(name: string): unknown;
}

export function headersOf(headers: object): HeaderCarrier {
  if (hasMethods(headers)) {
    return {
      get: (name) => textOf(headers.get(name)),
      set: (name, value) => void headers.set(name, value),
      delete: (name) => void headers.delete(name),
    };
  }
  return recordCarrier(headers as Record<string, unknown>);
}

function hasMethods(headers: object): headers is WithMethods {
  const methods = headers as Partial<WithMethods>;
  return [methods.get, methods.set, methods.delete].every((method) => typeof method === 'function');
}

function recordCarrier(record: Record<string, unknown>): HeaderCarrier {
  const spellings = (name: string) => Object.keys(record).filter((key) => key.toLowerCase() === name);
  const remove = (name: string) => {
    for (const key of spellings(name)) delete record[key];
  };
  return {
    get: (name) => joined(spellings(name).map((key) => record[key])),
    set(name, value) {
      remove(name);
      record[name] = value;
    },
    delete: remove,
  };
}

/** Names and values in turn, as undici has them; changed in place. */
export function listCarrier(list: unknown[]): HeaderCarrier {
  const places = (name: string) =>
    list.flatMap((key, i) => (i % 2 === 0 && String(key).toLowerCase() === name ? [i] : []));
  const remove = (name: string) => {
    for (const i of places(name).reverse()) list.splice(i, 2);
  };
  return {
    get: (name) => joined(places(name).map((i) => list[i + 1])),
    set(name, value) {
      remove(name);
      list.push(name, value);
    },
    delete: remove,
  };
}

/** A value of a header as a client takes it: a text, several, or something that is written as a text. */
export function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return joined(value);
  return value === undefined || value === null ? undefined : String(value);
}

function joined(values: readonly unknown[]): string | undefined {
  const texts = values.map(textOf).filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join(', ');
}
