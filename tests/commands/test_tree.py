"""How a line of words becomes a command, or a prompt."""

import ast
import inspect
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

import avow
from avow.commands import COMMANDS
from avow.commands.declared import TREE
from avow.commands.tree import build
from avow.reference.tree import Argument, Command
from avow.simulator.server import Simulator
from tests.raw_server import RawServer
from tests.running import in_pty, rows, run


def test_every_command_has_a_help_page(home: Path) -> None:
    for name in COMMANDS:
        ran = run(home, name, "--help")
        assert (ran.status, ran.err) == (0, b""), name
        assert ran.out, name


def test_every_command_with_commands_shows_its_page_where_it_stands_alone(home: Path) -> None:
    for command in TREE.commands:
        if command.commands:
            alone, page = run(home, command.name), run(home, command.name, "--help")
            assert (alone.status, alone.out, alone.err) == (0, page.out, b""), command.name


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


NEARLY = {
    ("hisotry", "list"): "history list",
    ("ihstory", "list"): "history list",
    ("jistory", "list"): "history list",
    ("istory", "list"): "history list",
    ("cconfig", "get"): "config get",
    ("conifg", "set", "model", "opus"): "config set",
    ("templates", "show", "x"): "template show",
    ("audti", "basline"): "audit baseline",
    ("auht", "staus"): "auth status",
    ("simulat", "serve"): "simulate serve",
}


@pytest.mark.parametrize("words", NEARLY, ids=" ".join)
def test_a_group_and_its_command_nearly_typed_are_no_prompt(words: tuple[str, ...], home: Path) -> None:
    with RawServer(b"") as server:
        ran = run(home, *words, base_url=server.url)
        assert server.requests == []
    assert (ran.status, ran.out, rows(home)) == (2, b"", [])
    assert f"did you mean {NEARLY[words]}?" in ran.lines[0]
    assert f"avow -- {' '.join(words)}" in ran.lines[1]


@pytest.mark.parametrize("words", [("history-of", "Rome"), ("conifg", "is", "broken"), ("hi", "list")], ids=" ".join)
def test_other_words_are_a_prompt(words: tuple[str, ...], home: Path) -> None:
    assert run(home, *words).status == 3  # there is no key: it would have been sent


WRONG = {
    ("--modle", "x", "hi"): "there is no option --modle; did you mean --model?",
    ("-m",): "-m needs a value",
    ("--json=x", "hi"): "--json takes no value",
    ("--max-tokens", "x", "hi"): "--max-tokens: must be a whole number, not 'x'",
    ("--max-tokens", "0", "hi"): "--max-tokens: must be at least 1, not 0",
    ("--timeout", "soon", "hi"): "--timeout: must be a number, not 'soon'",
    ("--max-tokens", "٣", "hi"): "--max-tokens: must be a whole number, not '٣'",
    ("--timeout", "٣", "hi"): "--timeout: must be a number, not '٣'",
    ("--max-tokens", "9" * 5000, "hi"): f"--max-tokens: must be a whole number, not '{'9' * 40}…'",
    ("audit", "run", "--pace", ""): "--pace: must be a number, not ''",
    ("audit", "run", "--pace", "nan"): "--pace: must be a number of seconds",
    ("config", "set", "model"): "VALUE is missing",
    ("config", "get"): "KEY is missing",
    ("config", "set", "a", "b", "c"): "`avow config set` does not take: c",
    ("config", "set", "system", "be", "short"): "a value is one word: avow config set system 'be short'",
    ("config", "set", "profiles.x.on_reroute", "sh", "-c", "a b"): """on_reroute 'sh -c '"'"'a b'"'"''""",
    ("proxy", "claude", "-p", "hi"): "avow proxy -- claude -p hi",
    ("proxy", "--live", "--port", "0", "--report=x", "sh", "-q", "a b"): (
        "avow proxy --live --port 0 --report=x -- sh -q 'a b'"
    ),
    ("judge", "-m", "x", "~no-such-user/x"): "~no-such-user/x: there is no such file",
    ("run", "~no-such-user/x.jsonl"): "~no-such-user/x.jsonl: there is no such file",
    ("run", "not-there"): "not-there: there is no such file",
    ("history", "export", "--since-last", "~no-such-user/x"): "~no-such-user/x: cannot be opened",
    ("proxy", "sh", "--help"): "is --help for sh or for avow? Put -- before the command",
    ("proxy", "sh", "-c", "--", "-x"): "avow proxy -- sh -c -- -x",
    ("config", "lsit"): "`avow config` has no command 'lsit'; did you mean list?",
    ("why", "is", "the", "sky", "blue"): "`avow why` does not take: the sky blue",
    ("--effort", "hgih", "hi"): "must be one of low, medium, high, xhigh, max",
    ("config", "set", "effort", "hgih"): "must be one of low, medium, high, xhigh, max",
    ("config", "set", "base_url", "ftp://x"): "must be an address that begins with https://",
    ("config", "set", "speed", "warp"): "must be one of standard, fast",
}
CLICKS = ("No such", "Got unexpected", "Invalid value", "Missing argument", "requires an argument", "avow -- config")


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words)[:60])
def test_what_is_wrong_is_said_in_one_voice(words: tuple[str, ...], home: Path) -> None:
    ran = run(home, *words)
    assert (ran.status, ran.out, rows(home)) == (2, b"", [])
    said = ran.err.decode()
    assert WRONG[words] in said
    assert not [one for one in CLICKS if one in said]
    if words[0] == "why":
        assert "avow -- why is the sky blue" in said


