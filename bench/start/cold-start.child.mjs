// Prints how long one Lambda function takes until its first invocation has been answered, in ms.

import { event, lambdaContext } from '../boundaries/lambda-event.mjs';

const handlers = {
  'the handler alone': async () => async () => ({ statusCode: 200 }),
  'nestjs-contextvars': async () => {
    const { lambdaInvocation, withLambdaContext } = await import('nestjs-contextvars/lambda');
    return withLambdaContext(async () => ({ statusCode: 200, id: lambdaInvocation().requestId }));
  },
  'Powertools Logger': async () => {
    const { Logger } = await import('@aws-lambda-powertools/logger');
    const logger = new Logger();
    return async (_event, context) => {
      logger.addContext(context);
      return { statusCode: 200 };
    };
  },
};

const begun = performance.now();
const handler = await handlers[process.argv[2]]();
await handler(event, lambdaContext);
console.log(performance.now() - begun);
process.exit();
