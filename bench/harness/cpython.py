"""One operation of CPython's own contextvars, with ten variables: nanoseconds per call, the median of seven rounds.

Warms up, prints a line, waits for one, and measures, as calls.child.mjs does. In time of the process, which may be stopped.
"""

import contextvars
import statistics
import sys
import time
import timeit

variables = [contextvars.ContextVar(f"v{i}") for i in range(10)]


def one():
    return 1


STATEMENTS = {
    "get": "var.get()",
    "has": "var.get(None) is not None",
    "set": "var.set(2)",
    "set + reset": "var.reset(var.set(2))",
    "run": "copy_context().run(one)",
    "copy": "copy_context()",
    "copy + first set": "copy_context(); var.set(2)",
}
NUMBER = 50_000


def bench(statement):
    for v in variables:
        v.set(1)
    scope = {"var": variables[3], "copy_context": contextvars.copy_context, "one": one}
    timeit.timeit(statement, globals=scope, number=NUMBER)
    print("ready", flush=True)
    sys.stdin.readline()
    times = timeit.repeat(statement, globals=scope, number=NUMBER, repeat=7, timer=time.process_time)
    return statistics.median(times) / NUMBER * 1e9


print(contextvars.Context().run(bench, STATEMENTS[sys.argv[1]]))
