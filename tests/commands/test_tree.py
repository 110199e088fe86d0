"""How a line of words becomes a command, or a prompt."""

from pathlib import Path

import pytest

from avow.commands import COMMANDS
from avow.simulator.server import Simulator
from tests.running import in_pty, rows, run, shell


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


EMPTY: dict[str, tuple[str, ...]] = {
    "--model is empty": ("-m", "", "hi"),
    "--conversation is empty": ("--conversation=", "hi"),
    "--profile is empty": ("ask", "--profile", "", "hi"),
    "--report is empty": ("--report", "", "hi"),
    "--file is empty": ("-f", "a.txt", "-f", "", "hi"),
    "--template is empty": ("-t", ""),
    "--simulate is empty": ("--simulate", "", "hi"),
    "--system-file is empty": ("--system-file", "", "hi"),
    "--schema is empty": ("--schema", "", "hi"),
    "--output is empty": ("--output", "", "hi"),
    "--fallback is empty": ("--fallback", "", "hi"),
    "--if-unavailable is empty": ("--if-unavailable", "", "hi"),
    "--effort is empty": ("--effort=", "hi"),
    "--stop is empty": ("--stop", "", "hi"),
    "--dry-run is empty": ("--dry-run=", "hi"),
    "-p is empty": ("-p", "", "hi"),
    "--header is empty": ("--header", "", "hi"),
    "ID is empty": ("why", ""),
    "PATH is empty": ("scan", ""),
    "KEY is empty": ("config", "get", ""),
    "--verdict is empty": ("history", "list", "--verdict", ""),
    "--base-url is empty": ("auth", "status", "--base-url", ""),
    "config: model must not be empty": ("config", "set", "model", ""),
}


@pytest.mark.parametrize("words", EMPTY)
def test_an_empty_value_is_a_slip(words: str, home: Path) -> None:
    with Simulator() as api:
        ran = run(home, *EMPTY[words], base_url=api.base_url)
        assert api.requests == []
    assert ran.status == 2
    assert words.removeprefix("config: ") in ran.lines[0]
    assert ran.out == b""
    if words.startswith("--"):
        assert "is a variable of the shell not set?" in ran.lines[1]
    assert rows(home) == []


@pytest.mark.parametrize("arguments", [("retry",), ("history", "show"), ("history", "delete", "--yes"), ("models",)])
def test_an_empty_id_is_not_the_last(arguments: tuple[str, ...], home: Path) -> None:
    assert run(home, "--simulate", "requested", "hi").status == 0
    ran = run(home, *arguments, "")
    assert (ran.status, ran.lines[0]) == (2, "avow: error: ID is empty")
    assert len(rows(home)) == 1


def test_an_empty_system_prompt_is_none(home: Path) -> None:
    assert run(home, "config", "set", "system", "be brief").status == 0
    assert b"be brief" in run(home, "--dry-run", "hi").out
    ran = run(home, "-s", "", "--dry-run", "hi")
    assert (ran.status, b"system" in ran.out) == (0, False)
    (home / "persona.txt").write_text("be rude")
    assert run(home, "config", "unset", "system").status == 0
    assert run(home, "config", "set", "system_file", str(home / "persona.txt")).status == 0
    ran = run(home, "-s", "", "--dry-run", "hi")
    assert (ran.status, b"system" in ran.out) == (0, False)


@pytest.mark.parametrize("variable", ["AVOW_MODEL", "AVOW_PROFILE", "AVOW_FALLBACK", "ANTHROPIC_BASE_URL"])
def test_an_empty_variable_of_the_environment_says_nothing(variable: str, home: Path) -> None:
    plain = run(home, "--dry-run", "hi")
    assert plain.status == 0
    ran = shell(home, f"{variable}= avow --dry-run hi")
    assert (ran.status, ran.out) == (0, plain.out)
