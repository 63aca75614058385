import * as entry from 'nestjs-contextvars/opentelemetry';

test('the entry has these names and no others', () => {
  expect(Object.keys(entry).sort()).toEqual(['Span', 'registerOpenTelemetry', 'withSpan']);
});
