"""The clipboard: a real program's stdin, else the terminal itself."""

import base64
from pathlib import Path
from typing import Any

import pytest

from avow.terminal.clipboard import MOST_IN_OSC_52
from tests.programs import program
from tests.running import in_pty, row, run, start


def answer(home: Path) -> str:
    """What the simulator answered."""
    return str(row(home)["text"])


@pytest.mark.parametrize(
    ("name", "shown"),
    [("xclip", "DISPLAY"), ("wl-copy", "WAYLAND_DISPLAY"), ("tmux", "TMUX")],
)
def test_the_platforms_own_program_gets_the_answer(name: str, shown: str, home: Path) -> None:
    path = program(home, name, f"cat > '{home}/copied'")
    environment: dict[str, Any] = {shown: ":0"}
    ran = run(home, "--simulate", "requested", "--copy", "hi", PATH=path, **environment)
    assert ran.status == 0
    assert (home / "copied").read_text() == answer(home)


def test_over_ssh_it_is_the_terminals(home: Path) -> None:
    path = program(home, "xclip", f"cat > '{home}/copied'")
    asked = ("--simulate", "requested", "--copy", "hi")
    pty = in_pty(home, *asked, PATH=path, DISPLAY=":0", SSH_CONNECTION="a b")
    assert pty.end() == 0
    coded = base64.b64encode(answer(home).encode())
    assert b"\x1b]52;c;" + coded + b"\x07" in bytes(pty.raw)
    assert not (home / "copied").exists()


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [(("-x", "--simulate", "markdown"), "the code block"), (("--hold", "--simulate", "fallback"), None)],
    ids=["what is printed of it", "nothing that is withheld"],
)
def test_it_is_what_is_printed(arguments: tuple[str, ...], printed: str | None, home: Path) -> None:
    path = program(home, "xclip", f"cat > '{home}/copied'")
    ran = run(home, *arguments, "--copy", "hi", PATH=path, DISPLAY=":0")
    if printed is None:
        assert not (home / "copied").exists()
    else:
        assert (home / "copied").read_text().rstrip("\n") == ran.out.decode().rstrip("\n") != ""


def test_a_program_that_fails_is_an_error_and_the_answer_is_printed(home: Path) -> None:
    path = program(home, "xclip", "exit 3")
    ran = run(home, "--simulate", "requested", "--copy", "hi", PATH=path, DISPLAY=":0")
    assert ran.status == row(home)["exit_code"] == 1
    assert ran.out.decode().rstrip("\n") == answer(home)
    assert ran.lines[-1].startswith("avow: error: the answer was not copied: xclip ended with status 3")


def test_without_program_and_terminal_it_is_an_error(home: Path) -> None:
    with start(home, "--simulate", "requested", "--copy", "hi", start_new_session=True) as process:
        _out, err = process.communicate()
    assert process.returncode == 1
    assert b"there is no clipboard command, and no terminal to ask" in err


def test_what_is_over_the_terminals_limit_is_said(home: Path) -> None:
    ran = run(home, "--simulate", "long:30000", "--copy", "-q", "hi", SSH_TTY="/dev/pts/0")
    assert ran.status == 1
    size = len(answer(home).encode())
    assert size > MOST_IN_OSC_52
    assert f"the answer was not copied: it has {size:,} bytes, a terminal's clipboard takes 74,994" in ran.err.decode()


def test_what_only_a_name_speaks_for_is_withheld_from_it_too(home: Path) -> None:
    path = program(home, "xclip", f"cat > '{home}/copied'")
    asked = ("--hold", "--require", "strong", "--simulate", "requested", "--copy", "hi")
    ran = run(home, *asked, PATH=path, DISPLAY=":0")
    assert (ran.status, ran.out) == (13, b"")
    assert not (home / "copied").exists()


def test_a_program_that_takes_long_is_not_the_answers_fault(home: Path) -> None:
    path = program(home, "xclip", "exec sleep 2.2")
    asked = ("--deadline", "2", "--simulate", "requested", "--copy", "hi")
    ran = run(home, *asked, PATH=path, DISPLAY=":0")
    assert ran.status == 0, ran.err
