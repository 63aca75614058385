import * as calling from './call-statements.mjs';
import { Execution } from './execution.mjs';
import * as generating from './generators.mjs';
import * as plain from './statements.mjs';

const STATEMENTS = { ...plain, ...calling, ...generating };
/** Stands for a statement where a program is over and what it has made is read once more. */
const AT_THE_END = { do: 'end' };

/** Begins to run a program; `execution.over` settles when it and all that it has left running is over. */
export function interpret(environment, program, options) {
  const execution = new Execution(STATEMENTS, environment, options);
  execution.over = finish(execution, program);
  return execution;
}

async function finish(execution, program) {
  await execution.main(program);
  for (const context of execution.contexts.slice(-10)) plain.readContext(execution, AT_THE_END, context);
  for (const echo of execution.echoes.slice(-10)) plain.hearOne(execution, AT_THE_END, echo);
  return execution.failure;
}
