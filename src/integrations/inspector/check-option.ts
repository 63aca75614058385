/** @throws TypeError that names the option and what it must be. */
export function check(option: string, expected: string, ok: boolean): void {
  if (!ok) throw new TypeError(`InspectorModule: option '${option}' must be ${expected}`);
}
