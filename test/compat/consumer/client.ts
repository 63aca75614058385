import assert from 'node:assert/strict';
import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Report } from './desk.service.js';

const REQUESTS = 200;
const SOCKETS = 20;

export interface Visit {
  readonly requests: number;
  readonly sockets: number;
  readonly overlapping: number;
}

/** Asks for 200 reports over 20 kept sockets, each as somebody else, and holds each against who asked. */
export async function visit(port: number): Promise<Visit> {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  const sockets = new Set<Socket>();

  function ask(path: string, headers: Record<string, string> = {}) {
    return new Promise<{ body: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, path, agent, headers, timeout: 10_000 }, (response) => {
        sockets.add(response.socket);
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve({ body, headers: response.headers });
          else reject(new Error(`${path} answered ${response.statusCode}: ${body}`));
        });
      });
      request.on('timeout', () => request.destroy(new Error(`${path} did not answer`)));
      request.on('error', reject);
    });
  }

  async function askAs(number: number) {
    const requestId = `request-${number}`;
    const identity = { tenant: `tenant-${number % 7}`, user: `user-${number}`, requestId, clsId: requestId };
    const { body, headers } = await ask('/work', {
      'x-tenant': identity.tenant,
      'x-user': identity.user,
      'x-request-id': requestId,
    });
    const clerk = { ...identity, role: 'clerk' };
    const expected: Report = {
      before: clerk,
      elevated: { ...identity, role: 'ledger-writer' },
      siblings: [clerk, clerk, clerk, clerk, clerk],
      branch: 'of one branch',
      task: clerk,
      late: 'ERR_SCOPE_ENDED',
      after: clerk,
    };
    assert.deepEqual(JSON.parse(body), expected);
    assert.equal(headers['x-request-id'], requestId);
  }

  try {
    await Promise.all(Array.from({ length: REQUESTS }, (_, number) => askAs(number)));
    const overlapping = Number((await ask('/overlapping')).body);
    assert.ok(overlapping > 1, `the requests overlap (${overlapping} at a time)`);
    assert.ok(sockets.size <= SOCKETS, `sockets are used again (${sockets.size})`);
    return { requests: REQUESTS, sockets: sockets.size, overlapping };
  } finally {
    agent.destroy();
  }
}
