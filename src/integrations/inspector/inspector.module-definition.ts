import { ConfigurableModuleBuilder } from '@nestjs/common';
import { inspectorController } from './inspector.controller.js';
import { type InspectorExtras, type InspectorOptions, resolveInspectorExtras } from './inspector.options.js';
import { INSPECTOR_PATH } from './inspector.tokens.js';

const EXTRAS: InspectorExtras = {
  path: undefined,
  guards: undefined,
  decorators: undefined,
  imports: undefined,
};

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<InspectorOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('create')
    .setExtras<InspectorExtras>(EXTRAS, (definition, given) => {
      const extras = resolveInspectorExtras(given);
      return {
        ...definition,
        imports: [...(definition.imports ?? []), ...extras.imports],
        controllers: [inspectorController(extras)],
        providers: [...(definition.providers ?? []), { provide: INSPECTOR_PATH, useValue: extras.path }],
      };
    })
    .build();