@pytest.mark.parametrize("option", ["--version", "-V", "version"])
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


@pytest.mark.parametrize("line", [("--timeout", "0", "hi"), ("ask", "hi", "--deadline=0"), ("chat", "--timeout", "0")])
def test_no_time_at_all_is_a_slip(line: tuple[str, ...], home: Path) -> None:
    """It was taken for no option at all."""
    ran = run(home, *line)
    assert (ran.status, ran.out) == (2, b"")
    assert "must be above 0" in ran.lines[0]


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
    ran = run(home, "--dry-run", "hi", **{variable: ""})  # type: ignore[arg-type]
    assert (ran.status, ran.out) == (0, plain.out)


LEAVES = [command for command in TREE.all() if command.path and not command.commands]


@cache
def whole_tree() -> Any:
    """All that typer makes of the declared commands."""
    return typer.main.get_command(build())


def by_typer(path: tuple[str, ...]) -> Any:
    """The command that typer made of a declared one."""
    command = whole_tree()
    for name in path:
        command = command.commands[name]
    return command


def test_the_commands_are_those_of_the_table() -> None:
    assert {command.name for command in TREE.commands} == set(COMMANDS)
    assert len(COMMANDS) == len(set(COMMANDS))


def test_a_run_makes_no_more_commands_than_the_one_it_needs() -> None:
    made: Any = typer.main.get_command(build(("history",), "list"))
    assert [*made.commands] == ["history"]
    assert [*made.commands["history"].commands] == ["list"]


@pytest.mark.parametrize("command", LEAVES, ids=lambda command: " ".join(command.path))
def test_typer_has_what_is_declared(command: Command) -> None:
    """Typer makes the parser of a signature that is made from the rows: nothing is lost on the way."""
    made = by_typer(command.path)
    assert inspect.cleandoc(made.help) == command.help
    params = [param for param in made.params if "--help" not in param.opts]
    rows = [row for row in command.rows if row.name != "help"]
    assert [param.param_type_name for param in params] == [type(row).__name__.lower() for row in rows]
    for param, row in zip(params, rows, strict=True):
        if isinstance(row, Argument):
            assert (param.required, param.nargs, param.hidden) == (
                row.required,
                -1 if row.repeatable else 1,
                row.hidden,
            )
            continue
        assert tuple(param.opts) == row.names
        assert (param.is_flag, param.multiple, param.help) == (row.form == "nothing", row.form == "texts", row.help)
        kind = type(param.type).__name__.lower()
        assert kind.startswith("int") == (row.form == "integer")
        assert kind.startswith("float") == (row.form == "number")
        if row.form == "integer":
            assert param.type.min == row.least


@pytest.mark.parametrize("command", LEAVES, ids=lambda command: " ".join(command.path))
def test_what_is_declared_is_there_to_be_run(command: Command) -> None:
    module = import_module(f"avow.commands.{command.path[0]}")
    function = getattr(module, "_".join((*command.path[1:], "command")))
    assert list(inspect.signature(function).parameters) == ["typed", "context"]


@pytest.mark.slow
def test_no_function_takes_more_than_twelve_parameters() -> None:
    for path in Path(avow.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                count = len(node.args.args) + len(node.args.kwonlyargs) + len(node.args.posonlyargs)
                assert count <= 12, f"{path.name}: {node.name} takes {count}"
