import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import type { DynamicModule } from '@nestjs/common';
import {
  ClientGrpcProxy,
  ClientKafka,
  ClientMqtt,
  ClientProxy,
  ClientProxyFactory,
  ClientsModule,
  type ReadPacket,
  Transport,
  type WritePacket,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { ContextVar, codecs, extractContext, runUnitOfWork } from 'nestjs-contextvars';
import { grpcContextInterceptor, propagateContext } from 'nestjs-contextvars/microservices';
import { firstValueFrom } from 'rxjs';

const tenant = new ContextVar<string>('clientsModule.tenant', { codec: codecs.string });

/** A transport of somebody else's, which answers with the tenant that the metadata of a request carry. */
class EchoClient extends ClientProxy {
  readonly events: (string | undefined)[] = [];
  connect = async (): Promise<void> => undefined;
  close = (): void => undefined;
  unwrap = <T>(): T => undefined as T;
  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    setImmediate(callback, { response: tenantIn(packet) ?? 'none', isDisposed: true });
    return () => undefined;
  }
  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    this.events.push(tenantIn(packet));
    return undefined as T;
  }
}

function tenantIn(packet: ReadPacket): string | undefined {
  const { metadata } = packet as { metadata?: Record<string, unknown> };
  return metadata && extractContext(metadata).get(tenant);
}

const asTenant = <R>(name: string, fn: () => R): R =>
  runUnitOfWork({ kind: 'test' }, () => {
    tenant.set(name);
    return fn();
  });

async function clientOf(module: DynamicModule, token = 'ECHO'): Promise<EchoClient> {
  const compiled = await Test.createTestingModule({ imports: [module] }).compile();
  return compiled.get(token, { strict: false });
}

const modules: [string, () => DynamicModule][] = [
  ['register', () => ClientsModule.register([{ name: 'ECHO', customClass: EchoClient }])],
  [
    'register, global',
    () => ClientsModule.register({ clients: [{ name: 'ECHO', customClass: EchoClient }], isGlobal: true }),
  ],
  [
    'registerAsync',
    () =>
      ClientsModule.registerAsync([{ name: 'ECHO', useFactory: async () => ({ customClass: EchoClient }) }]),
  ],
];

describe('propagateContext of a module', () => {
  test.each(modules)('makes its clients propagate: ClientsModule.%s', async (_, module) => {
    const client = await clientOf(propagateContext(module()));

    expect(await asTenant('acme', () => firstValueFrom(client.send('ask', {})))).toBe('acme');
    await asTenant('acme', () => firstValueFrom(client.emit('tell', {}), { defaultValue: undefined }));
    expect(client.events).toEqual(['acme']);
  });

  test.each(modules)('leaves the module itself as it was: ClientsModule.%s', async (name, make) => {
    const module = make();
    const { global, exports } = propagateContext(module);

    expect([global, exports]).toEqual([module.global, module.exports]);
    // One made from a value is that value.
    const client = await clientOf(module);
    expect(await asTenant('acme', () => firstValueFrom(client.send('ask', {})))).toBe(
      name === 'registerAsync' ? 'none' : 'acme',
    );
  });

  test('leaves other providers of it alone', async () => {
    const extra = { provide: 'EXTRA', useFactory: () => 'extra' };
    const factory = {
      name: 'ECHO',
      useFactory: () => ({ customClass: EchoClient }),
      extraProviders: [extra],
    };
    const module = propagateContext(ClientsModule.registerAsync([factory]));

    expect(await clientOf(module, 'EXTRA')).toBe('extra');
  });
});

