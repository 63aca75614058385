// What CPython, TC39 and Node assert of their contexts, case by case: which of our tests shows it, or why none does.
// docs/conformance.md is made of this by table.mjs, which also looks whether the tests are there.

/** A case that a test of ours shows: `title` is that of the test, as it stands in the file. */
const shown = (name, file, title, note) => ({ name, file, title, note });
/** The same, where ours differs on purpose; the page says why. */
const differs = (name, file, title, page, note) => ({
  name,
  file,
  title,
  page: `decisions/${page}.md`,
  note,
});
/** A case that has no meaning here. */
const without = (name, note) => ({ name, note });

const CPYTHON = 'test/core/cpython-context.spec.ts';
const context = (name, note) => shown(name, CPYTHON, name, note);

const ASYNCIO = 'test/core/asyncio.spec.ts';
const MORE_ASYNCIO = 'test/conformance/asyncio.spec.ts';
const asyncio = (name, note) => shown(name, ASYNCIO, name, note);
const real = (name, title = name, note = undefined) => shown(name, ASYNCIO, title, note);

const VARIABLE = 'test/conformance/async-context.spec.ts';
const PROPAGATION = 'test/conformance/async-context-propagation.spec.ts';
const STORAGE = 'test/conformance/node-storage.spec.ts';
const NETWORK = 'test/conformance/node-network.spec.ts';
const ERRORS = 'test/conformance/node-errors.spec.ts';

const PYTHON_PAGE = 'departures-from-python';
const ASYNC_CONTEXT_PAGE = 'departures-from-async-context';

