import { check } from './check-option.js';

/** One request of a button, as the page sends it: to the application itself, with the cookies of whoever looks. */
export interface InspectorRequest {
  /** Default: `GET`. */
  readonly method?: string;
  /** As a client sends it, with the global prefix, version and query: `/api/orders?limit=3`. */
  readonly path: string;
  /** Everybody who may open the page can read them. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it is, anything else as JSON with its content type. Default: none. */
  readonly body?: unknown;
}

/** A button of the page, and what it fires. */
export interface InspectorAction {
  readonly label: string;
  readonly requests: readonly InspectorRequest[];
  /** How often all of them are sent, at most 100 times. Default: 1. */
  readonly times?: number;
  /** Whether they are sent at once; else each when the one before is answered. Default: true. */
  readonly overlapping?: boolean;
}

/** As the page gets it. */
export interface ResolvedAction {
  readonly label: string;
  readonly times: number;
  readonly overlapping: boolean;
  readonly requests: readonly ResolvedRequest[];
}

interface ResolvedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const TIMES = 100;

/** @throws TypeError where an action is not as described at {@link InspectorAction}. */
export function readActions(actions: readonly InspectorAction[]): ResolvedAction[] {
  check('actions', 'an array', Array.isArray(actions));
  return actions.map((action, i) => readAction(`actions[${i}]`, action));
}

function readAction(where: string, action: InspectorAction): ResolvedAction {
  const { label, requests, times = 1, overlapping = true } = action ?? {};
  check(`${where}.label`, 'a non-empty string', typeof label === 'string' && label !== '');
  check(`${where}.requests`, 'an array with at least one', Array.isArray(requests) && requests.length > 0);
  const isCount = Number.isInteger(times) && times >= 1 && times <= TIMES;
  check(`${where}.times`, `a whole number from 1 to ${TIMES}`, isCount);
  check(`${where}.overlapping`, 'a boolean', typeof overlapping === 'boolean');
  const read = requests.map((request, i) => readRequest(`${where}.requests[${i}]`, request));
  return { label, times, overlapping, requests: read };
}

function readRequest(where: string, request: InspectorRequest): ResolvedRequest {
  const { method = 'GET', path, headers = {}, body } = request ?? {};
  check(`${where}.method`, 'a method', typeof method === 'string' && /^[A-Za-z]+$/.test(method));
  // Not `//host`, nor `/\host`, which browsers take for it: the page asks nobody but its own application.
  check(`${where}.path`, 'a path such as "/orders"', typeof path === 'string' && /^\/(?![/\\])/.test(path));
  const isRecord = typeof headers === 'object' && headers !== null;
  const areTexts = isRecord && Object.values(headers).every((value) => typeof value === 'string');
  check(`${where}.headers`, 'an object of strings', areTexts);
  if (body === undefined || typeof body === 'string') return { method, path, headers, body };
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return {
    method,
    path,
    headers: hasType ? headers : { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}
