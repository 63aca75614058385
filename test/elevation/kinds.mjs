// The ways to give a value for the length of a call, and what the running code sees of it.

import { decorated } from '../throws/apply-decorator.mjs';

/** The variables of a run, made once: names of portable variables are taken only once in a process. */
export function variablesOf({ ContextVar, ScopedValue, codecs }) {
  return {
    data: new ContextVar('data', { codec: codecs.string, log: 'data' }),
    role: new ScopedValue('role', { log: 'role' }),
  };
}

/** `family` is the column of expected.mjs; `enter(value, fn)` calls `fn` with the value, `see()` is what is read. */
export function kindsOf(core, { data, role }) {
  const { WithTempContext, withTempContext, withLogContext, bindLogContext } = core;
  const method = (binding) => decorated(WithTempContext(binding), (_value, fn) => fn());
  const withData = method((value) => [data.as(value)]);
  const withRole = method((value) => [role.as(value)]);
  const ofData = { base: (value) => data.set(value), see: () => seeVariable(core, data, 'data') };
  const ofRole = { base: (value) => role.bind(value), see: () => seeVariable(core, role, 'role') };
  return [
    {
      name: 'ContextVar, withTempContext',
      family: 'temporary',
      enter: (value, fn) => withTempContext([data.as(value)], fn),
      ...ofData,
    },
    { name: 'ContextVar, @WithTempContext', family: 'temporary', enter: withData, ...ofData },
    { name: 'ContextVar.run', family: 'run', enter: (value, fn) => data.run(value, fn), ...ofData },
    {
      name: 'ScopedValue, withTempContext',
      family: 'scoped',
      enter: (value, fn) => withTempContext([role.as(value)], fn),
      ...ofRole,
    },
    { name: 'ScopedValue, @WithTempContext', family: 'scoped', enter: withRole, ...ofRole },
    { name: 'ScopedValue.run', family: 'scoped', enter: (value, fn) => role.run(value, fn), ...ofRole },
    {
      name: 'withLogContext',
      family: 'log',
      enter: (value, fn) => withLogContext({ step: value }, fn),
      base: (value) => bindLogContext({ step: value }),
      see: () => seeLog(core),
    },
  ];
}

/** The value, or in words why there is none. A fallback must not change it, and a line of the log must not say more. */
function seeVariable({ logFields }, variable, key) {
  const plain = wordOf(() => variable.get());
  const withFallback = wordOf(() => variable.get('none'));
  const logged = logFields()[key];
  if (plain !== withFallback) return `${plain}, with a fallback ${withFallback}`;
  const isRead = plain !== 'refused' && plain !== 'none';
  return logged === (isRead ? plain : undefined) ? plain : `${plain}, in the log ${logged}`;
}

function seeLog({ getLogContext, logFields }) {
  const bound = getLogContext().step ?? 'none';
  const logged = logFields().step ?? 'none';
  return bound === logged ? bound : `${bound}, in the log ${logged}`;
}

const WORDS = { ERR_SCOPE_ENDED: 'refused', ERR_VAR_UNSET: 'none' };

function wordOf(read) {
  try {
    return read();
  } catch (error) {
    return WORDS[error?.code] ?? String(error);
  }
}
