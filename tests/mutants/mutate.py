"""Turn one thing in one module and run the tests of its room: python -m tests.mutants.mutate [--sample N] [--seed N].

mutmut and cosmic-ray run the whole project's tests, in a new process each time. Here a mutant is tried in a fork of a
process that has pytest and all libraries loaded; its own test file runs first, then the rest of its room, what took
longest last. The working tree stays as it is: the fork imports the turned module from memory.
"""

import argparse
import ast
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

import hypothesis
import pytest

from tests.test_layers import TESTED_IN

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "avow"
ROOMS = ("routing", "models", "wire", "exchange/chain.py", "exchange/retry.py")
CPU_SECONDS, SECONDS = 60, 240.0
EXAMPLES = 100
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


class Mutant(NamedTuple):
    """One thing turned: the file, which node of a walk through it, and which operator of a chain."""

    path: Path
    node: int
    operator: int = 0

    @property
    def module(self) -> str:
        """Its full name."""
        return ".".join(("avow", *self.path.relative_to(PACKAGE).with_suffix("").parts))

    @property
    def own(self) -> Path:
        """The test file of the module."""
        return own_tests(self.path)


def own_tests(path: Path) -> Path:
    """The test file of a module."""
    relative = path.relative_to(PACKAGE)
    return ROOT / "tests" / TESTED_IN.get(relative.as_posix(), relative.parent / f"test_{relative.name}")


def room_tests(path: Path) -> list[Path]:
    """The tests of a module's room but its own; none for a module that is looked at alone."""
    relative = path.relative_to(PACKAGE)
    if relative.as_posix() in ROOMS:
        return []
    return [found for found in sorted(own_tests(path).parent.glob("test_*.py")) if found != own_tests(path)]


# -- what is turned --------------------------------------------------------------------------------------------------


def turn(node: ast.AST, operator: int = 0) -> bool:
    """Turn `node` in place; False where nothing can be turned."""
    match node:
        case ast.Compare() if operator < len(node.ops):
            node.ops[operator] = _TURNED[type(node.ops[operator])]()
        case ast.BoolOp(op=operation) if not operator:
            node.op = ast.Or() if isinstance(operation, ast.And) else ast.And()
        case ast.Constant(value=bool() as flag) if not operator:
            node.value = not flag
        case ast.Constant(value=int() as number) if not operator:
            node.value = number + 1
        case ast.IfExp(body=body, orelse=orelse) if not operator:
            node.body, node.orelse = orelse, body
        case ast.If(test=test) if not operator and ast.unparse(test) != "TYPE_CHECKING":
            node.test = ast.UnaryOp(ast.Not(), test)
        case _:
            return False
    return True


def left_alone(tree: ast.AST) -> set[ast.AST]:
    """What decides nothing: how a class is made (`frozen=True`)."""
    made = (decorator for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for decorator in node.decorator_list)
    return {node for decorator in made for node in ast.walk(decorator)}


def mutants(path: Path) -> Iterator[Mutant]:
    """All mutants of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = left_alone(tree)
    for place, node in enumerate(list(ast.walk(tree))):
        for operator in range(len(node.ops) if isinstance(node, ast.Compare) else 1):
            if node not in alone and turn(node, operator):
                yield Mutant(path, place, operator)


def build(mutant: Mutant) -> tuple[str, CodeType]:
    """What was turned and where, and the module's code with it."""
    tree = ast.parse(mutant.path.read_text(encoding="utf-8"))
    node = list(ast.walk(tree))[mutant.node]
    before = ast.unparse(node).splitlines()[0]
    turn(node, mutant.operator)
    after = ast.unparse(node).splitlines()[0]
    line = getattr(node, "lineno", 0)
    said = f"{mutant.path.relative_to(PACKAGE)}:{line}: {before} -> {after}"
    return said, compile(ast.fix_missing_locations(tree), str(mutant.path), "exec")


# -- how it is tried -------------------------------------------------------------------------------------------------


class Turned(SourceFileLoader):
    """Finds and loads one module, from code that is in memory."""

    def __init__(self, mutant: Mutant, code: CodeType) -> None:
        super().__init__(mutant.module, str(mutant.path))
        self.code = code

    def find_spec(self, name: str, _path: object = None, _target: ModuleType | None = None) -> ModuleSpec | None:
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        assert fullname == self.name
        return self.code


