// Compares what the client and the server have noted, request by request.

import { ABORTED, ANSWERED, CUT } from './client.mjs';
import { slopeOf } from './heap.mjs';
import { kinds } from './kinds.mjs';
import { namesOf } from './stages.mjs';

/** Of heap, for each request over the last 80 % of them. */
export const ALLOWED_BYTES = 16;
/** Of heap in all: what the engine still learns in a run that is short, where the slope says nothing. */
export const ALLOWED_GROWTH = 2_000_000;

/** What must be 0. */
export const FAULTS = {
  crossed: 'identities crossed',
  lost: 'not answered',
  unhandled: 'unhandled rejections, exceptions and warnings',
  wrong: 'answers of another content',
  ends: 'ends not told exactly once',
  stages: 'without a stage, or with one too many',
  instances: 'with scoped instances not disposed of exactly once',
  logged: 'errors logged that were not meant',
};

/** The result of a run: counts, what is at fault, the first examples of that. */
export function judge({ client, served, samples, requests }) {
  const { counts } = served;
  const result = {
    requests,
    answered: 0,
    aborted: 0,
    cut: 0,
    checks: counts.checks,
    connections: client.connections,
    mostAtOnce: client.most,
    crossed: client.crossed + counts.crossed,
    lost: client.lost,
    unhandled: counts.unhandled,
    wrong: client.wrong,
    ends: 0,
    stages: 0,
    instances: 0,
    logged: counts.logged,
  };
  const examples = [...client.examples, ...counts.examples];
  const fault = (kind, text) => {
    result[kind] += 1;
    if (result[kind] <= 5) examples.push(text);
  };
  const outcomes = { [ANSWERED]: 'answered', [ABORTED]: 'aborted', [CUT]: 'cut' };
  for (let n = 0; n < requests; n++) {
    const outcome = outcomes[client.states[n]];
    if (outcome !== undefined) result[outcome] += 1;
    const about = `request ${n} (${client.kinds[n]}, ${outcome})`;
    compareEnds(n, outcome === 'answered', served, (text) => fault('ends', `${about} ${text}`));
    const [made, disposed] = [served.made[n], served.disposed[n]];
    if (made !== disposed) fault('instances', `${about}: ${made} instances made, ${disposed} disposed of`);
    const [passed, due] = [served.stages[n], kinds[client.kinds[n]].stages];
    if (outcome === 'answered' && passed !== due)
      fault('stages', `${about} missed ${namesOf(due & ~passed)}, passed also ${namesOf(passed & ~due)}`);
  }
  const bytesPerRequest = slopeOf(samples, requests * 0.2);
  const growth = bytesPerRequest * requests * 0.8;
  const heapHolds = bytesPerRequest < ALLOWED_BYTES || growth < ALLOWED_GROWTH;
  const holds = heapHolds && Object.keys(FAULTS).every((name) => result[name] === 0);
  return { ...result, bytesPerRequest, growth, heapHolds, holds, examples };
}

/** One that the client has left may never have come in as a request. */
function compareEnds(n, answered, { begun, ended, onEnds }, fault) {
  const times = begun[n];
  if ((answered ? times === 1 : times <= 1) && ended[n] === times && onEnds[n] === times) return;
  fault(`was begun ${times} times, ended ${ended[n]} times, onEnd was called ${onEnds[n]} times`);
}
