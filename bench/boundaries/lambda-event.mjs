/** An HTTP event of API Gateway v2, with the headers that a browser sends through it. */
export const event = {
  version: '2.0',
  routeKey: 'GET /orders',
  rawPath: '/orders',
  headers: {
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en',
    'cache-control': 'no-cache',
    host: 'api.example.com',
    'user-agent': 'Mozilla/5.0',
    'x-amzn-trace-id': 'Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e',
    'x-correlation-id': 'c-0123456789',
    'x-forwarded-for': '205.255.255.176',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  },
  requestContext: { requestId: 'JKJaXmPLvHcESHA=', stage: '$default' },
  isBase64Encoded: false,
};

const deadline = Date.now() + 900_000;

export const lambdaContext = {
  awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
  functionName: 'orders',
  functionVersion: '$LATEST',
  memoryLimitInMB: '128',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:orders',
  getRemainingTimeInMillis: () => deadline - Date.now(),
};
