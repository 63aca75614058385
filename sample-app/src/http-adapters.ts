import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { currentUnit } from 'nestjs-contextvars';
import { errorBody } from './errors/error-body.js';

interface FastifyError {
  readonly statusCode?: number;
  readonly message: string;
}

interface FastifyReply {
  // Fastify derives the type of a body from the route, and here is none.
  code(status: number): { send(body: never): unknown };
}

export type AdapterName = 'express' | 'fastify';

export const httpAdapters: Readonly<Record<AdapterName, () => AbstractHttpAdapter>> = {
  express: () => new ExpressAdapter(),
  fastify: () =>
    new FastifyAdapter({
      // A URL that cannot be decoded never reaches Nest, and so not the error filter.
      frameworkErrors: (
        { statusCode = 500, message }: FastifyError,
        _request: unknown,
        reply: FastifyReply,
      ) => {
        reply.code(statusCode).send(errorBody(statusCode, message, currentUnit()?.id) as never);
      },
    }),
};
