"""The mutants themselves: what is turned, and that a fork tells a dead one from one that lives."""

import ast
import sys
from pathlib import Path

import pytest

from tests.mutants.mutate import PACKAGE, ROOMS, ROOT, build, left_alone, mutants, own_tests, turn


@pytest.mark.parametrize(
    ("source", "operator", "turned"),
    [
        ("a < b < c", 0, "a <= b < c"),
        ("a < b < c", 1, "a < b <= c"),
        ("a and b", 0, "a or b"),
        ("a or b", 0, "a and b"),
        ("a if b else c", 0, "c if b else a"),
        ("if a:\n    b", 0, "if not a:\n    b"),
        ("0", 0, "1"),
        ("True", 0, "False"),
    ],
)
def test_what_is_turned(source: str, operator: int, turned: str) -> None:
    tree = ast.parse(source)
    node = tree.body[0].value if isinstance(tree.body[0], ast.Expr) else tree.body[0]
    assert turn(node, operator)
    assert ast.unparse(tree) == turned


@pytest.mark.parametrize("source", ["'text'", "1.5", "None", "f(a)", "not a"])
def test_what_is_left_as_it_is(source: str) -> None:
    (expression,) = ast.parse(source).body
    assert isinstance(expression, ast.Expr)
    assert not turn(expression.value)


def test_how_a_class_is_made_decides_nothing() -> None:
    tree = ast.parse("@dataclass(frozen=True)\nclass A:\n    b: bool = True")
    alone = [node.value for node in left_alone(tree) if isinstance(node, ast.Constant)]
    assert alone == [True]


def test_every_module_of_the_rooms_has_tests_and_mutants() -> None:
    files = [path for room in ROOMS for path in sorted((PACKAGE / room).glob("[!_]*.py")) or [PACKAGE / room]]
    assert len(files) > 18
    assert all(own_tests(path).is_file() for path in files)
    said, code = build(next(mutants(PACKAGE / "routing" / "judge.py")))
    assert said.startswith("routing/judge.py:")
    assert code.co_filename == str(PACKAGE / "routing" / "judge.py")


@pytest.mark.skipif(sys.platform == "win32", reason="needs os.fork")
@pytest.mark.slow
def test_a_fork_tells_the_dead_from_the_living(tmp_path: Path) -> None:
    """In a process of its own: a fork of this one would have avow loaded already."""
    import subprocess

    command = [sys.executable, "-m", "tests.mutants.mutate", "--only", "exchange/chain.py", "--sample", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert "3 of " in done.stdout, done.stdout + done.stderr
    assert "died of its own tests" in done.stdout
