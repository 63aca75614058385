import { Controller, UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import {
  Ctx,
  EventPattern,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  Payload,
} from '@nestjs/microservices';
import { RequestContext } from 'nestjs-contextvars';
import { from, isObservable, map, mergeMap, type Observable, of } from 'rxjs';
import { type Ask, Desk } from './desk.js';
import { SeeingFilter, SeeingGuard, SeeingInterceptor, SeeingPipe } from './stages.js';
import { PREFIX } from './transports.js';

export const ASK = `${PREFIX}-ask`;
export const TELL = `${PREFIX}-tell`;

export interface Text {
  readonly text: string;
}

export const writeText = (value: unknown): Text => ({ text: JSON.stringify(value ?? null) });
export const readText = <T>({ text }: Text): T => JSON.parse(text) as T;

@Controller()
@UseGuards(SeeingGuard)
@UseInterceptors(SeeingInterceptor)
@UsePipes(SeeingPipe)
@UseFilters(SeeingFilter)
export class DeskController {
  constructor(
    private readonly desk: Desk,
    private readonly context: RequestContext,
  ) {}

  @MessagePattern(ASK)
  ask(@Payload() ask: Ask, @Ctx() context: unknown): unknown {
    return this.#answer(ask, context);
  }

  @EventPattern(TELL)
  tell(@Payload() ask: unknown, @Ctx() context: unknown): unknown {
    return this.#answer(ask as Ask, context);
  }

  @GrpcMethod('Desk', 'Ask')
  askByCall(request: Text, metadata: unknown): Observable<Text> {
    return texts(this.#answer(readText<Ask>(request), metadata));
  }

  @GrpcMethod('Desk', 'Watch')
  watch(request: Text, metadata: unknown): Observable<Text> {
    return texts(this.#answer(readText<Ask>(request), metadata));
  }

  #answer(ask: Ask, rpc: unknown): unknown {
    this.desk.handled.push(ask.label);
    this.desk.see('handler', ask.label);
    this.desk.contexts.push(rpc);
    return this.desk.answer(ask, this.context);
  }
}

/** Without guards and the like, which cannot know the label before the first request of the stream. */
@Controller()
export class StreamDeskController {
  constructor(private readonly desk: Desk) {}

  @GrpcStreamMethod('Desk', 'Collect')
  collect(requests: Observable<Text>): unknown {
    return this.desk.collect(requests);
  }

  @GrpcStreamMethod('Desk', 'Chat')
  chat(requests: Observable<Text>): unknown {
    return this.desk.collect(requests);
  }

  @GrpcStreamCall('Desk', 'CollectCall')
  collectCall(call: unknown, callback: unknown): void {
    this.desk.call(call, callback);
  }

  @GrpcStreamCall('Desk', 'ChatCall')
  chatCall(call: unknown): void {
    this.desk.call(call, undefined);
  }
}

/** Whatever a handler answers with, as the messages of the service. */
function texts(answer: unknown): Observable<Text> {
  const values = isObservable(answer)
    ? answer
    : from(Promise.resolve(answer)).pipe(mergeMap((one) => (isObservable(one) ? one : of(one))));
  return values.pipe(map(writeText));
}
