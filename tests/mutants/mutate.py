"""Turn one thing in one file and run the tests of its room: python -m tests.mutants.mutate [--sample N] [--seed N].

mutmut and cosmic-ray run the tests that pytest collects for the whole project; here each room has tests of its own, and
a copy of the package, first on the path, keeps the working tree as it is.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "avow"
TESTS_OF = {
    "routing": ("tests/routing",),
    "models": ("tests/models",),
    "wire": ("tests/wire",),
    "exchange/chain.py": ("tests/exchange/test_chain.py",),
    "exchange/retry.py": ("tests/exchange/test_retry.py",),
}
SECONDS = 120.0
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


def turn(node: ast.AST) -> str | None:
    """Turn `node` in place, and say what was done; None where nothing can be turned."""
    match node:
        case ast.Compare(ops=[operator, *rest]):
            node.ops = [_TURNED[type(operator)](), *rest]
            return f"{type(operator).__name__} -> {type(node.ops[0]).__name__}"
        case ast.BoolOp(op=operation):
            node.op = ast.Or() if isinstance(operation, ast.And) else ast.And()
            return "and <-> or"
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            node.value = number + 1
            return f"{number} -> {number + 1}"
        case ast.Constant(value=bool() as flag):
            node.value = not flag
            return f"{flag} -> {not flag}"
        case ast.IfExp(body=body, orelse=orelse):
            node.body, node.orelse = orelse, body
            return "branches swapped"
        case ast.If(test=test):
            node.test = ast.UnaryOp(ast.Not(), test)
            return "if -> if not"
    return None


def places(path: Path) -> Iterator[int]:
    """The nodes of a file that can be turned, by their place in a walk through it."""
    for place, node in enumerate(ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if turn(node) is not None:
            yield place


def mutant(path: Path, place: int) -> tuple[str, str]:
    """What was turned and where, and the file's source with it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node = next(node for at, node in enumerate(ast.walk(tree)) if at == place)
    said = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}: {turn(node)}"
    return said, ast.unparse(ast.fix_missing_locations(tree))


def survives(copied: Path, path: Path, source: str, tests: tuple[str, ...]) -> bool:
    """Whether the tests pass with `source` in the place of `path`."""
    target = copied / "avow" / path.relative_to(PACKAGE)
    original = target.read_bytes()
    target.write_text(source, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": f"{copied}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=SECONDS, check=False)
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_bytes(original)


def main() -> int:
    """Print the survivors, each with its file and line; 1 where more than a twentieth live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=18)
    wanted = parser.parse_args()
    found = []
    for room, tests in TESTS_OF.items():
        files = sorted((PACKAGE / room).glob("*.py")) if (PACKAGE / room).is_dir() else [PACKAGE / room]
        found += [(path, tests, place) for path in files for place in places(path)]
    chosen = random.Random(wanted.seed).sample(found, min(wanted.sample, len(found)))
    alive = 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PACKAGE, Path(folder) / "avow")
        for number, (path, tests, place) in enumerate(chosen, 1):
            said, source = mutant(path, place)
            if survives(Path(folder), path, source, tests):
                alive += 1
                sys.stdout.write(f"alive: {said}\n")
            if number % 25 == 0:
                sys.stdout.write(f"{number} tried, {alive} alive\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} of {len(found)} mutants, {alive} alive\n")
    return int(alive * 20 > len(chosen))


if __name__ == "__main__":
    raise SystemExit(main())
