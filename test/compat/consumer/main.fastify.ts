import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { serve } from './serve.js';

void serve(() =>
  NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'], abortOnError: false }),
);
