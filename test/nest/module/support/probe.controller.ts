import { All, Controller } from '@nestjs/common';
import { currentUnit, RequestContext } from 'nestjs-contextvars';

/** Answers each path with the kind of its unit of work, or the code of the error that says there is none. */
@Controller()
export class ProbeController {
  constructor(private readonly context: RequestContext) {}

  // A wildcard is written differently for Express and for Fastify.
  @All(['/', ':a', ':a/:b', ':a/:b/:c', ':a/:b/:c/:d'])
  look(): string {
    try {
      return this.context.id && (currentUnit()?.kind ?? 'none');
    } catch (error) {
      return String((error as { code?: string }).code);
    }
  }
}
