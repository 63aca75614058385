// The claim guarded here: `withLambdaContext` adds less than 5 µs to an invocation. Beside it: `als.run` around the handler, and the log keys of
// Powertools, which are those of the process.

import { AsyncLocalStorage } from 'node:async_hooks';
import { measureCalls } from '../harness/calls.mjs';
import { OWN, RAW } from '../harness/subjects.mjs';
import { event, lambdaContext } from './lambda-event.mjs';

const BARE = 'the handler alone';
const POWERTOOLS = 'Powertools Logger';
const INVOCATION = 'Lambda invocation';

const handler = async () => ({ statusCode: 200 });
const invoke = (invoked) => async () => await invoked(event, lambdaContext);

export const operations = {
  [INVOCATION]: {
    [BARE]: (measure) => measure(invoke(handler)),
    [RAW]: (measure) => {
      const als = new AsyncLocalStorage();
      return measure(
        invoke((...args) => als.run({ id: lambdaContext.awsRequestId }, () => handler(...args))),
      );
    },
    [OWN]: async (measure) => {
      const { withLambdaContext } = await import('nestjs-contextvars/lambda');
      return measure(invoke(withLambdaContext(handler)));
    },
    'nestjs-contextvars, with an onEnd': async (measure) => {
      const { withLambdaContext } = await import('nestjs-contextvars/lambda');
      return measure(invoke(withLambdaContext(handler, { onEnd: async () => {} })));
    },
    [POWERTOOLS]: async (measure) => {
      const { Logger } = await import('@aws-lambda-powertools/logger');
      const logger = new Logger();
      return measure(
        invoke((given, context) => {
          logger.addContext(context);
          logger.appendKeys({ correlationId: given.headers['x-correlation-id'] });
          const answer = handler();
          logger.resetKeys();
          return answer;
        }),
      );
    },
  },
};

export const benchmark = {
  title: 'A Lambda invocation',
  reference: BARE,
  rounds: 3,
  run: (rounds) => measureCalls({ file: import.meta.filename, operations, rounds }),
  behind: {
    [`${INVOCATION}, ${POWERTOOLS}`]:
      'it sets keys of a logger for all of the process: two invocations at once mix them, and there is no unit with a signal and an end',
  },
  claims: (of) => [of.more(INVOCATION, OWN, BARE, 5000)],
};
