/**
 * `node:crypto`, loaded when it is first needed: that takes a quarter of the time that all of core takes to import
 * (bench/start/import.mjs), and a Lambda brings ids of its own.
 */
export function nodeCrypto(): typeof import('node:crypto') {
  loaded ??= process.getBuiltinModule('node:crypto');
  return loaded;
}

let loaded: typeof import('node:crypto') | undefined;
