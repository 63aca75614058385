/** The members of an object, of the JSON between its brackets. */
export function membersOf(json: string): ReadonlyMap<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(`{${json}}`) as object));
  } catch {
    // A time or a serializer that writes no JSON: all that looks like a name is one.
    return new Map(Array.from(json.matchAll(/"((?:[^"\\]|\\.)*)":/g), ([, name = '']) => [name, undefined]));
  }
}

const PLAIN = /^[\w.-]*$/;

/** Whether one of them may have the name: told by a look at the text, because most often none has. */
export function mayHave(json: string, name: string): boolean {
  return json.includes(PLAIN.test(name) ? `"${name}":` : `${JSON.stringify(name)}:`);
}
