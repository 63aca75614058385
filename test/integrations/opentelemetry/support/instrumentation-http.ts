import http from 'node:http';
import { HttpInstrumentation, type HttpInstrumentationConfig } from '@opentelemetry/instrumentation-http';

interface Definition {
  readonly name: string;
  patch(exports: unknown, version?: string): unknown;
  unpatch(exports: unknown, version?: string): void;
}

/**
 * The real instrumentation, for the tests of a file. The test runner has a module registry of its own, which it does not hook
 * into by itself; what it does to the module is the same.
 */
export function useHttpInstrumentation(config: HttpInstrumentationConfig): void {
  const instrumentation = new HttpInstrumentation({ enabled: false, ...config });
  const { init } = instrumentation as unknown as { init(): Definition[] };
  const definition = init.call(instrumentation).find(({ name }) => name === 'http') as Definition;
  beforeAll(() => void definition.patch(http, process.version));
  afterAll(() => definition.unpatch(http, process.version));
}
