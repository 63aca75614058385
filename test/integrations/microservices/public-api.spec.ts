import * as microservices from '../../../src/integrations/microservices/index.js';

test('the entry "./microservices" exports these names at run time, and no others', () => {
  expect(Object.keys(microservices).sort()).toEqual(['grpcContextInterceptor', 'propagateContext']);
});
