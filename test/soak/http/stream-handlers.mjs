// The handlers whose answers come in parts: files, which may fail, a raw response, events.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as macrotask, setTimeout as wait } from 'node:timers/promises';
import { StreamableFile } from '@nestjs/common';
import { interval, map, take, tap } from 'rxjs';
import { EVENTS, LINES } from './kinds.mjs';
import { stage } from './stages.mjs';

export function streamHandlersFor(see) {
  async function* lines(n, count) {
    for (let i = 0; i < count; i++) {
      see.late(stage.stream, n);
      yield `${n}\n`;
      await (i % 2 === 0 ? macrotask() : null);
    }
  }

  async function* failingLines(n) {
    yield* lines(n, 2);
    // The first lines are on their way by then.
    await wait(2);
    throw new Error('on purpose');
  }

  return {
    file(n) {
      see.fully(stage.handler, n);
      return new StreamableFile(Readable.from(lines(n, LINES), { objectMode: false }));
    },

    failingFile(n) {
      see.fully(stage.handler, n);
      return new StreamableFile(Readable.from(failingLines(n), { objectMode: false }));
    },

    async raw(n, _seen, _request, response) {
      see.fully(stage.handler, n);
      // Fastify's reply is settled by what is sent over it.
      response.hijack?.();
      try {
        await pipeline(Readable.from(lines(n, LINES)), response.raw ?? response);
      } catch (error) {
        // The client has left.
        if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
      }
    },

    events(n) {
      see.fully(stage.handler, n);
      return interval(1).pipe(
        take(EVENTS),
        tap(() => see.late(stage.event, n)),
        map(() => ({ data: String(n) })),
      );
    },

    endless(n) {
      see.fully(stage.handler, n);
      return interval(1).pipe(
        tap(() => see.late(stage.event, n)),
        map(() => ({ data: String(n) })),
      );
    },
  };
}
