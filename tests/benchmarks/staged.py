"""Asks as avow does and notes where the time goes: `python -P staged.py FD BEGUN WORDS…`, as JSON to the descriptor FD.

Each moment counts once, for what was under way then. `BEGUN` is the moment (of `time.monotonic`) the process was
started at. It imports nothing of its own, and wraps functions as their modules are loaded.
"""

import sys
import time
from typing import Any

IMPORTS, REST, INTERPRETER = "imports: ", "avow's own work between", "interpreter"
STAGES = {
    "avow.context": ("Context", {"settings": "settings", "credential": "credential"}),
    "avow.asking.keeper": ("Keeper", {"begin": "history: the row before", "finish": "history: the row at the end"}),
    "avow.history.store": ("History", {"close": "history: closed"}),
    "socket": (
        "socket",
        {"connect": "connect", "send": "request", "recv": "waiting for the answer, and reading it"},
    ),
}
"""What is timed in which class of which module, and what it is called."""


class Clock:
    """Adds up, and knows when each stage began first: `(seconds, first)` by name."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
        self.spent: dict[str, float] = {}
        self.first: dict[str, float] = {}
        self._under_way = [INTERPRETER]
        self._since = begun
        self.first[INTERPRETER] = begun

    def enter(self, name: str) -> None:
        """`name` is under way."""
        now = self._count()
        self.first.setdefault(name, now)
        self._under_way.append(name)

    def leave(self) -> None:
        """It is over, and what was under way before goes on."""
        self._count()
        self._under_way.pop()

    def _count(self) -> float:
        now = time.monotonic()
        name = self._under_way[-1]
        self.spent[name] = self.spent.get(name, 0.0) + now - self._since
        self._since = now
        return now

    @property
    def now(self) -> str:
        """What is under way."""
        return self._under_way[-1]


class Finder:
    """Finds modules as Python does, and times how long each takes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The module's spec, whose loader is timed."""
        self.clock.enter(group(name, self.clock.now))
        try:
            others: list[Any] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
            found = (finder.find_spec(name, path, target) for finder in others)
            spec = next(filter(None, found), None)
        finally:
            self.clock.leave()
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = Loader(spec.loader, self.clock)
        return spec


class Loader:
    """A loader that is timed."""

    def __init__(self, loader: Any, clock: Clock) -> None:
        self.loader = loader
        self.clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def exec_module(self, module: Any) -> None:
        """Run the module's code."""
        name = module.__name__
        self.clock.enter(group(name, self.clock.now))
        try:
            self.loader.exec_module(module)
        finally:
            self.clock.leave()
        if name in STAGES:
            owner, methods = STAGES[name]
            for method, stage in methods.items():
                wrap(getattr(module, owner), method, stage, self.clock)


def group(name: str, under_way: str) -> str:
    """What the loading of a module counts for: avow's by package, and the HTTP client with all that it loads."""
    first, _, rest = name.partition(".")
    if first == "avow":
        return f"{IMPORTS}avow.{rest.partition('.')[0]}" if rest else f"{IMPORTS}avow"
    client = f"{IMPORTS}the HTTP client"
    return client if under_way == client or first in ("httpcore", "h11") else f"{IMPORTS}standard library"


def wrap(owner: type, method: str, stage: str, clock: Clock) -> None:
    """Time `method`, in the main thread."""
    import threading

    plain, main = getattr(owner, method), threading.main_thread()

    def timed(*values: object, **named: object) -> object:
        if threading.current_thread() is not main:
            return plain(*values, **named)
        clock.enter(stage)
        try:
            return plain(*values, **named)
        finally:
            clock.leave()

    setattr(owner, method, timed)


def main() -> None:
    """Ask, and write what took how long, in seconds: `{"begun", "ended", "spent", "first"}`."""
    import gc
    import os

    gc.disable()  # as avow does before it loads anything
    clock = Clock(float(sys.argv[2]))
    sys.meta_path.insert(0, Finder(clock))
    clock.enter(REST)
    from avow.cli import main as ask

    def end(status: int) -> None:
        clock.leave()
        import json

        told = {"ended": time.monotonic(), "spent": clock.spent, "first": clock.first}
        os.write(int(sys.argv[1]), json.dumps(told).encode())
        os._exit(status)

    ask(sys.argv[3:], leave=end)


if __name__ == "__main__":
    main()