class Course:
    """A pytest plugin: few examples, always the same ones; what took longest comes last."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds

    def pytest_sessionstart(self) -> None:
        bounded = hypothesis.settings(max_examples=EXAMPLES, derandomize=True, database=None)
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("mutants", bounded, phases=phases)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self.seconds.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


class Workshop:
    """Starts and awaits forks; it remembers how long each test took in the runs without a mutant."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seconds: dict[str, float] = {}
        self.count = 0

    def start(self, tests: Sequence[Path], loader: Turned | None = None) -> int:
        """The process id of a fork that runs `tests`, and ends with pytest's exit status."""
        self.count += 1
        log = self.folder / f"{self.count}.log"
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 3
        try:
            import resource  # Windows has neither this nor forks, and collects the tests of this file all the same

            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(written, 1)
            os.dup2(written, 2)
            if loader is not None:
                assert not [name for name in sys.modules if name.partition(".")[0] == "avow"]
                sys.meta_path.insert(0, loader)
            status = self.run_pytest(tests, log)
            if loader is None:
                found = {"seconds": self.seconds, "modules": [name for name in sys.modules if library(name)]}
                log.with_suffix(".json").write_text(json.dumps(found), encoding="utf-8")
        finally:
            os._exit(status)

    def run_pytest(self, tests: Sequence[Path], log: Path) -> int:
        """Run it in this process, and say how it ended."""
        options = ["-x", "-q", "-n", "0", "-o", "addopts=", "-m", "not slow and not index", "-p", "no:cacheprovider"]
        options.append(f"--basetemp={log.with_suffix('')}")
        status = int(pytest.main([*options, *map(str, tests)], plugins=[Course(self.seconds)]))
        sys.stdout.flush()
        return status

    def baseline(self, tests: Sequence[Path]) -> None:
        """Run `tests` with nothing turned, and load the libraries that they need; they have to pass."""
        ended = wait(self.start(tests), time.monotonic() + SECONDS)
        log = self.folder / f"{self.count}.log"
        if ended != 0:
            raise SystemExit(f"The tests do not pass with nothing turned ({ended}):\n{log.read_text()[-4000:]}")
        found = json.loads(log.with_suffix(".json").read_text(encoding="utf-8"))
        self.seconds.update(found["seconds"])
        for name in found["modules"]:
            with suppress(Exception):
                importlib.import_module(name)


def library(name: str) -> bool:
    """Whether a module is neither the project's nor its tests'."""
    return name.partition(".")[0] not in ("avow", "tests", "conftest", "__main__", "__mp_main__")


def wait(pid: int, until: float) -> int | None:
    """How a fork ended: pytest's exit status, minus a signal, or None where it had to be ended."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.01)


def fate(workshop: Workshop, mutant: Mutant) -> tuple[str, str]:
    """What was turned, and what became of it."""
    said, code = build(mutant)
    for tests, word in (([mutant.own], "died of its own tests"), (room_tests(mutant.path), "died of its room's tests")):
        if not tests:
            continue
        ended = wait(workshop.start(tests, Turned(mutant, code)), time.monotonic() + SECONDS)
        if ended is None or ended < 0:
            return said, "hung"
        if ended in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
            raise SystemExit(f"{said}: pytest ended with {ended}, which says nothing about the mutant")
        if ended == pytest.ExitCode.INTERRUPTED:
            return said, "could not be imported"
        if ended:
            return said, word
    return said, "alive"


def chosen_from(files: Iterable[Path], sample: int, seed: int) -> tuple[list[Mutant], int]:
    """A sample of all mutants, of which any beginning is a sample too, and how many there are."""
    found = [mutant for path in files for mutant in mutants(path)]
    return random.Random(seed).sample(found, min(sample, len(found))), len(found)


def main() -> int:
    """Print the survivors, each with its file and line; 1 where more than a twentieth live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--only", default="", help="a part of the path of the files to look at")
    parser.add_argument("--line", type=int, default=0, help="look at this line alone")
    parser.add_argument("--minutes", type=float, default=60, help="begin no mutant after so long")
    parser.add_argument("--part", default="0/1", help="K/N: the K-th of N parts of the sample, to share it out")
    wanted = parser.parse_args()
    os.chdir(ROOT)
    sys.dont_write_bytecode = True
    files = [path for room in ROOMS for path in sorted((PACKAGE / room).glob("[!_]*.py")) or [PACKAGE / room]]
    chosen, total = chosen_from((path for path in files if wanted.only in str(path)), wanted.sample, wanted.seed)
    part, parts = map(int, wanted.part.split("/"))
    fates: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        for tests in dict.fromkeys(tuple(sorted([mutant.own, *room_tests(mutant.path)])) for mutant in chosen):
            workshop.baseline(tests)
        until = time.monotonic() + wanted.minutes * 60
        for mutant in chosen[part::parts]:
            if time.monotonic() > until:
                break
            if wanted.line and f":{wanted.line}:" not in build(mutant)[0]:
                continue
            said, end = fate(workshop, mutant)
            fates[end] += 1
            if end == "alive":
                sys.stdout.write(f"alive: {said}\n")
            if fates.total() % 25 == 0:
                sys.stdout.write(f"{fates.total()} tried: {dict(fates)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{fates.total()} of {total} mutants: {dict(fates)}\n")
    return int(fates["alive"] * 20 > fates.total())


if __name__ == "__main__":
    raise SystemExit(main())
