import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DestinationStream, LevelWithSilent, Logger, LoggerOptions } from 'pino';

type RequestId = number | string | object;

/** The options of pino-http 11, which need not be installed for pino alone; each means what it means there. */
export interface PinoHttpOptions<
  Request = IncomingMessage,
  Response = ServerResponse,
  CustomLevels extends string = never,
> extends LoggerOptions {
  logger?: Logger<CustomLevels> | undefined;
  /** Asked for requests outside any context, where there is no request id. Default: a UUID. */
  genReqId?: ((request: Request, response: Response) => RequestId) | undefined;
  useLevel?: LevelWithSilent | CustomLevels | undefined;
  stream?: DestinationStream | undefined;
  autoLogging?: boolean | { ignore?: (request: Request) => boolean } | undefined;
  customLogLevel?:
    | ((request: Request, response: Response, error?: Error) => LevelWithSilent | CustomLevels)
    | undefined;
  customReceivedMessage?: ((request: Request, response: Response) => string) | undefined;
  customSuccessMessage?: ((request: Request, response: Response, responseTime: number) => string) | undefined;
  customErrorMessage?: ((request: Request, response: Response, error: Error) => string) | undefined;
  customReceivedObject?: ((request: Request, response: Response) => object | undefined) | undefined;
  customSuccessObject?: ((request: Request, response: Response, fields: object) => object) | undefined;
  customErrorObject?:
    | ((request: Request, response: Response, error: Error, fields: object) => object)
    | undefined;
  customAttributeKeys?:
    | Partial<Record<'req' | 'res' | 'err' | 'reqId' | 'responseTime', string | undefined>>
    | undefined;
  wrapSerializers?: boolean | undefined;
  customProps?: ((request: Request, response: Response) => object) | undefined;
  quietReqLogger?: boolean | undefined;
  quietResLogger?: boolean | undefined;
}
