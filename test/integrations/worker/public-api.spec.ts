import * as worker from '../../../src/integrations/worker/index.js';

test('the public names are these', () => {
  expect(Object.keys(worker).sort()).toEqual(['runInWorker', 'withWorkerContext']);
});