describe('propagateContext of a client', () => {
  test('twice is the same as once', async () => {
    const client = new EchoClient();

    expect(propagateContext(propagateContext(client))).toBe(client);
    expect(await asTenant('acme', () => firstValueFrom(client.send('ask', {})))).toBe('acme');
  });

  test('keeps what an onDispatchHook has set, but for a carrier', async () => {
    const client = propagateContext(new EchoClient());
    const packets: ReadPacket[] = [];
    client.setOnDispatchHook((packet) => {
      packets.push(packet);
      packet.metadata = { contextvars: 'forged', 'x-mine': 'kept' } as never;
    });

    expect(await firstValueFrom(client.send('ask', {}))).toBe('none');
    expect(await asTenant('acme', () => firstValueFrom(client.send('ask', {})))).toBe('acme');
    // Its own objects are left as they are.
    expect(packets.map(({ metadata }: { metadata?: unknown }) => metadata)).toEqual(
      Array(2).fill({ contextvars: 'forged', 'x-mine': 'kept' }),
    );
  });

  test('opens its connection outside the context of whoever needs it first', async () => {
    const client = new EchoClient();
    const seen: string[] = [];
    client.connect = async () => void seen.push(tenant.get('nothing'));
    propagateContext(client);

    await asTenant('acme', () => firstValueFrom(client.send('ask', {})));

    expect(seen).toEqual(['nothing']);
  });

  test('adds headers to what a serializer gives that takes its time', async () => {
    const client = new ClientKafka({});
    const serializer = { serialize: async (value: unknown) => ({ value, headers: { 'x-mine': 'kept' } }) };
    Object.assign(client, { serializer });
    propagateContext(client);

    const { serialize } = (client as unknown as { serializer: typeof serializer }).serializer;
    const message = await asTenant('acme', () => serialize('ask'));

    expect(message).toEqual({ value: 'ask', headers: { 'x-mine': 'kept', contextvars: expect.any(String) } });
    expect(extractContext(message.headers).get(tenant)).toBe('acme');
  });

  test('sends over MQTT what was current when it was asked, whenever and wherever that is published', async () => {
    const client = new ClientMqtt({});
    const waiting: (() => void)[] = [];
    const published: { properties?: { userProperties?: Record<string, string> } }[] = [];
    Object.assign(client, {
      connect: async () => undefined,
      mqttClient: {
        subscribe: (_topic: string, subscribed: () => void) => waiting.push(subscribed),
        unsubscribe: () => undefined,
        publish: (_topic: string, _text: string, options: object) => published.push(options ?? {}),
      },
    });
    propagateContext(client);

    const sent = ['a', 'b'].map((name) => asTenant(name, () => client.send('ask', {}).subscribe()));
    const outside = client.send('ask', {}).subscribe();
    await new Promise(setImmediate);
    asTenant('somebody else', () => waiting.splice(0).forEach((subscribed) => void subscribed()));

    const carried = published.map(({ properties }) =>
      extractContext(properties?.userProperties ?? {}).get(tenant),
    );
    expect(carried).toEqual(['a', 'b', undefined]);
    for (const one of [...sent, outside]) one.unsubscribe();
  });

  test('is refused for gRPC after a service was given out, and leaves the options that were given', () => {
    const options = {
      package: 'desk',
      protoPath: join(__dirname, '../../nest/microservices/support/desk.proto'),
    };
    const make = () =>
      ClientProxyFactory.create({ transport: Transport.GRPC, options }) as unknown as ClientGrpcProxy;
    const client = make();
    client.getService('Desk');

    expect(() => propagateContext(client)).toThrow(
      new TypeError(
        'propagateContext: the gRPC client has given out services already (Desk); call it before getService',
      ),
    );
    propagateContext(make());
    expect(options).toEqual({ package: 'desk', protoPath: expect.any(String) });
    client.close();
  });

  test.each([[undefined], [null], [{}], ['client'], [[]]])(
    'is a TypeError where there is none: %p',
    (target) => {
      expect(() => propagateContext(target as never)).toThrow(TypeError);
    },
  );

  test('is a TypeError with options of the wrong type', () => {
    expect(() => propagateContext(new EchoClient(), { sign: { keyId: 'k' } } as never)).toThrow(TypeError);
    expect(() => propagateContext(new EchoClient(), { required: 'tenant' } as never)).toThrow(TypeError);
  });
});

describe('grpcContextInterceptor', () => {
  test('sends a copy of the metadata with the context, and leaves that of the caller as it was', () => {
    const started: Metadata[] = [];
    const call = { start: (metadata: Metadata) => void started.push(metadata) };
    const metadata = new Metadata();
    metadata.set('x-mine', 'kept');
    metadata.set('contextvars', 'passed on');

    const intercept = grpcContextInterceptor();
    asTenant('acme', () => intercept({}, () => ({ ...call })).start(metadata));
    intercept({}, () => ({ ...call })).start(metadata);

    const [inside, outside] = started.map((one) => one.getMap());
    expect(extractContext(inside ?? {}).get(tenant)).toBe('acme');
    expect(outside).toEqual({ 'x-mine': 'kept' });
    expect(metadata.getMap()).toEqual({ 'x-mine': 'kept', contextvars: 'passed on' });
  });
});
