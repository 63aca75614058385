/**
 * An element with attributes (`text` is its text, `class` its classes; those that are undefined or false are left out) and
 * children. Nothing is ever read as HTML: what is shown may come from anybody.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === 'text') made.textContent = value;
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Sets where something lies on an axis, in parts of it. By the object model: an attribute is not allowed here. */
export function place(made, from, to) {
  made.style.setProperty('--from', String(from));
  made.style.setProperty('--to', String(to));
  return made;
}

/** Milliseconds, as precise as is of use. */
export function duration(ms) {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`;
}

/** The same without its unit. */
export function offset(ms) {
  return ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2);
}
