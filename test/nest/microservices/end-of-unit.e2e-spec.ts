import { Controller, Inject, Injectable } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { ContextScoped, ContextVar, currentUnit, scopedProvider } from 'nestjs-contextvars';
import { concat, defer, lastValueFrom, NEVER, of, toArray } from 'rxjs';
import { Gate } from '../http/support/gate.js';
import { until } from '../http/support/until.js';
import { ASK, TELL } from './support/desk.controllers.js';
import { type Ask, Desk } from './support/desk.js';
import { RpcUnits } from './support/rpc-units.js';
import { startDesk, stopDesks } from './support/running-desk.js';
import { describeTransports } from './support/transports.js';

let units: RpcUnits;
beforeEach(() => {
  units = new RpcUnits();
});
afterEach(async () => {
  units.stop();
  await stopDesks();
});

let made = 0;
const disposed: number[] = [];

@ContextScoped()
@Injectable()
class Notebook implements Disposable {
  readonly number = ++made;
  readonly unit = currentUnit()?.id;
  [Symbol.dispose](): void {
    disposed.push(this.number);
  }
}

@Controller()
class ScopedController {
  constructor(
    @Inject(Desk) private readonly desk: Desk,
    @Inject(Notebook) private readonly notebook: Notebook,
  ) {}

  @MessagePattern(ASK)
  async ask(@Payload() ask: Ask): Promise<unknown> {
    const { number } = this.notebook;
    await this.desk.answer(ask, undefined as never);
    return {
      same: this.notebook.number === number,
      inUnit: this.notebook.unit === currentUnit()?.id,
      number,
    };
  }
}

const PACKETS = ['TCP', 'Redis', 'NATS', 'RabbitMQ', 'MQTT'];

describeTransports('the end of a message', (transport) => {
  test('comes when the handler has settled, once, and not before', async () => {
    const { desk, client } = await startDesk(transport);
    const gate = new Gate();
    desk.answer = async ({ label }) => {
      await gate.passed;
      return label;
    };

    const answer = client.ask({ label: 'a' });
    await until('the handler has begun', () => desk.handled.length === 1);
    await new Promise(setImmediate);
    expect(units.ended).toEqual([]);
    gate.open();

    expect(await answer).toBe('a');
    expect(await units.haveEnded(1)).toBe(1);
    expect(units.ended).toEqual(desk.units('a'));
  });

  test('comes when the handler has failed', async () => {
    const { desk, client } = await startDesk(transport);
    desk.answer = () => Promise.reject(new Error('broken'));

    await expect(client.ask({ label: 'a' })).rejects.toBeDefined();

    await units.haveEnded(1);
    expect(units.ended).toEqual(desk.units('a'));
  });
});

describeTransports(
  'the end of a message in packets',
  (transport) => {
    test('comes when the stream of answers is complete', async () => {
      const { desk, client } = await startDesk(transport);
      const gate = new Gate();
      const endings: (boolean | undefined)[] = [];
      desk.answer = () =>
        concat(
          of(1),
          defer(async () => {
            await gate.passed;
            endings.push(currentUnit()?.ended);
            return 2;
          }),
        );

      const answers = lastValueFrom(client.asked({ label: 'a' }).pipe(toArray()));
      await until('the handler has begun', () => desk.handled.length === 1);
      await new Promise(setImmediate);
      expect(units.ended).toEqual([]);
      gate.open();

      expect(await answers).toEqual([1, 2]);
      await units.haveEnded(1);
      expect(endings).toEqual([false]);
    });

    test('ends an event when its handler has', async () => {
      const { desk, client } = await startDesk(transport);
      const gate = new Gate();
      desk.answer = () => gate.passed;

      await client.tell({ label: 'a' });
      await until('the handler has begun', () => desk.handled.length === 1);
      await new Promise(setImmediate);
      expect(units.ended).toEqual([]);
      gate.open();

      await units.haveEnded(1);
      expect(units.ended).toEqual(desk.units('a'));
    });

    test('has disposed of the scoped instances, of which each message has its own', async () => {
      const { desk, client } = await startDesk(transport, {
        controllers: [ScopedController],
        providers: [scopedProvider(Notebook)],
      });
      const both = new Gate();
      let waiting = 0;
      desk.answer = () => {
        if (++waiting === 2) both.open();
        return both.passed;
      };
      const before = made;

      const answers = await Promise.all([client.ask({ label: 'a' }), client.ask({ label: 'b' })]);

      const own = { same: true, inUnit: true };
      expect(answers).toEqual([
        { ...own, number: expect.any(Number) },
        { ...own, number: expect.any(Number) },
      ]);
      expect(made).toBe(before + 2);
      await until('both are disposed of', () => disposed.filter((one) => one > before).length === 2);
    });
  },
  PACKETS,
);

