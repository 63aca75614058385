import type { ModulesContainer } from '@nestjs/core';
import { outsideAny } from '../../core/internal.js';
import type { MessageOpener } from './message-opener.js';
import { isMessageServer, type MessageHandler, type MessageServer } from './message-server.js';

/**
 * Every microservice of an application passes here before its handlers are registered: of `createMicroservice`, of each
 * `connectMicroservice`, whatever it inherits of the application's configuration. Nest before 11.1.4 does not tell.
 */
export function openAtMicroservices(modules: ModulesContainer, opener: MessageOpener): void {
  const { getRpcTargetRegistry } = modules as Partial<ModulesContainer>;
  getRpcTargetRegistry?.call(modules).subscribe((target) => {
    if (isMessageServer(target)) openAtMicroservice(target, opener);
  });
}

function openAtMicroservice(server: MessageServer, opener: MessageOpener): void {
  const { addHandler, listen } = server;
  server.addHandler = (pattern, handler, isEvent = false, ...rest) => {
    addHandler.call(server, pattern, opened(server, pattern, handler, isEvent, opener), isEvent, ...rest);
  };
  // Messages arrive in the context that the connection was opened in: serializers, and whatever else runs beside a
  // handler, must not see what the application was started in, nor the connection keep it.
  server.listen = (...args) => outsideAny(() => listen.apply(server, args));
}

/** Not another function: Nest keeps the next handler of an event, and what the decorator says, on the handler itself. */
function opened(
  server: MessageServer,
  pattern: unknown,
  handler: MessageHandler,
  isEvent: boolean,
  opener: MessageOpener,
): MessageHandler {
  return new Proxy(handler, {
    apply: (target, self, args) =>
      opener.open({ server, pattern, isEvent, args }, (given) => Reflect.apply(target, self, given)),
  });
}
