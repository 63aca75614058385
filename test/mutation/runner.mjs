// The test runner of mutation testing: it keeps the process, with everything compiled and loaded, from one mutant to the next, where
// Jest begins anew for each. What a mutant leaves behind must not be counted against the next one: see `control`.

import { setTimeout as delay } from 'node:timers/promises';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { execute } from './execute.mjs';
import { restoreGlobals } from './load.mjs';
import { allTests } from './tests.mjs';

/** How long what a killed mutant has left running may take to be over, in ms. */
const SETTLING = 10;

class ProcessRunner {
  /** What Stryker and its instrumented sources have in common. */
  #shared;
  #tests = new Map();
  /** How many mutants this process has run. */
  #runs = 0;
  #dirty = false;

  capabilities() {
    // Mutants of what runs while a file is loaded are ignored, so that there is no reason to load it again.
    return { reloadEnvironment: true };
  }

  async init() {
    globalThis.__stryker__ ??= {};
    this.#shared = globalThis.__stryker__;
    // Between two tests nobody waits for what is left of the one before.
    process.on('uncaughtException', () => {});
    this.#tests = allTests(process.cwd());
  }

  async dryRun() {
    const results = await execute(this.#tests, {
      onStart: (id) => {
        this.#shared.currentTestId = id;
      },
    });
    this.#shared.currentTestId = undefined;
    return {
      status: DryRunStatus.Complete,
      tests: results.map(asTestResult),
      mutantCoverage: this.#shared.mutantCoverage,
    };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    // A runner that fails is started again, with the same mutant.
    if (this.#dirty) throw new Error('the mutant before has left something behind');
    const filter = new Set(testFilter ?? this.#tests.keys());
    const tests = [...this.#tests].filter(([id]) => filter.has(id));
    Object.assign(this.#shared, { activeMutant: activeMutant.id, hitLimit, hitCount: 0 });
    const results = await execute(tests, { bail: true });
    const { hitCount } = this.#shared;
    Object.assign(this.#shared, { activeMutant: undefined, hitLimit: undefined, hitCount: undefined });
    const timeout = determineHitLimitReached(hitCount, hitLimit);
    this.#dirty = timeout !== undefined;
    const killer = results.find(({ errors }) => errors.length > 0);
    if (killer !== undefined) await this.#control(killer);
    this.#runs++;
    return toMutantRunResult(
      timeout ?? { status: DryRunStatus.Complete, tests: results.map(asTestResult) },
      false,
    );
  }

  /** A test that has failed must pass without the mutant, or it may have failed for what was left behind. */
  async #control({ id }) {
    restoreGlobals();
    await delay(SETTLING);
    const [{ errors: still }] = await execute([[id, this.#tests.get(id)]]);
    if (still.length > 0 && this.#runs > 0)
      throw new Error(`${id} fails without the mutant too: ${still[0]}`);
    this.#dirty ||= still.length > 0;
  }
}

function asTestResult({ id, timeSpentMs, errors }) {
  const result = { id, name: id, timeSpentMs };
  const [error] = errors;
  return errors.length > 0
    ? { ...result, status: TestStatus.Failed, failureMessage: String(error?.stack ?? error) }
    : { ...result, status: TestStatus.Success };
}

const create = () => new ProcessRunner();
create.inject = [];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'process', create)];
