// The claim guarded here: a task, which is a unit of work with an end, a signal and a place in the list of what is under way,
// takes less than 2 µs on top of the same function in a copied store. No other library has tasks: beside it is a nested
// context of nestjs-cls.

import { measureCalls } from '../harness/calls.mjs';
import { CLS, OWN, RAW } from '../harness/subjects.mjs';
import { cls, own, raw } from './contexts.mjs';

const oneLater = async () => 1;

export const operations = {
  'await a task': {
    [RAW]: (measure) => raw((als) => measure(async () => await als.run({ ...als.getStore() }, oneLater))),
    [OWN]: (measure) => own(({ createTask }) => measure(async () => await createTask(oneLater))),
    [CLS]: (measure) =>
      cls((service) => measure(async () => await service.run({ ifNested: 'inherit' }, oneLater))),
  },
  'await a preserved call': {
    [RAW]: (measure) => raw((als) => measure(async () => await als.run({ ...als.getStore() }, oneLater))),
    [OWN]: (measure) =>
      own(({ preserveContext }) => {
        const preserved = preserveContext(oneLater);
        return measure(async () => await preserved());
      }),
  },
  'await a unit of work': {
    [RAW]: (measure) => raw((als) => measure(async () => await als.run({}, oneLater))),
    [OWN]: (measure) =>
      own(({ runUnitOfWork }) => measure(async () => await runUnitOfWork({ kind: 'bench' }, oneLater))),
    [CLS]: (measure) => cls((service) => measure(async () => await service.runWith({}, oneLater))),
  },
};

const NO_UNIT =
  'gives a function another store; there is no unit that ends, is listed, aborted, or waited for at shutdown';

export const benchmark = {
  title: 'Tasks and units of work',
  reference: RAW,
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: { [`await a task, ${CLS}`]: NO_UNIT, [`await a unit of work, ${CLS}`]: NO_UNIT },
  claims: (of) => [of.more('await a task', OWN, RAW, 2000)],
};
