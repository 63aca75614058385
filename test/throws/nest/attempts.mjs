// Requests that fail at one stage, each with another one after it on the same connection, beside one that waits meanwhile.
import { setImmediate as macrotask } from 'node:timers/promises';
import { activeTasks, currentUnit } from 'nestjs-contextvars/core';
import { tolerate, unclaimed } from '../claims.mjs';
import { gates } from './application.mjs';
import { Connection } from './connection.mjs';
import { arm, isArmed } from './foreign.mjs';
import { arrivals, bare, crossed, ends, logged } from './stages.mjs';

/** Connections that fail at the same time. */
const AT_ONCE = 10;
/** A neighbour waits while each connection has so many requests. */
const ROUND = 10;

let count = 0;
const nextId = (kind) => `${kind}-${++count}`;

export class Client {
  #connections = [];
  #neighbours;

  static async to(port) {
    const client = new Client();
    for (let i = 0; i < AT_ONCE; i++) client.#connections.push(await Connection.to(port));
    client.#neighbours = await Connection.to(port);
    return client;
  }

  /** Gives what was wrong, at most a few lines. */
  async tryOften(site, times) {
    const wrong = [];
    const began = performance.now();
    const rounds = Math.ceil(times / (AT_ONCE * ROUND));
    const note = (error) => wrong.push(error?.message ?? String(error));
    tolerate(site.name === 'the error reporter' ? () => true : undefined);
    const failed = [];
    const all = [];
    for (let round = 0; round < rounds && wrong.length < 5; round++) {
      const neighbour = this.#openNeighbour();
      all.push(neighbour.id);
      const each = Math.ceil(Math.min(ROUND, (times - round * AT_ONCE * ROUND) / AT_ONCE));
      await Promise.all(
        this.#connections.map(async (connection) => {
          for (let i = 0; i < each; i++) {
            const id = nextId('fails');
            failed.push(id);
            await this.#fail(connection, site, id);
            const next = nextId('next');
            all.push(next);
            // The short way mostly: what takes longer is the neighbour's.
            await answered(connection, next, i === 0 ? '/all/1' : '/sync');
          }
        }),
      ).catch(note);
      await neighbour.close().catch(note);
      if (currentUnit() !== undefined) note(new Error('the client is in a unit of work'));
    }
    await this.#settle(site, failed, all).catch(note);
    tolerate(undefined);
    wrong.push(...crossed.splice(0).slice(0, 3), ...unclaimed.splice(0).slice(0, 3));
    return { times: failed.length, wrong, ms: performance.now() - began };
  }

  /** One request after the other, each with a hook of another library's context that fails once. */
  async tryHook(hook, { status, logs }, times) {
    const wrong = [];
    const began = performance.now();
    const [connection] = this.#connections;
    for (let i = 0; i < times && wrong.length < 5; i++) {
      const id = nextId('hook');
      const failure = new Error(`the hook ${hook} of ${id}`);
      try {
        const neighbour = i % 100 === 0 ? this.#openNeighbour() : undefined;
        await neighbour?.waits;
        arm(hook, failure);
        const answer = await connection.get('/sync', headersOf(id));
        if (answer.status !== status)
          throw new Error(`${id} was answered with ${answer.status}: ${answer.body}`);
        for (let turns = 0; turns < 100 && isArmed(); turns++) await macrotask();
        if (isArmed()) throw new Error('the hook was not called');
        if (status === 200) checkBody(answer, id);
        await answered(connection, nextId('next'), '/sync');
        await neighbour?.close();
        const told = logged.splice(0).filter((line) => line.includes(failure.message)).length;
        if (told !== (logs ? 1 : 0)) throw new Error(`the logger was told ${told} times`);
      } catch (error) {
        wrong.push(error?.message ?? String(error));
      }
    }
    ends.clear();
    wrong.push(...crossed.splice(0).slice(0, 3), ...unclaimed.splice(0).slice(0, 3));
    return { times, wrong, ms: performance.now() - began };
  }

  close() {
    for (const connection of [...this.#connections, this.#neighbours]) connection.close();
  }

  /** A request whose handler waits until it is closed. */
  #openNeighbour() {
    const id = nextId('neighbour');
    let open;
    let reached;
    const opened = new Promise((resolve) => {
      open = resolve;
    });
    const waits = new Promise((resolve) => {
      reached = resolve;
    });
    gates.set(id, { opened, reached });
    const answer = answered(this.#neighbours, id, '/all/1');
    return {
      id,
      /** Settles when it waits. */
      waits,
      close: () => {
        open();
        return answer.finally(() => gates.delete(id));
      },
    };
  }

  async #fail(connection, { name, status, path, ownId, sendsNoId }, id) {
    const headers = headersOf(id);
    if (sendsNoId) delete headers['x-request-id'];
    const answer = await connection.get(path, { ...headers, 'x-fail': encodeURIComponent(name) });
    if (answer.status !== status) throw new Error(`${id} was answered with ${answer.status}: ${answer.body}`);
    const answeredId = answer.headers['x-request-id'];
    // Where there is none from outside, it is a UUID.
    if (ownId ? !/^[0-9a-f-]{36}$/.test(answeredId) : answeredId !== id)
      throw new Error(`${id} was answered as ${answeredId}`);
    if (status === 200) checkBody(answer, id);
  }

  async #settle(site, failed, all) {
    await Promise.all(arrivals.splice(0));
    const started = [...failed, ...all];
    // The end of a request comes after its answer.
    for (let turns = 0; turns < 1000 && ends.size < started.length; turns++) await macrotask();
    for (let turns = 0; turns < 5; turns++) await macrotask();
    const endedOnce = [...ends.values()].filter((times) => times === 1).length;
    const known = started.filter((id) => ends.has(id)).length;
    const total = ends.size;
    ends.clear();
    if (endedOnce !== started.length || total !== started.length || (known !== started.length && !site.ownId))
      throw new Error(
        `${started.length} requests, and ${endedOnce} have ended once (${total} ids, ${known} known)`,
      );
    const wantedBare = site.early ? failed.length : 0;
    if (bare.ends !== wantedBare)
      throw new Error(`${bare.ends} have ended without a context, not ${wantedBare}`);
    bare.ends = 0;
    const tasks = activeTasks();
    if (tasks.length > 0) throw new Error(`${tasks.length} tasks are left: ${tasks[0].name}`);
    const lines = logged.splice(0);
    const told = failed.filter((id) => lines.some((line) => line.includes(`${site.name} of ${id}`))).length;
    const wanted = site.logs ? failed.length : 0;
    if (told !== wanted)
      throw new Error(`${wanted} errors for the logger, and it was told ${told}: ${lines[0]}`);
    if (site.logs && site.name !== 'the error reporter' && lines.length !== wanted)
      throw new Error(`${wanted} errors for the logger, and ${lines.length} lines`);
  }
}

const headersOf = (id) => ({
  'x-request-id': id,
  'x-id': id,
  'x-tenant': `tenant of ${id}`,
  'x-correlation-id': `c-${id}`,
});

/** A request in which nothing fails: it must have been answered as itself. */
async function answered(connection, id, path) {
  const answer = await connection.get(path, headersOf(id));
  if (answer.status !== 200) throw new Error(`${id} was answered with ${answer.status}: ${answer.body}`);
  if (answer.headers['x-request-id'] !== id)
    throw new Error(`${id} was answered as ${answer.headers['x-request-id']}`);
  checkBody(answer, id);
}

function checkBody({ body }, id) {
  const seen = JSON.parse(body);
  if (seen.tenant !== `tenant of ${id}` || seen.role !== 'clerk')
    throw new Error(`${id} was answered ${body}`);
}
