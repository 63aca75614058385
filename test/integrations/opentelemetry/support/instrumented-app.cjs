// An application as it is started in production, on the built package: the instrumentation hooks into Node's own modules, which
// it cannot in the test runner. Prints the names of the spans of each trace, each with its parent's.

const { context, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} = require('@opentelemetry/sdk-trace-base');

const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] });

async function main(adapter) {
  require('reflect-metadata');
  const http = require('node:http');
  const { Controller, Get, Param } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { ContextModule, createTask, RequestContext } = await import('nestjs-contextvars');
  const { registerOpenTelemetry, withSpan } = await import('nestjs-contextvars/opentelemetry');
  registerOpenTelemetry();

  class Orders {
    async find(id) {
      void createTask(() => withSpan(`task ${id}`, () => {}));
      await withSpan(`load ${id}`, () => new Promise((resolve) => setImmediate(resolve)));
      return new RequestContext().traceId;
    }
  }
  Controller('orders')(Orders);
  Param('id')(Orders.prototype, 'find', 0);
  Get(':id')(Orders.prototype, 'find', Object.getOwnPropertyDescriptor(Orders.prototype, 'find'));

  class AppModule {}
  const root = { module: AppModule, imports: [ContextModule.forRoot()], controllers: [Orders] };
  const { [`${adapter}Adapter`]: Adapter } = await import(`@nestjs/platform-${adapter.toLowerCase()}`);
  const app = await NestFactory.create(root, new Adapter(), { logger: false, forceCloseConnections: true });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();

  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
  const get = (id) =>
    new Promise((resolve, reject) => {
      http
        .get({ port, host: '127.0.0.1', path: `/orders/${id}`, agent }, async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve(text);
        })
        .on('error', reject);
    });
  const ids = ['0', '1', '2', '3', '4', '5'];
  const answers = await Promise.all(ids.map(get));
  agent.destroy();
  await app.close();

  const spans = exporter.getFinishedSpans();
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  const traces = answers.map((traceId) =>
    spans
      .filter((span) => span.spanContext().traceId === traceId)
      .map((span) => `${names.get(span.parentSpanContext?.spanId) ?? '-'} > ${span.name}`)
      .sort(),
  );
  console.log(JSON.stringify(traces));
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
