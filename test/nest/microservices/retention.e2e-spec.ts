import { Controller, Inject, Injectable } from '@nestjs/common';
import { Ctx, EventPattern, GrpcMethod, MessagePattern, Payload } from '@nestjs/microservices';
import { ContextScoped, scopedProvider } from 'nestjs-contextvars';
import { concat, firstValueFrom, NEVER, type Observable, of } from 'rxjs';
import { stillHeld } from '../../support/collector.js';
import { until } from '../http/support/until.js';
import { ASK, readText, TELL, type Text } from './support/desk.controllers.js';
import { RpcUnits } from './support/rpc-units.js';
import { startDesk, stopDesks } from './support/running-desk.js';
import { describeTransports } from './support/transports.js';
import { seen } from './support/variables.js';

// What the collector leaves for once differs from run to run. What is really kept is kept each time.
jest.retryTimes(3);

// What is left running after a message keeps its variables, and nothing else of it. Needs --expose-gc.

const MESSAGES = 10;

const refs: { what: string; ref: WeakRef<object> }[] = [];
const timers: NodeJS.Timeout[] = [];
const read = new Set<string>();

let units: RpcUnits;
beforeEach(() => {
  units = new RpcUnits();
});
afterEach(async () => {
  units.stop();
  for (const timer of timers.splice(0)) clearInterval(timer);
  refs.length = 0;
  await stopDesks();
});

@ContextScoped()
@Injectable()
class Notebook {
  constructor() {
    remember('instance', this);
  }
  read(): string {
    return 'read';
  }
}

function remember(what: string, object: object): void {
  refs.push({ what, ref: new WeakRef(object) });
}

/** A function of its own: a closure in the handler could hold the message by itself. */
function leaveRunning(): void {
  timers.push(setInterval(() => read.add(seen.get('nothing')), 1));
}

@Controller()
class LeavingController {
  constructor(@Inject(Notebook) private readonly notebook: Notebook) {}

  @MessagePattern(ASK)
  ask(@Payload() ask: { label: string }, @Ctx() context: object): string {
    return this.#take(ask, context);
  }

  @EventPattern(TELL)
  tell(@Payload() ask: unknown, @Ctx() context: unknown): void {
    this.#take(ask as { label: string }, context as object);
  }

  @GrpcMethod('Desk', 'Ask')
  askByCall(request: Text, metadata: object, call: object): Text {
    remember('call', call);
    remember('request', request);
    return { text: JSON.stringify(this.#take(readText(request), metadata)) };
  }

  @GrpcMethod('Desk', 'Watch')
  watch(request: Text, metadata: object, call: object): Observable<Text> {
    remember('call', call);
    this.#take(readText(request), metadata);
    return concat(of({ text: 'begun' }), NEVER);
  }

  #take(ask: { label: string }, context: object): string {
    seen.set(ask.label);
    remember('data', ask);
    remember('context', context);
    this.notebook.read();
    leaveRunning();
    return ask.label;
  }
}

describeTransports(
  'what is left running',
  (transport) => {
    const ways = transport.hasEvents ? (['requests', 'events'] as const) : (['requests'] as const);

    test.each(ways)('holds none of the messages that it belonged to: %s', async (way) => {
      const { client } = await startDesk(transport, {
        controllers: [LeavingController],
        providers: [scopedProvider(Notebook)],
      });
      const labels = Array.from({ length: MESSAGES }, (_, n) => `${way} ${n}`);

      for (const label of labels) {
        if (way === 'requests') await client.ask({ label });
        else await client.tell({ label });
      }
      await units.haveEnded(MESSAGES);
      await until('the timers have read', () => labels.every((label) => read.has(label)));

      // The last one may still be in the hands of the transport.
      const each = refs.length / MESSAGES;
      expect((await stillHeld(refs, each)).length).toBeLessThanOrEqual(each);
    });
  },
  ['TCP', 'gRPC', 'NATS'],
);

describeTransports(
  'what a call leaves running that the client gives up',
  (transport) => {
    test('holds nothing of the call', async () => {
      const { client } = await startDesk(transport, {
        controllers: [LeavingController],
        providers: [scopedProvider(Notebook)],
      });

      for (let n = 0; n < MESSAGES; n++) {
        await firstValueFrom(client.service.watch({ text: JSON.stringify({ label: `given up ${n}` }) }));
      }
      await units.haveEnded(MESSAGES);
      await until('the timers have read', () => read.has(`given up ${MESSAGES - 1}`));

      const each = refs.length / MESSAGES;
      expect((await stillHeld(refs, each)).length).toBeLessThanOrEqual(each);
    });
  },
  ['gRPC'],
);