export const groups = [
  {
    title: 'CPython, Lib/test/test_context.py',
    numbered: true,
    cases: [
      context('test_context_var_new_1', 'told apart by identity instead of a hash'),
      context('test_context_var_repr_1', '`inspect` is the repr'),
      context('test_token_repr_1', 'without the address'),
      context('test_context_subclassing_1', 'TypeError when one is made'),
      context('test_context_new_1'),
      without('test_context_new_unhashable_str_subclass', 'JavaScript has no subclasses of strings'),
      context('test_context_typerrors_1'),
      context('test_context_get_context_1'),
      context('test_context_run_1'),
      context('test_context_run_2', 'there are no keyword arguments'),
      context('test_context_run_3', 'and rejections'),
      context('test_context_run_4'),
      context('test_context_run_5'),
      context('test_context_run_6', '`undefined` for `None`'),
      differs(
        'test_context_run_7',
        CPYTHON,
        'test_context_run_7',
        're-entry',
        'a running Context can be entered again',
      ),
      context('test_context_getset_1', '`Context.get` gives `undefined` for KeyError'),
      context('test_context_getset_2'),
      context('test_context_getset_3'),
      context('test_context_getset_4'),
      context('test_context_getset_5'),
      context('test_context_copy_1'),
      context('test_context_isinstance', 'the shape of a readonly Map'),
      context('test_context_threads_1', 'forks and Workers for threads'),
      context('test_context_thread_inherit', 'a Worker starts empty'),
      context('test_token_contextmanager_with_default', '`using` for `with`'),
      context('test_token_contextmanager_without_default'),
      context('test_token_contextmanager_on_exception'),
      context('test_token_contextmanager_reentrant'),
      context('test_token_contextmanager_multiple_c_set'),
      context('test_token_contextmanager_with_explicit_reset_the_same_token'),
      context('test_token_contextmanager_with_explicit_reset_another_token'),
      context('test_context_eq_reentrant_contextvar_set', 'comparing calls no code of the values'),
      without('test_context_eq_reentrant_contextvar_set_in_hash', 'JavaScript has no hashes of one’s own'),
    ],
  },
  {
    title: 'CPython, asyncio and unittest',
    cases: [
      asyncio('test_context_1'),
      differs(
        'test_context_2',
        ASYNCIO,
        'test_context_2',
        'set-without-a-task',
        'a plain `then` shares the Context; a preserved callback has its own',
      ),
      asyncio('test_context_3'),
      asyncio('test_context_4'),
      asyncio('test_context_5'),
      asyncio('test_context_6'),
      asyncio('test_taskgroup_task_context'),
      asyncio('test_run_keeps_context'),
      asyncio('test_context_vars', 'eager tasks'),
      asyncio('test_task_exc_handler_correct_context'),
      shown('test_asyncio_task_decimal_context', ASYNCIO, 'test_task_decimal_context'),
      shown(
        'test_to_thread_contextvars',
        'test/integrations/worker/run-in-worker.spec.ts',
        'variables with a codec cross to the thread, all others and every ScopedValue stay',
        'what has a codec crosses',
      ),
      shown(
        'IsolatedAsyncioTestCase',
        MORE_ASYNCIO,
        'test_isolated_asyncio_test_case: set-up, test, tear-down and clean-ups share one context',
      ),
      without('test_get_context', 'a task is a plain promise'),
    ],
  },
  {
    title: 'asgiref, tests/test_sync_contextvars.py',
    cases: [
      differs(
        'test_sync_to_async_contextvars',
        MORE_ASYNCIO,
        'test_sync_to_async_contextvars: a call in a copy does not set for its caller',
        'capture',
        'what a copy sets stays there',
      ),
      shown(
        'test_sync_to_async_contextvars_with_custom_context',
        MORE_ASYNCIO,
        'test_sync_to_async_contextvars_with_custom_context: what is called in a given Context stays there',
      ),
      shown(
        'test_sync_to_async_contextvars_with_custom_context_and_parallel_tasks',
        MORE_ASYNCIO,
        'test_sync_to_async_contextvars_with_custom_context_and_parallel_tasks: four calls in one Context',
      ),
      shown(
        'test_sync_to_async_contextvars_with_callable_with_context_attribute',
        MORE_ASYNCIO,
        'test_sync_to_async_contextvars_with_callable_with_context_attribute: a property of that name is kept',
      ),
      without('test_async_to_sync_contextvars', 'JavaScript cannot wait for a promise synchronously'),
      without('test_thread_sensitive_with_context_different', 'about the threads of synchronous code'),
    ],
  },
  {
    title: 'uvloop, tests/test_context.py',
    cases: [
      asyncio('test_task_decimal_context'),
      shown('test_task_context_1', ASYNCIO, 'test_context_1'),
      shown('test_task_context_2', ASYNCIO, 'test_context_2'),
      shown('test_task_context_3', ASYNCIO, 'test_context_3'),
      asyncio('test_task_context_4'),
      asyncio(
        'test_create_server_protocol_factory_context',
        '`bindEmitter` where the protocol would be made',
      ),
      asyncio('test_create_server_connection_protocol'),
      shown(
        'test_create_ssl_server_connection_protocol',
        MORE_ASYNCIO,
        'test_create_ssl_server_connection_protocol: each event of a connection sees the context of its server',
      ),
      shown(
        'test_create_server_manual_connection_lost',
        MORE_ASYNCIO,
        'test_create_ssl_server_manual_connection_lost: also where something else closes it',
        'over TCP',
      ),
      shown(
        'test_create_ssl_server_manual_connection_lost',
        MORE_ASYNCIO,
        'test_create_ssl_server_manual_connection_lost: also where something else closes it',
        'over TLS',
      ),
      shown(
        'test_create_connection_protocol',
        MORE_ASYNCIO,
        'test_create_connection_protocol: a client sees its own context, whoever writes',
      ),
      shown(
        'test_start_tls',
        MORE_ASYNCIO,
        'uvloop test_context: test_start_tls: a connection that is made a secure one sees the same',
        'the secure socket sees who made it',
      ),
      shown(
        'test_connect_accepted_socket',
        MORE_ASYNCIO,
        'uvloop test_context: test_connect_accepted_socket: a socket sees the context of whoever serves it',
      ),
      asyncio('test_subprocess_protocol'),
      asyncio('test_datagram_protocol'),
    ],
  },
  {
    title: 'What Python really does (3.11)',
    cases: [
      real(
        'awaited callee sets before its first await',
        'an awaited callee that sets before its first await: the caller sees it',
      ),
      real(
        'awaited callee sets after an await',
        'an awaited callee that sets after an await: the caller sees it',
      ),
      differs(
        'callee that is not awaited',
        ASYNCIO,
        'a callee that is not awaited: its set is seen at once, because its body has begun (Python: not yet)',
        PYTHON_PAGE,
        'its body has begun',
      ),
      real(
        'gather, set first',
        'branches of gather that set %s an await: each sees its own, the parent none',
      ),
      real(
        'gather, set after an await',
        'branches of gather that set %s an await: each sees its own, the parent none',
      ),
      real('branches in a fork each', 'tasks that set %s an await: each sees its own, the parent none'),
      differs(
        'two coroutines in one task',
        ASYNCIO,
        'branches of a plain Promise.all that set %s an await share the Context',
        'set-without-a-task',
        'a plain `Promise.all`',
      ),
      real(
        'overlapping set and reset in two branches',
        'overlapping set and reset in two branches of gather: the parent still has its own value',
      ),
      real(
        'a branch reads during another’s override',
        'a branch of gather that reads while another has an override: it reads its own value',
      ),
      real(
        'work started inside an override',
        'work started as a task inside an override keeps the value it saw; a bare promise does not (Python: always a task)',
      ),
      real(
        'a scheduled callback sets',
        'a callback that is scheduled and sets: kept to itself where it is preserved, shared where not (Python: always kept)',
      ),
      real('two tasks on one Context', 'two tasks at once in one given Context share it'),
      real('reset in another task', 'a token that is reset in another task: an error that changes nothing'),
      real(
        'reset out of order',
        'tokens that are reset out of order: allowed, each restores what it replaced',
      ),
      differs(
        'Context.run of a coroutine function',
        ASYNCIO,
        'Context.run of an asynchronous function: all of its body runs there (Python: only its creation)',
        PYTHON_PAGE,
        'all of the body runs there',
      ),
      context('test_context_thread_inherit', 'a thread starts empty'),
    ].map((one) => (one.name === 'test_context_thread_inherit' ? { ...one, name: 'a thread' } : one)),
  },
  {
    title: 'TC39 AsyncContext, tests of the proposal',
    cases: [
      shown(
        'run and get: has initial undefined state',
        VARIABLE,
        'a variable that nobody has run reads undefined',
      ),
      shown('run and get: return value', VARIABLE, 'run gives what its function gives'),
      shown(
        'run and get: get returns current context value',
        VARIABLE,
        'the function reads the value itself',
      ),
      shown(
        'run and get: get within nesting contexts',
        VARIABLE,
        'a nested run hides the outer value until it is over',
      ),
      shown(
        'run and get: get within nesting different contexts',
        VARIABLE,
        'variables are independent of each other',
      ),
      shown('wrap: stores initial undefined state', VARIABLE, 'keeps that nothing was bound'),
      shown('wrap: stores current state', VARIABLE, 'keeps the value'),
      ...[
        'runs within wrap',
        'runs within wrap (2)',
        'runs different context within wrap',
        'runs different context within wrap, 2',
      ].map((name) => shown(`wrap: ${name}`, VARIABLE, 'run inside a wrapped function: of %s')),
      shown(
        'wrap: wrap within nesting contexts',
        VARIABLE,
        'wrapped functions call each other across nested runs',
      ),
      shown(
        'wrap: wrap within nesting different contexts',
        VARIABLE,
        'wrapped functions call each other across nested runs of different variables',
      ),
      ...[2, 3, 4, 5, 6].map((n) =>
        shown(
          `wrap: wrap within nesting different contexts, ${n}`,
          VARIABLE,
          'three nested runs, with one more snapshot %s',
        ),
      ),
      shown(
        'wrap: wrap out of order',
        VARIABLE,
        'wrapped functions may be called in any order, again and again',
      ),
    ],
  },
  {
    title: 'TC39 AsyncContext, test262 (pull request 3874)',
    cases: [
      shown(
        'Variable: constructor-name, -name-defaults-to-empty-string; name/returns-name-passed-to-constructor',
        VARIABLE,
        'a variable has the name that it was given, an empty one by default',
      ),
      shown(
        'Variable: constructor-defaultValue, -defaults-to-undefined; get/returns-default-value-outside-run',
        VARIABLE,
        'the default is what an unbound variable reads',
      ),
      shown(
        'Variable: constructor-throwing-name-getter, -defaultValue-getter, -name-tostring, -name-hasproperty',
        VARIABLE,
        'an option whose getter throws, or whose name cannot be a string, passes the error',
      ),
      shown('Variable: get/returns-value-set-in-run', VARIABLE, 'the function reads the value itself'),
      shown(
        'Variable: get/returns-undefined-if-set-in-run',
        VARIABLE,
        'undefined is a value: it beats the default',
      ),
      shown(
        'Variable: get/, run/, name/context-is-not-object, -variable-object, -snapshot-object',
        VARIABLE,
        'methods refuse another object as this',
      ),
      shown(
        'Variable: run/calls-callback-with-args, -with-undefined-this',
        VARIABLE,
        'run passes its further arguments on, and no this',
      ),
      shown('Variable: run/returns-callback-return-value', VARIABLE, 'run gives what its function gives'),
      shown(
        'Variable: run/returns-async-callback-return-value',
        VARIABLE,
        '%s gives a promise of what an async function gives',
      ),
      differs(
        'Variable: run/ “Return result”',
        VARIABLE,
        'the promise that run gives is not the one of its function',
        ASYNC_CONTEXT_PAGE,
        'a promise of the same result',
      ),
      shown(
        'Variable: run/returned-promise-does-not-resolve-in-snapshot; restores-context-snapshot-after-callback-returns-promise',
        VARIABLE,
        '%s: what waits for the promise goes on in its own context',
      ),
      shown(
        'Variable: run/throws-if-callback-is-not-callable',
        VARIABLE,
        'what is no function is a TypeError',
      ),
      shown(
        'Variable: run/throws-if-callback-throws; restores-context-snapshot-after-callback-throw',
        VARIABLE,
        'an error passes, and the value is gone',
      ),
      shown(
        'Variable: run/swaps-context-snapshot-before-callback; restores-context-snapshot-after-callback',
        VARIABLE,
        'a nested run hides the outer value until it is over',
      ),
      shown(
        'Variable: run/restores-context-snapshot-after-callback-takes-snapshot',
        VARIABLE,
        'a snapshot that is taken inside changes nothing after run',
      ),
      shown(
        'Variable: run/unrelated-snapshot-entries-keep-their-value',
        VARIABLE,
        'variables are independent of each other',
      ),
      shown(
        'Snapshot: run/ and wrapped-function/restores-snapshot, -unset-variables, -previous-context-snapshot-after-callback',
        VARIABLE,
        'hides what was bound later, other variables too, and gives it back',
      ),
      shown(
        'Snapshot: run/ and wrapped-function/throws-if-callback-throws; restores-previous-context-snapshot-after-callback-throw',
        VARIABLE,
        'gives the context back after an error, which passes',
      ),
      shown(
        'Snapshot: run/calls-callback-with-args, -with-undefined-this; returns-callback-return-value',
        VARIABLE,
        'passes arguments and the result, and no this',
      ),
      shown(
        'Snapshot: run/ and wrapped-function/returns-async-callback-return-value',
        VARIABLE,
        '%s gives a promise of what an async function gives',
      ),
      shown(
        'Snapshot: run/ and wrapped-function/returned-promise-does-not-resolve-in-snapshot',
        VARIABLE,
        '%s: what waits for the promise goes on in its own context',
      ),
      shown(
        'Snapshot: run/context-is-not-object, -snapshot-object, context-is-variable-object-throws',
        VARIABLE,
        'methods refuse another object as this',
      ),
      shown(
        'Snapshot: run/ and wrap/throws-if-callback-is-not-callable',
        VARIABLE,
        'what is no function is a TypeError',
      ),
      shown('Snapshot: wrapped-function/calls-callback, -in-snapshot', VARIABLE, 'keeps the value'),
      shown(
        'Snapshot: wrapped-function/calls-callback-with-args, -with-this; returns-callback-return-value',
        VARIABLE,
        'passes this, arguments and the result',
      ),
      differs(
        'Snapshot: wrap/wrapped-function/name, length',
        VARIABLE,
        'a wrapped function has the name and the length of the function',
        ASYNC_CONTEXT_PAGE,
        'without “wrapped” before the name',
      ),
      shown(
        'context-propagation/async-await',
        PROPAGATION,
        '%s, of a promise that is pending',
        'one of twenty forms of promise',
      ),
      shown('context-propagation/promise-then', PROPAGATION, '%s, of a promise that is pending'),
      shown(
        'context-propagation/continuation-propagation-thenable',
        PROPAGATION,
        'then is called where the thenable is awaited, and the one who waits goes on there',
      ),
      differs(
        'context-propagation/generators, async-generators',
        PROPAGATION,
        'that run does not give reads whoever calls next(), until it is bound',
        ASYNC_CONTEXT_PAGE,
        'as in Node; what `run` gives, and what is bound, reads where it was made',
      ),
      shown(
        'context-propagation/generators-yield-inside-run, async-generators-yield-inside-run',
        PROPAGATION,
        'that yields inside a nested run reads that inside and its own afterwards',
        'of generators that `run` gives',
      ),
      shown(
        'context-propagation/CreateIteratorFromClosure',
        PROPAGATION,
        'an iterator of an array that run gives reads its elements where it was made',
        'of iterators that `run` gives',
      ),
      shown(
        'context-propagation/cross-realm',
        PROPAGATION,
        'a snapshot that is taken or run by its code is the same',
      ),
      differs(
        'context-propagation/FinalizationRegistry',
        PROPAGATION,
        'a FinalizationRegistry calls back outside any context',
        ASYNC_CONTEXT_PAGE,
        'as in Node',
      ),
      without(
        'the other files: descriptors, prototypes, `length` and `name` of the built-ins, `new.target`, realms of constructors, getters of a callback’s own `name` and `length`',
        'the shape of a built-in object, which ours is not',
      ),
    ],
  },
  {
    title: 'Timers and other callbacks',
    cases: [
      shown(
        'every form of callback that Node has',
        PROPAGATION,
        '%s calls back where it was given',
        'sixteen of them',
      ),
      shown('setInterval', PROPAGATION, 'each call of setInterval'),
      shown('many at once', PROPAGATION, 'a thousand at once, each its own'),
      shown('a promise that has settled already', PROPAGATION, '%s, of a promise that has settled already'),
      shown(
        'generators that run gives',
        PROPAGATION,
        'that run gives reads where it was made, whoever calls next()',
      ),
      differs(
        'listeners',
        PROPAGATION,
        'a listener runs where its event is emitted, until its emitter is bound',
        ASYNC_CONTEXT_PAGE,
        'as in Node',
      ),
      shown('events.once, events.on', PROPAGATION, 'events.once and events.on go on where they are awaited'),
      shown('rejections', VARIABLE, '%s: a rejection passes'),
    ],
  },
  {
    title: 'Node, test/async-hooks/test-async-local-storage-…',
    cases: [
      shown('args', STORAGE, 'args: run and its inverse pass arguments and results'),
      shown(
        'async-await',
        STORAGE,
        'async-await: an async function reads the same before and after it waits',
      ),
      shown(
        'async-functions',
        STORAGE,
        'async-functions: what one sets is read in what it calls and what calls it',
      ),
      shown('dgram', NETWORK, 'dgram: a datagram is sent and received in one run'),
      differs(
        'enable-disable',
        'test/core/meaning-11-one-library.spec.ts',
        'enterWith, withScope, exit and disable are called nowhere',
        ASYNC_CONTEXT_PAGE,
        'there is nothing to turn off',
      ),
      differs(
        'enter-with',
        STORAGE,
        'enter-with: a set lasts for the unit of work, and no longer',
        'set-without-a-task',
        '`set`',
      ),
      shown(
        'errors',
        ERRORS,
        'errors: each handler runs in the context of the work that failed, and the next work in its own',
      ),
      differs(
        'errors, of the promise that run gives',
        ERRORS,
        'errors: a rejection of the promise that run gives is handled where run was called',
        ASYNC_CONTEXT_PAGE,
        'the promise is the caller’s',
      ),
      shown(
        'errors-async',
        ERRORS,
        'errors-async: an error after a pause is handled in its own run, another at the same time in its own',
      ),
      shown('errors-sync-ret', ERRORS, 'errors-sync-ret: an error that leaves run leaves its context too'),
      shown('errors, caught', STORAGE, 'an error of a run passes, and what was outside is back'),
      shown(
        'gcable',
        STORAGE,
        'gcable: a variable is collected once nobody holds it, though a Context has a value of it',
      ),
      shown('http', NETWORK, 'http: a client and its server each read what they run in'),
      shown(
        'http, server started in a run',
        NETWORK,
        'http: a server that was started in a run has requests that are not its own, until each is run',
      ),
      shown('http-agent', NETWORK, 'http-agent: two requests over one socket, each in its own run'),
      shown('misc-stores', STORAGE, 'misc-stores: %p can be a value'),
      shown('nested', STORAGE, 'nested: a timer in two nested runs reads both'),
      shown(
        'no-mix-contexts',
        STORAGE,
        'no-mix-contexts: two variables and two runs at once, each timer reads its own',
      ),
      shown('promises', STORAGE, 'promises: a chain with a promise in each link reads one value'),
      shown('socket', NETWORK, 'socket: a server and a client in one run read its value in each event'),
      shown(
        'stream-finished',
        STORAGE,
        'stream-finished: the callback of finished() runs where it was given, where it is bound',
        'Node 20 needs `bindContext`',
      ),
      shown('thenable', STORAGE, 'thenable: its then runs where it %s'),
      shown('thenable, as the result of run', STORAGE, 'thenable: run follows one that its function gives'),
      shown('tlssocket', NETWORK, 'tlssocket: the same over TLS'),
      without('run-resource, set-dc', 'about resources and frames inside Node'),
      without(
        'require-order-1, require-order-2',
        'about hooks that are enabled early or late; there is one AsyncLocalStorage',
      ),
      without('stop-propagation', 'an option that Node has taken back'),
    ],
  },
  {
    title: 'Node, test/parallel/test-async-local-storage-…',
    cases: [
      shown('bind', STORAGE, 'bind: only functions can be bound; arguments and results pass'),
      shown('contexts', STORAGE, 'contexts: async functions of two realms at once'),
      shown('deep-stack', STORAGE, 'deep-stack: a thousand runs inside each other'),
      differs(
        'enter-with',
        STORAGE,
        'enter-with: a set lasts for the unit of work, and no longer',
        'set-without-a-task',
        '`set`',
      ),
      shown(
        'exit-does-not-leak',
        STORAGE,
        'exit-does-not-leak: leaving and running in turn, again and again',
        'an empty Context is entered',
      ),
      shown('http-agent', NETWORK, 'http-agent: two requests over one socket, each in its own run'),
      shown(
        'http-multiclients',
        NETWORK,
        'http-multiclients: ten downloads at once by functions that know nothing but the context',
      ),
      shown(
        'http-parser-leak',
        NETWORK,
        'http-parser-leak: a value under which a request was made is gone when its connection is',
      ),
      shown(
        'isolation',
        STORAGE,
        'isolation: variables do not touch each other, whichever is set, run or left',
      ),
      differs(
        'run-scope',
        STORAGE,
        'run-scope: a token as a block scope, which its owner alone can end',
        'overlay-and-lease',
        'a token checks where it is used',
      ),
      shown(
        'snapshot',
        STORAGE,
        'snapshot: a copied Context reads what it was copied from, wherever it is run',
      ),
      shown(
        'weak-asyncwrap-leak',
        STORAGE,
        'weak-asyncwrap-leak: a value that refers to a native handle that was made under it',
      ),
      shown(
        'test-als-defaultvalue',
        STORAGE,
        'als-defaultvalue: the default is read where nothing is bound; options of a wrong type are refused',
        'the name must not be empty',
      ),
      shown(
        'test-diagnostics-channel-bind-store',
        STORAGE,
        'diagnostics-channel-bind-store: a subscriber runs where the message is published',
        'our AsyncLocalStorage is not handed out',
      ),
      without('test-async-context-frame', 'runs the others on the other engine, as our suite is run'),
    ],
  },
];
