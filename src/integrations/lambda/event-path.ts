import { ownProperty } from './lambda-event.js';

// A name, a quoted name or an index, each but the first name after what separates it.
const SEGMENT = /(^|\.)(?:"((?:[^"\\]|\\["\\])+)"|([^.[\]"\\]+))|\[(\d+)\]/y;

type Segment = string | number;

/**
 * A path into an event: `detail.metadata.correlationId`, `Records[0].body`, `headers."x.id"`. Names with one of `.[]"\\` in
 * them are quoted. Below `headers` and `multiValueHeaders` names are found in any case.
 *
 * @throws TypeError where `path` is no such path.
 */
export function eventPath(where: string, path: string): (event: unknown) => unknown {
  const segments = segmentsOf(path);
  if (segments === undefined) {
    throw new TypeError(
      `${where}: expected a path such as 'detail.id' or 'Records[0]."my.id"' as path, got '${path}'`,
    );
  }
  return (event) => {
    let value = event;
    let inHeaders = false;
    for (const segment of segments) {
      value =
        inHeaders && typeof segment === 'string' ? headerOf(value, segment) : ownProperty(value, segment);
      inHeaders = segment === 'headers' || segment === 'multiValueHeaders';
    }
    return value;
  };
}

function segmentsOf(path: string): Segment[] | undefined {
  const segments: Segment[] = [];
  SEGMENT.lastIndex = 0;
  while (SEGMENT.lastIndex < path.length) {
    const found = SEGMENT.exec(path);
    if (found === null || (found.index === 0 && found[1] === '.')) return undefined;
    const [, , quoted, name, index] = found;
    segments.push(
      index === undefined ? (quoted?.replace(/\\(.)/g, '$1') ?? (name as string)) : Number(index),
    );
  }
  return segments.length === 0 ? undefined : segments;
}

/**
 * The one value of the header `name`, in whatever case it was sent, in `headers` or `multiValueHeaders`. A header that is
 * there twice has none: which of the two a caller meant, nobody knows.
 */
export function headerOf(headers: unknown, name: string): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const wanted = name.toLowerCase();
  let found: unknown;
  for (const key in headers) {
    if (key.length !== wanted.length || key.toLowerCase() !== wanted) continue;
    const value = ownProperty(headers, key);
    if (value === undefined || value === null) continue;
    if (found !== undefined || (Array.isArray(value) && value.length !== 1)) return undefined;
    found = Array.isArray(value) ? (value[0] as unknown) : value;
  }
  return found;
}
