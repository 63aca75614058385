// Runs tests that jest-circus has collected, one after the other. Jest's own run goes through all tests of a process, once.

import { setImmediate as macrotask } from 'node:timers/promises';
import { jestExpect } from '@jest/expect';

const { setTimeout, clearTimeout } = globalThis;

/** The longest that a test may take, in ms; none of them is near it. */
const TIMEOUT = 4_000;

/** The tests of a block by id: the path of names, with a number where it is not the first one of this name. */
export function testsOf(block) {
  const tests = new Map();
  const visit = (children, path) => {
    for (const child of children) {
      const names = [...path, child.name];
      if (child.type === 'describeBlock') visit(child.children, names);
      else tests.set(freeId(tests, names.join(' > ')), child);
    }
  };
  visit(block.children, []);
  return tests;
}

function freeId(tests, name) {
  let id = name;
  for (let i = 2; tests.has(id); i++) id = `${name} (${i})`;
  return id;
}

/** The blocks around a test, the outermost first. */
function blocksOf(test) {
  const blocks = [];
  for (let block = test.parent; block; block = block.parent) blocks.unshift(block);
  return blocks;
}

const hooksOf = (blocks, type) => blocks.flatMap(({ hooks }) => hooks.filter((hook) => hook.type === type));

async function withTimeout(fn, context = {}) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${TIMEOUT} ms`)), TIMEOUT);
  });
  try {
    await Promise.race([fn.call(context), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A test with the hooks around it; gives the errors. */
async function runTest(test, begun) {
  const errors = [];
  const caught = (error) => errors.push(error);
  const context = {};
  const attempt = ({ fn }) => withTimeout(fn, context).catch(caught);
  const blocks = blocksOf(test);
  const entered = blocks.filter((block) => !begun.has(block));
  jestExpect.setState({ currentTestName: test.name, testPath: '', suppressedErrors: [] });
  process.on('uncaughtException', caught).on('unhandledRejection', caught);
  for (const block of entered) begun.add(block);
  for (const hook of hooksOf(entered, 'beforeAll')) await attempt(hook);
  for (const hook of hooksOf(blocks, 'beforeEach')) if (errors.length === 0) await attempt(hook);
  if (errors.length === 0) await attempt(test);
  for (const hook of hooksOf(blocks.reverse(), 'afterEach')) await attempt(hook);
  for (const { error } of jestExpect.extractExpectedAssertionsErrors()) caught(error);
  // A rejection counts as unhandled when all microtasks are done.
  await macrotask();
  process.off('uncaughtException', caught).off('unhandledRejection', caught);
  return errors;
}

/** Runs `[id, test]` pairs, until one fails where `bail` says so; gives `{ id, timeSpentMs, errors }` of each. */
export async function execute(tests, { bail = false, onStart = () => {} } = {}) {
  const begun = new Set();
  const results = [];
  const leave = async (remaining) => {
    const left = [...begun].filter((block) => !remaining.includes(block)).reverse();
    for (const block of left) begun.delete(block);
    for (const { fn } of hooksOf(left, 'afterAll')) await withTimeout(fn);
  };
  for (const [id, test] of tests) {
    await leave(blocksOf(test));
    onStart(id);
    const start = performance.now();
    const errors = await runTest(test, begun);
    results.push({ id, timeSpentMs: performance.now() - start, errors });
    if (errors.length > 0 && bail) break;
  }
  await leave([]);
  return results;
}
