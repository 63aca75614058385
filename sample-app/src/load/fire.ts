import autocannon, { type CannonRequest, type CannonResult } from 'autocannon';
import type { LoadCaller } from './caller.js';
import type { LoadRecord } from './record.js';
import { nthRequest, type Sent } from './requests.js';

/** Sends so many requests, so many at a time, and looks at each answer. */
export function fire(
  url: string,
  { requests, connections }: { readonly requests: number; readonly connections: number },
  callers: readonly LoadCaller[],
  record: LoadRecord,
): Promise<CannonResult> {
  let last = 0;
  return autocannon<{ sent?: Sent }>({
    url,
    connections,
    amount: requests,
    timeout: 60,
    requests: [
      {
        setupRequest(defaults: CannonRequest, context) {
          context.sent = nthRequest(last, callers, record);
          last += 1;
          return { ...defaults, ...context.sent.request };
        },
        onResponse(status, body, { sent }, headers) {
          if (sent !== undefined) judgeAnswer(sent, status, body, headers, record);
        },
      },
    ],
  });
}

function judgeAnswer(
  { requestId, statuses, check }: Sent,
  status: number,
  body: string,
  headers: Record<string, string>,
  record: LoadRecord,
): void {
  const answered = headers['x-request-id'] ?? headers['X-Request-Id'];
  if (answered !== requestId) record.crossed.push(`${requestId}: the answer is to ${answered}`);
  if (statuses.includes(status)) check(JSON.parse(body));
  else record.unexpected.push(`${requestId}: ${status} ${body.slice(0, 200)}`);
}
