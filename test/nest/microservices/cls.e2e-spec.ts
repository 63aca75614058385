import { ClsModule, type ClsModuleOptions, ClsServiceManager } from 'nestjs-cls';
import { currentUnit, runUnitOfWork } from 'nestjs-contextvars';
import { propagateContext } from 'nestjs-contextvars/microservices';
import { Gate } from '../http/support/gate.js';
import { type DeskParts, startDesk, stopDesks } from './support/running-desk.js';
import { describeTransports } from './support/transports.js';

afterEach(stopDesks);

const cls = ClsServiceManager.getClsService();

/** Whatever of nestjs-cls the application uses beside. */
const beside: [string, ClsModuleOptions | undefined][] = [
  ['alone', undefined],
  ['beside its guard', { guard: { mount: true, saveCtx: true } }],
  ['beside its interceptor', { interceptor: { mount: true } }],
];

describeTransports(
  'nestjs-cls in messages',
  (transport) => {
    test.each(beside)('%s: each has a store of its own, which is that of its unit', async (_, options) => {
      const parts: DeskParts = options === undefined ? {} : { imports: [ClsModule.forRoot(options)] };
      const { desk, client } = await startDesk(transport, parts);
      const both = new Gate();
      desk.guard = (label) => cls.set('label', label);
      desk.answer = async (_ask, context) => {
        if (desk.handled.length === 2) both.open();
        await both.passed;
        return { label: cls.get('label'), sameId: cls.getId() === context.id, kind: currentUnit()?.kind };
      };

      const answers = await Promise.all(['a', 'b'].map((label) => client.ask({ label })));

      expect(answers).toEqual(['a', 'b'].map((label) => ({ label, sameId: true, kind: 'rpc' })));
      expect(desk.units('a')).toHaveLength(1);
      expect(cls.isActive()).toBe(false);
    });

    test('has the id of the request that came with the message', async () => {
      const { desk, client } = await startDesk(transport);
      propagateContext(client.proxy);
      desk.answer = async (_ask, context) => {
        const own = { id: context.id, cls: cls.getId() };
        if (_ask.label === 'last') return own;
        return [own, await client.ask({ label: 'last' })];
      };

      const [first, last] = (await client.ask({ label: 'first' })) as { id: string; cls: string }[];

      expect(first?.cls).toBe(first?.id);
      expect(last).toEqual(first);
    });

    test('sees nothing of what the message was sent in', async () => {
      const { desk, client } = await startDesk(transport);
      desk.answer = () => cls.get('secret') ?? 'nothing';

      const answer = await runUnitOfWork({ kind: 'sender' }, () => {
        cls.set('secret', 'of the sender');
        return client.ask({ label: 'a' });
      });

      expect(answer).toBe('nothing');
    });
  },
  ['TCP', 'gRPC', 'NATS'],
);
