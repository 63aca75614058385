// The claim guarded here: a Lambda function with `withLambdaContext` is ready sooner after a cold start, import and first invocation, than one
// that puts the context of the invocation into the log lines of Powertools. The bare handler is beside it.

import { inFreshProcess, inRounds } from '../harness/rounds.mjs';
import { OWN } from '../harness/subjects.mjs';

const child = `${import.meta.dirname}/cold-start.child.mjs`;

const BARE = 'the handler alone';
const POWERTOOLS = 'Powertools Logger';
const COLD = 'import and first invocation';

export const benchmark = {
  title: 'Cold start of a Lambda function',
  reference: BARE,
  rounds: 5,
  async run(rounds) {
    const subjects = [BARE, OWN, POWERTOOLS];
    const samples = await inRounds(subjects, rounds, (subject) => inFreshProcess(child, [subject]));
    return subjects.map((subject, i) => ({ operation: COLD, subject, unit: 'ms', samples: samples[i] }));
  },
  claims: (of) => [of.times(COLD, OWN, POWERTOOLS, 1)],
};
