import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ContextModuleExtras, ContextModuleOptions } from './context-module.options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ContextModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('create')
    .setExtras<ContextModuleExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? true,
    }))
    .build();

/** The injection token of the options with their defaults. */
export const RESOLVED_OPTIONS: unique symbol = Symbol('nestjs-contextvars.options');
