// Compile-time tests of "./pino": nothing here runs. `npm run test:types` fails where one of these lines has an
// error, or where a line under `@ts-expect-error` has none.

import {
  contextMixin,
  contextPinoHttp,
  type PinoHooks,
  type PinoHttpOptions,
  type PinoMixin,
  safeHooks,
} from 'nestjs-contextvars/pino';
import { LoggerModule } from 'nestjs-pino';
import { type LoggerOptions, pino } from 'pino';
import { type Options, pinoHttp } from 'pino-http';

// --- contextMixin: what pino takes as `mixin`, and gives it one's own

pino({ mixin: contextMixin() });
pino({
  mixin: contextMixin({
    mixin: (mergeObject, level, logger) => ({ ...mergeObject, level, ...logger.bindings() }),
  }),
});
const audited: LoggerOptions<'audit'> = {
  customLevels: { audit: 35 },
  mixin: contextMixin<'audit'>({
    mixin: (_mergeObject, _level, logger) => ({ audited: logger.audit !== undefined }),
  }),
};
pino(audited).audit('seen');
const mixin: PinoMixin = contextMixin();
contextMixin({ mixin });
// @ts-expect-error a mixin is a function
contextMixin({ mixin: {} });
// @ts-expect-error a mixin gives an object
contextMixin({ mixin: () => 5 });

// --- safeHooks: what pino takes as `hooks`, and gives it one's own

pino({ hooks: safeHooks() });
pino({
  hooks: safeHooks({
    logMethod(args, method) {
      method.apply(this, args);
    },
  }),
});
const hooks: Required<PinoHooks> = safeHooks({});
safeHooks(hooks);
// @ts-expect-error the name of a hook
safeHooks({ logmethod: () => undefined });

// --- contextPinoHttp: the options of pino-http, with their types, in and out

pinoHttp(contextPinoHttp());
pinoHttp(contextPinoHttp({ genReqId: (request) => request.headers['x-id'] ?? 1 }), process.stdout);
LoggerModule.forRoot({ pinoHttp: contextPinoHttp({ customProps: (request) => ({ url: request.url }) }) });
LoggerModule.forRoot({ pinoHttp: [contextPinoHttp({ level: 'debug' }), process.stdout] });
LoggerModule.forRootAsync({ useFactory: () => ({ pinoHttp: contextPinoHttp({ redact: ['req.headers'] }) }) });
const options: Options = contextPinoHttp({
  autoLogging: { ignore: (request) => request.url === '/health' },
  customSuccessMessage: (request, response, responseTime) =>
    `${request.method} ${response.statusCode} ${responseTime.toFixed()}`,
  customErrorObject: (_request, _response, error, fields) => ({ ...fields, reason: error.message }),
});
const given: PinoHttpOptions = options;
contextPinoHttp(given);
contextPinoHttp<{ readonly user: string }>({ customProps: ({ user }) => ({ user }) });
// @ts-expect-error an option of pino-http
contextPinoHttp({ customProp: () => ({}) });
// @ts-expect-error a level is a text
contextPinoHttp({ level: 5 });
