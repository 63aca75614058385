"""CPython's own contextvars: nanoseconds per operation, as JSON, best of five rounds."""

import contextvars
import json
import timeit

variables = [contextvars.ContextVar(f"v{i}") for i in range(1000)]
var = variables[3]


def one():
    return 1


def bench(count):
    for v in variables[:count]:
        v.set(1)
    statements = {
        "get": "var.get()",
        f"set + reset, {count} variables": "var.reset(var.set(2))",
        f"copyContext, {count} variables": "copy_context()",
        f"copyContext + set, {count} variables": "copy_context(); var.set(2)",
        "run": "copy_context().run(one)",
    }
    scope = {"var": var, "copy_context": contextvars.copy_context, "one": one}
    number = 200_000
    return {
        name: min(timeit.repeat(code, globals=scope, number=number, repeat=5)) / number * 1e9
        for name, code in statements.items()
    }


results = {}
for size in (1000, 100, 10):
    results.update(contextvars.Context().run(bench, size))
print(json.dumps(results))
