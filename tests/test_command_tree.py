"""How a line of words becomes a command, or a prompt."""

from pathlib import Path

import pytest

from avow.commands import COMMANDS
from tests.running import in_pty, rows, run


def test_every_command_has_a_help_page(home: Path) -> None:
    for name in COMMANDS:
        ran = run(home, name, "--help")
        assert (ran.status, ran.err) == (0, b""), name
        assert ran.out, name


def test_a_bare_avow_on_a_terminal_prints_help(home: Path) -> None:
    pty = in_pty(home)
    assert pty.end() == 0
    assert "avow COMMAND --help" in pty.text


@pytest.mark.parametrize("word", ["histroy", "templat", "simulat"])
def test_a_typing_error_is_no_prompt(word: str, home: Path) -> None:
    pty = in_pty(home, word)
    assert pty.end() == 2
    assert "did you mean" in pty.text
    assert f"avow -- {word}" in pty.text
    assert rows(home) == []


def test_a_word_that_is_like_no_command_is_a_prompt(home: Path) -> None:
    pty = in_pty(home, "hello")
    assert pty.end() == 3  # there is no key: it would have been sent


def test_arguments_a_command_does_not_take(home: Path) -> None:
    ran = run(home, "history", "of", "Rome")
    assert ran.status == 2
    assert "avow -- history of Rome" in ran.err.decode()
    assert rows(home) == []


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version(option: str, home: Path) -> None:
    assert run(home, option).out == b"avow 0.1.0\n"
