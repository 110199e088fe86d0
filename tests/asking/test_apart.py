"""No command writes over a file that it reads, or over avow's own data."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.received.test_intake import BODY
from tests.running import Ran, run, start

SAID = {"t.toml": 'prompt = "hi"', "scene.toml": 'summary = "mine"', "in/a.txt": "a", "schema.json": "{}"}


@pytest.fixture
def there(home: Path) -> Path:
    """A folder in which there is something of each kind, with a second name for each file."""
    for name, text in {**SAID, "config/config.toml": "", "config/templates/saved.toml": 'prompt = "hi"'}.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home / "data").mkdir(mode=0o700)
    (home / "data" / "history.db").write_bytes(b"")
    return home


REPORT = ("--simulate", "requested", "hi", "--report")
CASES = {
    "a template by path": (("-t", "{}", "--simulate", "requested", "--report"), "t.toml"),
    "a saved template": (("-t", "saved", "--simulate", "requested", "--report"), "config/templates/saved.toml"),
    "a scenario": (("hi", "--simulate", "{}", "--report"), "scene.toml"),
    "a file of a folder": (("-f", "{folder}", *REPORT), "in/a.txt"),
    "a schema": (("--schema", "{}", *REPORT), "schema.json"),
    "the history": (REPORT, "data/history.db"),
    "the config": (("proxy", "--report", "{second}", "--", "true"), "config/config.toml"),
    "a cursor": (("history", "export", "--since-last"), "config/config.toml"),
    "a template saved": (("template", "save", "saved", "--force", "--system-file"), "config/templates/saved.toml"),
}


@pytest.mark.parametrize(("words", "name"), CASES.values(), ids=CASES)
def test_nothing_is_written_over_what_is_read(words: tuple[str, ...], name: str, there: Path) -> None:
    path = there / name
    before = path.read_bytes()
    os.link(path, there / "second")
    (there / "third").symlink_to("second")
    filled = [word.format(path, folder=path.parent, second=there / "second") for word in words]
    ran = run(there, *filled, *([] if "second" in " ".join(filled) else [str(there / "third")]))
    assert (ran.status, path.read_bytes(), ran.out) == (2, before, b"")
    assert "lost" in ran.lines[0]


def to_a_file(home: Path, path: Path, *words: str) -> Ran:
    """Run avow with its stdout appended to a file."""
    with path.open("ab") as out:
        process = start(home, *words, stdout=out)
        with process:
            _out, err = process.communicate(timeout=60)
    return Ran(process.returncode, b"", err or b"", home)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("run", "--simulate", "requested", "{}"), '"one"\n'),
        (("judge", "-m", "claude-fable-5-2", "--json", "{}"), f"{BODY.decode()}\n"),
        ((*REPORT, "{}"), "mine"),
    ],
    ids=["run", "judge", "ask"],
)
def test_stdout_that_is_a_file_of_the_command(words: tuple[str, ...], text: str, home: Path) -> None:
    path = home / "f.jsonl"
    path.write_text(text)
    ran = to_a_file(home, path, *(word.format(path) for word in words))
    assert (ran.status, path.read_text()) == (2, text)
    assert "stdout is written to this file" in ran.lines[0]


def test_stdin_that_is_a_file_of_the_command(there: Path) -> None:
    path = there / "in/a.txt"
    with path.open("rb") as stdin:
        command = start(there, *REPORT, str(path), stdin=stdin, stdout=subprocess.PIPE)
        with command:
            command.communicate(timeout=60)
    assert (command.returncode, path.read_text()) == (2, "a")
