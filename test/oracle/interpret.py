"""Runs programs (JSON, one a line) on contextvars and asyncio, and prints what they have seen, one line each.

The counterpart of interpret.mjs, statement by statement.
"""

import asyncio
import contextvars
import json
import sys

MISSING = object()
VARIABLES = [
    contextvars.ContextVar("a"),
    contextvars.ContextVar("b", default="default"),
    contextvars.ContextVar("c"),
]


class Thrown(Exception):
    pass


def pick(items, index):
    return items[-1 - index % len(items)] if items else None


class Running:
    """A generator of the program."""

    def __init__(self):
        self.steps = None
        self.busy = False


class Interpreter:
    def __init__(self):
        self.trace = []
        self.tokens = []
        self.contexts = []
        self.generators = []

    def see(self, *seen):
        self.trace.append(list(seen))

    def sync(self, block):
        for s in block:
            self.plain(s, self.sync)

    async def run(self, block):
        tasks = []
        for s in block:
            name = s[0]
            if name == "pause":
                await asyncio.sleep(0)
            elif name == "call":
                await self.attempted("call", self.run(s[1]))
            elif name == "task":
                context = pick(self.contexts, s[1]) if s[1] >= 0 else None
                tasks.append(asyncio.create_task(self.run(s[2]), context=context))
            elif name == "join":
                task = pick(tasks, s[1])
                if task is not None:
                    await self.attempted("join", task)
            elif name == "gather":
                await self.attempted("gather", asyncio.gather(*map(self.run, s[1])))
            elif name == "attempt":
                await self.attempted("attempt", self.run(s[1]))
            else:
                self.plain(s, self.sync)

    async def attempted(self, name, awaitable):
        try:
            await awaitable
            self.see(name, "ok")
        except Thrown:
            self.see(name, "thrown")

    def generate(self, block):
        for s in block:
            self.plain(s, self.sync)
            yield

    def plain(self, s, sync):
        name = s[0]
        if name == "get":
            self.see(name, self.get(VARIABLES[s[1]], s[2]))
        elif name == "set":
            token = VARIABLES[s[1]].set(s[2])
            self.tokens.append(token)
            old = token.old_value
            self.see(name, "missing" if old is contextvars.Token.MISSING else old)
        elif name == "reset":
            token = pick(self.tokens, s[2])
            if token is not None:
                variable = token.var if s[1] < 0 else VARIABLES[s[1]]
                self.see(name, self.reset(variable, token))
        elif name == "copy":
            self.contexts.append(contextvars.copy_context())
        elif name == "empty":
            self.contexts.append(contextvars.Context())
        elif name == "copyOf":
            context = pick(self.contexts, s[1])
            if context is not None:
                self.contexts.append(context.copy())
        elif name == "read":
            context = pick(self.contexts, s[1])
            if context is not None:
                self.see(name, self.read(context))
        elif name == "equals":
            context = pick(self.contexts, s[1])
            if context is not None:
                self.see(name, context == pick(self.contexts, s[2]))
        elif name == "enter":
            self.enter(s)
        elif name == "throw":
            raise Thrown
        elif name == "attempt":
            try:
                sync(s[1])
                self.see(name, "ok")
            except Thrown:
                self.see(name, "thrown")
        elif name == "gen":
            running = Running()
            running.steps = self.generate(s[1])
            self.generators.append(running)
        elif name == "next":
            self.next(pick(self.generators, s[1]))
        elif name == "soon":
            asyncio.get_running_loop().call_soon(self.soon, s[1])

    def get(self, variable, how):
        try:
            if how == 0:
                return variable.get()
            return variable.get("fallback" if how == 1 else None)
        except LookupError:
            return "unset"

    def reset(self, variable, token):
        try:
            variable.reset(token)
            return "ok"
        except RuntimeError as error:
            return "used" if "already been used once" in str(error) else str(error)
        except ValueError as error:
            if "different ContextVar" in str(error) or "different variable" in str(error):
                return "foreign variable"
            return "foreign context" if "different Context" in str(error) else str(error)

    def read(self, context):
        return [
            len(context),
            sorted(variable.name for variable in context),
            [[variable in context, context.get(variable, "missing")] for variable in VARIABLES],
        ]

    def enter(self, s):
        context = pick(self.contexts, s[1])
        if context is None:
            return
        try:
            context.run(self.sync, s[2])
            self.see("enter", "ok")
        except Thrown:
            self.see("enter", "thrown")
        except RuntimeError as error:
            self.see("enter", "re-entry" if "already entered" in str(error) else str(error))

    def next(self, running):
        if running is None or running.busy:
            return
        running.busy = True
        try:
            next(running.steps)
            self.see("next", "more")
        except StopIteration:
            self.see("next", "done")
        except Thrown:
            self.see("next", "thrown")
        finally:
            running.busy = False

    def soon(self, block):
        try:
            self.sync(block)
            self.see("soon", "ok")
        except Thrown:
            self.see("soon", "thrown")


def main():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    for line in sys.stdin:
        interpreter = Interpreter()
        run = interpreter.run(json.loads(line))
        task = loop.create_task(run, context=contextvars.Context())
        loop.run_until_complete(asyncio.wait([task]))
        # What the program has left running, and what that has left.
        while True:
            pending = asyncio.all_tasks(loop)
            if not pending:
                break
            loop.run_until_complete(asyncio.wait(pending))
        loop.run_until_complete(asyncio.sleep(0))
        interpreter.see("end", "thrown" if task.exception() is not None else "ok")
        print(json.dumps(interpreter.trace, separators=(",", ":")), flush=True)


main()
