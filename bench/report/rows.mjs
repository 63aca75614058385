export const unique = (values) => [...new Set(values)];

export function rowAt(rows, operation, subject, x) {
  return rows.find((row) => row.operation === operation && row.subject === subject && row.x === x);
}

/** What has a size to grow with. */
export const grows = ({ rows }) => rows.some(({ x }) => x !== undefined);

/** The samples that count: of requests, what is added to the application alone. */
export function countedOf(row) {
  return row.added ?? row.samples;
}

/** An application that others are compared with adds nothing to itself. */
export function isBaseline(row) {
  return row.added?.every((added) => added === 0) === true;
}
