// What a mutant has to pass: the model first, because it finds most of what there is to find in a second, then the tests of core.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { testsOf } from './execute.mjs';
import { collect } from './load.mjs';
import { describeModel } from './model.mjs';

/** They wait for the garbage collector, start processes, or load the library a second time. */
const LEFT_OUT_FILES = /^(.*-retention|meaning-11-one-library|nothing-grows|variable-warning)\.spec/;
const LEFT_OUT =
  /in files of their own|nobody holds|held by nobody|held by its target alone|threads|test_subprocess_protocol|test_context_3$|test_task_context_4$/;

/** The tests by id, of the project at `root`. */
export function allTests(root) {
  const specs = readdirSync(join(root, 'test/core')).filter(
    (file) => file.endsWith('.spec.ts') && !LEFT_OUT_FILES.test(file),
  );
  const files = specs.map((file) => [file, (require) => void require(`../core/${file}`)]);
  const tests = testsOf(collect(root, [['model', describeModel], ...files]));
  return new Map([...tests].filter(([id]) => !LEFT_OUT.test(id)));
}