describe('an event with two handlers', () => {
  const note = new ContextVar<string>('note', { default: '' });

  @Controller()
  class One {
    constructor(@Inject(Desk) private readonly desk: Desk) {}
    @EventPattern(TELL)
    async take(@Payload() ask: unknown): Promise<void> {
      note.set('from the first');
      this.desk.see('one', (ask as Ask).label);
    }
  }
  @Controller()
  class Other {
    constructor(@Inject(Desk) private readonly desk: Desk) {}
    @EventPattern(TELL)
    async take(@Payload() ask: unknown): Promise<void> {
      const { label } = ask as Ask;
      await this.desk.answer(ask as Ask, undefined as never);
      this.desk.see(`other, ${note.get()}`, label);
    }
  }

  describeTransports(
    'over',
    (transport) => {
      test('is one message: both run in one unit, which ends after the last', async () => {
        const { desk, client } = await startDesk(transport, { controllers: [One, Other] });
        const gate = new Gate();
        desk.answer = () => gate.passed;

        await client.tell({ label: 'a' });
        await until('the first is through', () => desk.stages('a').includes('one'));
        await new Promise(setImmediate);
        expect(units.ended).toEqual([]);
        gate.open();

        expect(await units.haveEnded(1)).toBe(1);
        expect(desk.stages('a')).toEqual(['one', 'other, from the first']);
        expect(desk.units('a')).toEqual(units.started);
      });
    },
    ['TCP'],
  );
});

describe('an answer that nobody waits for any more', () => {
  describeTransports(
    'over',
    (transport) => {
      test('a client that leaves ends the unit of a handler that never completes, and aborts its signal', async () => {
        const { desk, client } = await startDesk(transport);
        const reasons: unknown[] = [];
        desk.answer = () => {
          currentUnit()?.signal.addEventListener('abort', ({ target }) =>
            reasons.push((target as AbortSignal).reason),
          );
          return concat(of('first'), NEVER);
        };

        const first = new Gate<unknown>();
        const subscription = client.service.watch({ text: JSON.stringify({ label: 'a' }) }).subscribe({
          next: ({ text }) => first.open(JSON.parse(text)),
          error: () => undefined,
        });
        expect(await first.passed).toBe('first');
        expect(units.ended).toEqual([]);
        subscription.unsubscribe();

        await units.haveEnded(1);
        expect(reasons).toEqual([expect.objectContaining({ name: 'AbortError' })]);
      });

      test('a client that has left before the handler begins keeps no unit open', async () => {
        const { desk, client } = await startDesk(transport);
        const [guarding, gone] = [new Gate(), new Gate()];
        desk.guard = async () => {
          currentUnit()?.signal.addEventListener('abort', () => gone.open());
          guarding.open();
          await gone.passed;
          // By now what watches the call has seen that there is no answer yet.
          for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
        };

        const subscription = client.service
          .watch({ text: JSON.stringify({ label: 'a' }) })
          .subscribe({ error: () => undefined });
        await guarding.passed;
        subscription.unsubscribe();

        await units.haveEnded(1);
        expect(units.ended).toEqual(desk.units('a'));
        expect(desk.handled).toEqual([]);
      });
    },
    ['gRPC'],
  );
});
