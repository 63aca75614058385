import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { serve } from './serve.js';

void serve(() => NestFactory.create(AppModule, { logger: ['error'], abortOnError: false }));
