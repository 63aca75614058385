import { Metadata } from '@grpc/grpc-js';
import { headers as natsHeaders } from '@nats-io/transport-node';
import type { DynamicModule, INestMicroservice, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientGrpc,
  ClientGrpcProxy,
  ClientMqtt,
  ClientNats,
  type ClientProxy,
  ClientProxyFactory,
  ClientRMQ,
  MqttRecordBuilder,
  NatsRecordBuilder,
  RmqRecordBuilder,
} from '@nestjs/microservices';
import { ContextModule, type ContextModuleExtras, type ContextModuleOptions } from 'nestjs-contextvars';
import { firstValueFrom, lastValueFrom, map, type Observable } from 'rxjs';
import {
  ASK,
  DeskController,
  readText,
  StreamDeskController,
  TELL,
  type Text,
  writeText,
} from './desk.controllers.js';
import { type Ask, Desk } from './desk.js';
import type { Place, TransportCase } from './transports.js';

export type Headers = Readonly<Record<string, string>>;
type Provider = NonNullable<DynamicModule['providers']>[number];

export interface DeskParts {
  readonly options?: ContextModuleOptions & ContextModuleExtras;
  readonly controllers?: Type[];
  readonly providers?: Provider[];
  readonly imports?: DynamicModule['imports'];
  readonly logger?: LoggerService;
}

const running = new Set<{ close(): Promise<void> }>();

/** An application module with the desk, for microservices of every transport. */
export function deskModule(desk: Desk, parts: DeskParts = {}): DynamicModule {
  class DeskModule {}
  return {
    module: DeskModule,
    imports: [ContextModule.forRoot(parts.options), ...(parts.imports ?? [])],
    controllers: parts.controllers ?? [DeskController, StreamDeskController],
    providers: [{ provide: Desk, useValue: desk }, ...(parts.providers ?? [])],
  };
}

/** Starts a microservice and a client of it; `stopDesks` stops both. */
export async function startDesk(transport: TransportCase, parts: DeskParts = {}): Promise<RunningDesk> {
  const desk = new Desk();
  const place = await transport.place();
  const app = await NestFactory.createMicroservice(deskModule(desk, parts), {
    ...place.service,
    logger: parts.logger ?? false,
    abortOnError: false,
  });
  await app.listen();
  return new RunningDesk(desk, app, deskClient(place));
}

export function deskClient(place: Place): DeskClient {
  return new DeskClient(ClientProxyFactory.create(place.client));
}

export async function stopDesks(): Promise<void> {
  const all = [...running];
  running.clear();
  for (const one of all) await one.close();
}

export class RunningDesk {
  readonly desk: Desk;
  readonly app: INestMicroservice;
  readonly client: DeskClient;

  constructor(desk: Desk, app: INestMicroservice, client: DeskClient) {
    this.desk = desk;
    this.app = app;
    this.client = client;
    running.add(app);
  }
}

/** Asks and tells the desk, whatever the transport. */
export class DeskClient {
  readonly proxy: ClientProxy;

  constructor(proxy: ClientProxy) {
    this.proxy = proxy;
    running.add({ close: async () => void (await proxy.close()) });
  }

  /** Each answer of the handler. */
  asked(ask: Ask, headers?: Headers): Observable<unknown> {
    return this.prepared(ask, headers)();
  }

  /** A request that can be sent several times, with the very same record or metadata. */
  prepared(ask: Ask, headers?: Headers): () => Observable<unknown> {
    if (this.proxy instanceof ClientGrpcProxy) {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers ?? {})) metadata.set(name, value);
      return () => this.service.ask(writeText(ask), metadata).pipe(map(readText));
    }
    const data = this.#record(ask, headers);
    return () => this.proxy.send(ASK, data);
  }

  ask(ask: Ask, headers?: Headers): Promise<unknown> {
    return firstValueFrom(this.asked(ask, headers));
  }

  async tell(ask: Ask, headers?: Headers): Promise<void> {
    await lastValueFrom(this.proxy.emit(TELL, this.#record(ask, headers)), { defaultValue: undefined });
  }

  #record(ask: Ask, headers: Headers | undefined): unknown {
    if (headers === undefined) return ask;
    if (this.proxy instanceof ClientRMQ) return new RmqRecordBuilder(ask).setOptions({ headers }).build();
    if (this.proxy instanceof ClientMqtt)
      return new MqttRecordBuilder(ask).setProperties({ userProperties: headers }).build();
    if (this.proxy instanceof ClientNats) {
      const own = natsHeaders();
      for (const [name, value] of Object.entries(headers)) own.set(name, value);
      return new NatsRecordBuilder(ask).setHeaders(own).build();
    }
    this.proxy.setOnDispatchHook((packet) => {
      packet.metadata = headers;
    });
    return ask;
  }

  get service(): DeskService {
    return (this.proxy as unknown as ClientGrpc).getService<DeskService>('Desk');
  }
}

export interface DeskService {
  ask(text: Text, metadata?: unknown): Observable<Text>;
  watch(text: Text, metadata?: unknown): Observable<Text>;
  collect(texts: Observable<Text>, metadata?: unknown): Observable<Text>;
  chat(texts: Observable<Text>, metadata?: unknown): Observable<Text>;
  collectCall(texts: Observable<Text>, metadata?: unknown): Observable<Text>;
  chatCall(texts: Observable<Text>, metadata?: unknown): Observable<Text>;
}
