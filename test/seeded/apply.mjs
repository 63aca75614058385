// Puts a seeded bug into the sources while they are compiled.

/** The `change` of compileCore for a bug. */
export function changeFor({ file, edits }) {
  return (text, at) => (at === file ? edits.reduce(replaceOnce, text) : text);
}

/** An edit that no longer fits must be noticed, and not pass for a bug that is not found. */
function replaceOnce(text, [from, to]) {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`does not fit: its text is there ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}
