import { STATUS_CODES } from 'node:http';

/** What every error looks like from outside. */
export interface ErrorBody {
  readonly statusCode: number;
  readonly message: string;
  readonly error: string | undefined;
  /** Under which the log lines of the request are found. */
  readonly requestId: string | undefined;
}

export function errorBody(statusCode: number, message: string, requestId: string | undefined): ErrorBody {
  return { statusCode, message, error: STATUS_CODES[statusCode], requestId };
}
