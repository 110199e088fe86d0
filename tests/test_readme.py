"""What the README shows is what the program prints; its first two commands work in a fresh copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from avow.exit_codes import MEANINGS
from avow.simulator.server import Simulator
from tests.canary import written_by_the_test
from tests.running import in_pty, shell
from tests.test_layers import modules, own_imports, room_of
from tests.test_packaging import index

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
ANSWERS = ROOT / "tests" / "data" / "readme"
BLOCK = re.compile(r"(?:<!-- answers: ([\w ]+) -->\n)?```console\n(.*?)```", re.DOTALL)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0f01f0005000201a5f645400000000049454e44ae426082"
)
COLOURS = '{"type": "object", "properties": {"colours": {"type": "array", "items": {"type": "string"}}}}'
SCRIPT = """import anthropic

message = anthropic.Anthropic().beta.messages.create(
    model="claude-fable-5-2",
    max_tokens=1000,
    messages=[{"role": "user", "content": "rebase or merge?"}],
    betas=["server-side-fallback-2026-07-01"],
    fallbacks="default",
)
print(message.content[-1].text[:61])
"""
VARYING = (
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d\.\d+Z)?", "TIME"),
    (r"\b(req|msg)_\w+", "ID"),
    (r"\b\d+ ms\b", "MS"),
    (r"\$\d+\.\d+", "COST"),
    (r"127\.0\.0\.1:\d+", "HOST"),
)

NIGHTLY = '[defaults]\nmodel = "fable"\n[[item]]\nprompt = "rebase or merge?"\nrepeat = 4\n'


def furnish(home: Path) -> None:
    """The files that the README asks about."""
    (home / "old.py").write_text("total = net + tax\n")
    (home / "new.py").write_text("total = net\n")
    (home / "shot.png").write_bytes(PNG)
    (home / "colours.json").write_text(COLOURS)
    (home / "script.py").write_text(SCRIPT)
    (home / "nightly.toml").write_text(NIGHTLY)
    python = home / "bin" / "python"
    python.parent.mkdir(exist_ok=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)


def transcript(home: Path, answers: Sequence[str], commands: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each command with what it prints on stdout and stderr; `$?` is the status of the one before."""
    own = {path.stem: str(path) for path in ANSWERS.glob("*.toml")}
    status = 0
    with Simulator(scenario=[own.get(name, name) for name in answers]) as simulator:
        for command in commands:
            ran = shell(home, f"exec 2>&1\n(exit {status})\n{command}", base_url=simulator.base_url)
            status = ran.status
            yield command, ran.out.decode()


def blocks() -> list[tuple[str, str]]:
    return [(answers or "requested", text) for answers, text in BLOCK.findall(README.read_text(encoding="utf-8"))]


def plain(text: str) -> str:
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text


def test_there_are_commands() -> None:
    assert sum(len(re.findall(r"^\$ ", text, re.MULTILINE)) for _answers, text in blocks()) > 15


def _cases() -> list[Any]:
    """Each block; what runs a script of the reader's takes the import of the SDK, seconds, and is slow."""
    return [
        pytest.param(*block, id="-".join(one.splitlines()[0][:40] for one in block), marks=marks)
        for block in blocks()
        for marks in [[pytest.mark.slow] if "script.py" in block[1] else []]
    ]


@pytest.mark.parametrize(("answers", "text"), _cases())
def test_the_commands_print_what_the_readme_shows(home: Path, answers: str, text: str) -> None:
    furnish(home)
    commands = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
    printed = "".join(f"$ {command}\n{out}" for command, out in transcript(home, answers.split(), commands))
    assert plain(printed.replace(str(home), "~")) == plain(text)


def test_every_file_that_it_names_is_there() -> None:
    code = README.read_text().partition("## The code")[2]
    named = re.findall(r"`([\w/]+\.py)`", code)
    assert len(named) > 15
    assert [name for name in named if not any((ROOT / base / name).is_file() for base in (".", "src/avow"))] == []


def test_the_drawing_has_every_room_above_what_it_imports() -> None:
    drawn: dict[str, int] = {}
    for number, line in enumerate(
        README.read_text("utf-8").partition("src/avow/\n")[2].partition("```")[0].splitlines()
    ):
        beginning = line if line.startswith("└") else line.partition("  ")[0]
        drawn |= {name: number for name in re.findall(r"(\w+)(?:/|\.py)", beginning) if line[0] in "├└"}
    sources = [module for module in modules() if module.room not in ("", "__main__")]
    assert {module.room for module in sources} == set(drawn)
    upward = {
        f"{module.room} imports {room_of(name)}, which is drawn above it"
        for module in sources
        for name in own_imports(module)
        if room_of(name) and drawn[room_of(name)] < drawn[module.room]
    }
    assert upward == set()


def test_the_readme_of_the_tests_names_every_helper_and_folder() -> None:
    tests = ROOT / "tests"
    said = (tests / "README.md").read_text("utf-8")
    helpers = {path.name for path in tests.glob("[a-z]*.py") if not path.name.startswith("test_")}
    folders = {path.parent.name for path in tests.glob("*/*.py")} - {module.room for module in modules()}
    named = set(re.findall(r"`([\w./]+)`", said))
    assert (helpers | folders) - named == set(), "say in tests/README.md what they are for"
    files = {name for name in named if name.endswith(".py") and "NAME" not in name}
    assert {name for name in files if not list(tests.rglob(name))} == set(), "they are gone"


def test_the_table_has_every_exit_status() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(str(int(code)), meaning) for code, meaning in MEANINGS.items()], "README.md, Exit statuses"


@pytest.mark.index
@pytest.mark.timeout(600)
def test_the_first_two_commands_work_in_a_fresh_copy(home: Path, shared: Path) -> None:
    tree = home / "tree"
    unwanted = shutil.ignore_patterns(".git", "*venv*", "__pycache__", ".*_cache", "dist", "build")
    shutil.copytree(ROOT, tree, ignore=unwanted)
    written_by_the_test(tree / "tests" / "canary.py")
    found = re.search(r"```sh\n(.*)\n(.*)\n```", README.read_text(encoding="utf-8"))
    assert found
    first = in_pty(home, command=("sh", "-c", f"cd {tree} && {found[1]}"), size=(40, 100), **index(shared))
    assert first.end(500) == 10, first.text
    assert "Another model answered" in first.text
    second = ["sh", "-c", f"{found[2]} --collect-only -q -n 0"]
    environ = {**os.environ, **index(shared)}
    done = subprocess.run(second, cwd=tree, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
