import type { Duplex } from 'node:stream';
import { bindObservable, currentUnit } from 'nestjs-contextvars';
import {
  firstValueFrom,
  lastValueFrom,
  map,
  merge,
  NEVER,
  type Observable,
  Subject,
  tap,
  toArray,
} from 'rxjs';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { type Text, writeText } from './support/desk.controllers.js';
import { RpcUnits } from './support/rpc-units.js';
import { type RunningDesk, startDesk, stopDesks } from './support/running-desk.js';
import { describeTransports } from './support/transports.js';
import { seen } from './support/variables.js';

let units: RpcUnits;
beforeEach(() => {
  units = new RpcUnits();
});
afterEach(async () => {
  units.stop();
  await stopDesks();
});

type Answer = (error: unknown, text?: Text) => void;

/** Sets the variable with the first text of the stream, and says with each what it sees. */
const note = ({ text }: Text): Text => {
  const before = seen.get('nothing');
  if (before === 'nothing') seen.set(text);
  return { text: `${text} after ${before} in ${currentUnit()?.kind} ${currentUnit()?.ended}` };
};

const joined = (texts: Text[]): Text => ({ text: texts.map(({ text }) => text).join(', ') });

/** What the desk does with a stream of requests, by Observable and by call: the same. */
const ways = [
  {
    way: 'an Observable',
    method: { many: 'chat', one: 'collect' } as const,
    serve({ desk }: RunningDesk): void {
      desk.collect = (texts) => texts.pipe(map(note));
    },
    serveOne({ desk }: RunningDesk): void {
      desk.collect = (texts) => texts.pipe(map(note), toArray(), map(joined));
    },
  },
  {
    way: 'a call',
    method: { many: 'chatCall', one: 'collectCall' } as const,
    serve({ desk }: RunningDesk): void {
      desk.call = (call) => {
        const duplex = call as Duplex;
        duplex.on('data', (text: Text) => void duplex.write(note(text)));
        duplex.on('end', () => duplex.end());
      };
    },
    serveOne({ desk }: RunningDesk): void {
      desk.call = (call, callback) => {
        const texts: Text[] = [];
        (call as Duplex).on('data', (text: Text) => texts.push(note(text)));
        (call as Duplex).on('end', () => (callback as Answer)(null, joined(texts)));
      };
    },
  },
];

describeTransports(
  'a stream of requests',
  (transport) => {
    describe.each(ways)('that the handler takes as $way', ({ method, serve, serveOne }) => {
      test('is one unit of work, in which each of the requests is handled', async () => {
        const started = await startDesk(transport);
        serve(started);
        const requests = new Subject<Text>();

        const answers: string[] = [];
        const all = lastValueFrom(
          started.client.service[method.many](requests).pipe(tap(({ text }) => answers.push(text))),
        );
        requests.next({ text: 'a' });
        await until('the first is answered', () => answers.length === 1);
        expect(units.ended).toEqual([]);
        requests.next({ text: 'b' });
        requests.complete();
        await all;

        expect(answers).toEqual(['a after nothing in rpc false', 'b after a in rpc false']);
        expect(await units.haveEnded(1)).toBe(1);
      });

      test('that is answered once ends with the answer', async () => {
        const started = await startDesk(transport);
        serveOne(started);
        const requests = new Subject<Text>();

        const answer = firstValueFrom(started.client.service[method.one](requests));
        requests.next({ text: 'a' });
        requests.next({ text: 'b' });
        requests.complete();

        const both = 'a after nothing in rpc false, b after a in rpc false';
        expect(await answer).toEqual({ text: both });
        expect(await units.haveEnded(1)).toBe(1);
      });

      test('keeps apart from another one at the same time', async () => {
        const started = await startDesk(transport);
        serve(started);
        const streams = ['a', 'b'].map((label) => {
          const requests = new Subject<Text>();
          const answers: string[] = [];
          const all = lastValueFrom(
            started.client.service[method.many](requests).pipe(tap(({ text }) => answers.push(text))),
          );
          return { label, requests, answers, all };
        });

        for (const turn of [1, 2]) {
          for (const { label, requests } of streams) requests.next({ text: label });
          await until('both have their answers', () =>
            streams.every(({ answers }) => answers.length === turn),
          );
        }
        for (const { requests } of streams) requests.complete();
        await Promise.all(streams.map(({ all }) => all));

        for (const { label, answers } of streams)
          expect(answers).toEqual([
            `${label} after nothing in rpc false`,
            `${label} after ${label} in rpc false`,
          ]);
        expect(await units.haveEnded(2)).toBe(2);
      });

      test('that the client gives up ends the unit, and aborts its signal', async () => {
        const started = await startDesk(transport);
        const aborted = new Gate<unknown>();
        const { desk } = started;
        const watch = () =>
          currentUnit()?.signal.addEventListener('abort', ({ target }) =>
            aborted.open((target as AbortSignal).reason),
          );
        // Neither is over when the requests are: a client that leaves ends those too.
        desk.collect = (texts) => {
          watch();
          return merge(texts, NEVER);
        };
        desk.call = (call) => {
          watch();
          (call as Duplex).on('data', (text: Text) => void (call as Duplex).write(text));
        };
        const requests = new Subject<Text>();

        const first = new Gate();
        const subscription = started.client.service[method.many](requests).subscribe({
          next: () => first.open(),
          error: () => undefined,
        });
        requests.next({ text: 'a' });
        await first.passed;
        subscription.unsubscribe();

        expect(await aborted.passed).toMatchObject({ name: 'AbortError' });
        expect(await units.haveEnded(1)).toBe(1);
      });
    });
  },
  ['gRPC'],
);

describeTransports(
  'a stream of answers',
  (transport) => {
    test('is one unit of work, which ends with the last', async () => {
      const { desk, client } = await startDesk(transport);
      const gate = new Subject<string>();
      desk.answer = ({ label }): Observable<string> =>
        bindObservable(gate).pipe(map((text) => `${text} ${seen.get()} ${label}`));

      const answers: unknown[] = [];
      const all = lastValueFrom(
        client.service
          .watch(writeText({ label: 'a' }))
          .pipe(tap(({ text }) => answers.push(JSON.parse(text)))),
      );
      await until('the handler has begun', () => desk.handled.length === 1);
      await new Promise(setImmediate);
      gate.next('1');
      gate.next('2');
      await until('both have come', () => answers.length === 2);
      expect(units.ended).toEqual([]);
      gate.complete();
      await all;

      expect(answers).toEqual(['1 a a', '2 a a']);
      expect(await units.haveEnded(1)).toBe(1);
    });
  },
  ['gRPC'],
);
