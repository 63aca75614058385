// What the entry "./lambda" gives at run time; `index.ts` puts the first copy in the process in its place.

export { lambdaInvocation } from './invocation.js';
export { appendKeys, logKeys, removeKeys, resetKeys } from './log-keys.js';
export { lambdaContext } from './middy-middleware.js';
export { withRecordContext } from './record-context.js';
export { processSqsBatch } from './sqs-batch.js';
export { WithLambdaContext, withLambdaContext } from './with-lambda-context.js';
