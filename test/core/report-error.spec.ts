// Who gets the errors that no caller is there to receive.

import { addErrorReporter, reportError } from '../../src/core/report-error.js';

const error = new Error('failed');
let removals: (() => void)[] = [];
let print: jest.SpyInstance;
beforeEach(() => {
  print = jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  for (const remove of removals) remove();
  removals = [];
  print.mockRestore();
});

function reporter(): { readonly got: unknown[]; readonly remove: () => void } {
  const got: unknown[] = [];
  const remove = addErrorReporter((...report) => void got.push(report));
  removals.push(remove);
  return { got, remove };
}

test('the console, where there is no reporter', () => {
  reportError(error, 'at the end');
  expect(print.mock.calls).toEqual([['[nestjs-contextvars] Error at the end:', error]]);
});

test('the reporter that was added last and is still there', () => {
  const first = reporter();
  const second = reporter();
  reportError(error, 'one');
  second.remove();
  second.remove();
  reportError(error, 'two');
  first.remove();
  reportError(error, 'three');
  expect(second.got).toEqual([[error, 'one']]);
  expect(first.got).toEqual([[error, 'two']]);
  expect(print).toHaveBeenCalledTimes(1);
});

test('the console, with both errors, where the reporter fails', () => {
  const failure = new Error('reporter');
  removals.push(
    addErrorReporter(() => {
      throw failure;
    }),
  );
  reportError(error, 'at the end');
  expect(print.mock.calls).toEqual([
    ['[nestjs-contextvars] Error at the end:', error, '\nand its reporter failed:', failure],
  ]);
});

test('nobody, where the console fails too', () => {
  print.mockImplementation(() => {
    throw new Error('console');
  });
  expect(() => reportError(error, 'at the end')).not.toThrow();
});
