"""Help pages: grouped, with examples, within the width, and without a heavy import."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from avow.commands.declared import ASK, TREE
from avow.reference.examples import EXAMPLES
from avow.reference.help_page import headings, page
from tests.running import environment, in_pty, run


def test_the_options_of_ask_stand_under_headings(home: Path) -> None:
    ran = run(home, "ask", "--help")
    out = ran.out.decode()
    assert ran.status == 0
    order = [out.index(f"\n{heading}:\n") for heading in headings(ASK)]
    assert order == sorted(order)
    assert len(order) > 5
    assert out.index("\nWho may answer:") < out.index("--fallback-by") < out.index("\nWhat is printed:")
    assert '\nExamples:\n  avow "why is the sky blue"' in out


@pytest.mark.parametrize("width", [40, 80, 100])
def test_a_page_keeps_to_the_width(width: int) -> None:
    for command in TREE.all():
        shown = [line for line in page(command, width).splitlines() if not line.startswith("  ") or width > 40]
        assert [line for line in shown if len(line) > width and " " in line.strip()] == []


def test_an_example_names_options_that_there_are() -> None:
    commands = {command.path: command for command in TREE.all()}
    assert set(EXAMPLES) <= set(commands)
    for path, rows in EXAMPLES.items():
        known = {
            name
            for found in commands.values()
            if found.path[:1] in (path[:1], ("ask",))
            for option in found.options
            for name in option.names
        }
        for line, _words in rows:
            typed = line.partition("avow")[2].partition(" -- ")[0]
            assert set(re.findall(r"(?<=\s)--?[a-z-]+", typed)) <= known, line


@pytest.mark.parametrize("argument", [(), ("-h",), ("--help",)], ids=lambda given: " ".join(given) or "bare")
def test_on_a_terminal_avow_alone_prints_short_help(home: Path, argument: tuple[str, ...]) -> None:
    pty = in_pty(home, *argument)
    assert pty.end() == 0
    assert "avow help" in pty.text or "help [TOPIC]" in pty.text


def test_help_imports_nothing_heavy(home: Path) -> None:
    code = (
        "import sys; from avow.cli import main; main(['ask', '--help'], leave=bool);"
        "print([name for name in ('rich', 'httpcore', 'keyring', 'sqlite3') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment(home), timeout=60, check=True
    )
    assert done.stderr.strip() == b"[]"
