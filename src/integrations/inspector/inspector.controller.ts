import type { IncomingMessage } from 'node:http';
import {
  Controller,
  ForbiddenException,
  Get,
  Inject,
  NotFoundException,
  Param,
  Req,
  Res,
  ServiceUnavailableException,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { currentUnit } from '../../core/index.js';
import { letGoOf } from '../../nest/http-exchange.js';
import { requestPath } from '../../nest/request-path.js';
import { Inspector } from './inspector.js';
import type { InspectorExtras } from './inspector.options.js';
import { type PageFile, pageFile, pageHtml } from './page-files.js';
import { rawRequest, takeResponse, writeHead } from './raw-response.js';

/** The controller of the page, as one of the application's: with its prefix, and behind its global guards. */
export function inspectorController({
  path,
  guards,
  decorators,
}: Pick<Required<InspectorExtras>, 'path' | 'guards' | 'decorators'>): Type {
  const folder = `${path.slice(path.lastIndexOf('/') + 1)}/`;

  @UseGuards(...guards)
  @Controller({ path, version: VERSION_NEUTRAL })
  class InspectorController {
    readonly #inspector: Inspector;

    constructor(@Inject(Inspector) inspector: Inspector) {
      this.#inspector = inspector;
    }

    @Get()
    page(@Req() request: object, @Res() response: object): void {
      this.#meet(request);
      const endsInSlash = requestPath(rawRequest(request), false).endsWith('/');
      this.#send(response, pageHtml(endsInSlash ? '' : folder));
    }

    @Get('events')
    events(@Req() request: object, @Res() response: object): void {
      const { headers, method } = this.#meet(request);
      // Where the application lets other origins read, they are not to read this.
      const from = headers['sec-fetch-site'] ?? 'same-origin';
      if (from !== 'same-origin' && from !== 'none') throw new ForbiddenException('not from another site');
      if (!this.#inspector.hasRoom) throw new ServiceUnavailableException('nobody else may look now');
      const raw = takeResponse(response);
      writeHead(raw, 'text/event-stream; charset=utf-8', { 'x-accel-buffering': 'no' });
      if (method === 'HEAD') {
        raw.end();
        return;
      }
      letGoOf(request);
      this.#inspector.show(raw);
    }

    @Get(':file')
    file(@Param('file') name: string, @Req() request: object, @Res() response: object): void {
      this.#meet(request);
      const file = pageFile(name);
      if (file === undefined) throw notFound(request);
      this.#send(response, file);
    }

    #meet(request: object): IncomingMessage {
      if (!this.#inspector.enabled) throw notFound(request);
      this.#inspector.disregard(currentUnit());
      return rawRequest(request);
    }

    #send(response: object, { type, text }: PageFile): void {
      const raw = takeResponse(response);
      writeHead(raw, type);
      raw.end(text);
    }
  }
  for (const decorate of decorators) decorate(InspectorController);
  return InspectorController;
}

/** As Nest says it where there is no route. */
function notFound(request: object): NotFoundException {
  const { method } = rawRequest(request);
  return new NotFoundException(`Cannot ${method} ${requestPath(rawRequest(request), true)}`);
}
