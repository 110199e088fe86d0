"""Turn one thing in one file and run the tests of its room: python -m tests.mutants.mutate [--sample N] [--seed N].

mutmut and cosmic-ray run the tests that pytest collects for the whole project; here each room has tests of its own, and
a copy of the package, first on the path, keeps the working tree as it is.
"""

import argparse
import ast
import copy
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


def mutants(path: Path) -> Iterator[tuple[str, str]]:
    """Each mutant of a file: where and what, and its source."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for index in range(sum(1 for _ in ast.walk(tree))):
        changed = copy.deepcopy(tree)
        node = next(node for place, node in enumerate(ast.walk(changed)) if place == index)
        said = turn(node)
        if said is not None:
            line = getattr(node, "lineno", 0)
            yield f"{path.relative_to(PACKAGE)}:{line}: {said}", ast.unparse(ast.fix_missing_locations(changed))


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
        found += [(path, tests, *mutant) for path in files for mutant in mutants(path)]
    chosen = random.Random(wanted.seed).sample(found, min(wanted.sample, len(found)))
    alive = 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PACKAGE, Path(folder) / "avow")
        for number, (path, tests, said, source) in enumerate(chosen, 1):
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
