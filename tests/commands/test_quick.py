"""The quick reader of a question's command line says what typer says, or nothing."""

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.asking.typed import Options, options_from
from avow.commands import ask, proxy, quick
from avow.commands.outside_options import PROXY_OPTIONS
from avow.commands.proxy import ProxyOptions
from avow.commands.tree import build
from avow.errors import UsageError
from tests.examples import up_to


def by_typer(arguments: list[str]) -> Options | None:
    """What typer makes of the line; None where it refuses it."""
    seen: list[Options] = []

    def take(options: Options, _context: object) -> int:
        seen.append(options)
        return 0

    real, ask.run = ask.run, take  # type: ignore[assignment]
    try:
        command: Any = typer.main.get_command(build(("ask",)))
        with contextlib.redirect_stderr(sys.stdout), contextlib.suppress(Exception, SystemExit):
            command(["ask", *arguments], prog_name="avow", standalone_mode=False)
    finally:
        ask.run = real
    return seen[0] if seen else None


NAMES = [*quick.SPELLED]
WORDS = st.one_of(
    st.sampled_from([*NAMES, "--", "-", "-h", "--no-such", "-cx", "-mopus", "--dry-run", "--model=opus", "--stop=a=b"]),
    st.sampled_from(["hi", "3", "0", "-1", "2.5", "nan", "KEY=1", "X: y", "", "a b", "--hold=1", "--retries=1"]),
)


@settings(max_examples=up_to(400), deadline=None)
@given(st.lists(WORDS, max_size=6))
def test_both_read_the_same(arguments: list[str]) -> None:
    parsed = quick.parse(arguments)
    if parsed is None:
        return
    try:
        options: Options | None = options_from(parsed)
    except UsageError:
        options = None
    # In typer's tree `--dry-run` gets its value before it is read, up to `--`.
    if "--dry-run" in arguments:
        return
    assert said(options) == said(by_typer(arguments))


def said(options: Options | None) -> Options | None:
    """The same without the settings that were not given, and with numbers as text: NaN equals nothing, itself
    included."""
    if options is None:
        return None
    flags = {key: str(value) if isinstance(value, float) else value for key, value in options.flags.items()}
    return options._replace(flags={key: value for key, value in flags.items() if value is not None})


@pytest.mark.parametrize(
    "line", [["-h"], ["--no-such"], ["-cx"], ["-m"], ["--retries", "x"], ["--retries", "-1"]], ids=str
)
def test_what_is_not_plain_is_left_to_typer(line: list[str]) -> None:
    assert quick.parse(line) is None


def test_a_dry_run_needs_no_value() -> None:
    assert quick.parse(["--dry-run", "hi"]) == {"dry_run": "request", "words": ["hi"]}
    assert quick.parse(["--dry-run=curl", "hi"]) == {"dry_run": "curl", "words": ["hi"]}


def proxy_by(read: Callable[[], object]) -> ProxyOptions | None:
    """The options with which the proxy would run, however the line is read; None where it would not."""
    seen: list[ProxyOptions] = []

    def take(options: ProxyOptions, _context: object) -> int:
        seen.append(options)
        return 0

    real, proxy.run = proxy.run, take  # type: ignore[assignment]
    try:
        with contextlib.redirect_stderr(sys.stdout), contextlib.suppress(Exception, SystemExit):
            read()
    finally:
        proxy.run = real
    return seen[0] if seen else None


PROXY_WORDS = st.sampled_from([
    *(name for option in PROXY_OPTIONS for name in option.names),
    "--port=0", "--port=65536", "--port=-1",
    "--live=1", "--upstream=", "--upstream=u", "-qx", "--", "-", "-h", "-p", "x",
    "7", "",
])  # fmt: skip


@settings(max_examples=up_to(300), deadline=None)
@given(st.lists(PROXY_WORDS, max_size=6))
def test_both_read_the_same_of_the_proxy(arguments: list[str]) -> None:
    typed = quick.parse_proxy(arguments)
    if typed is None:
        return
    command: Any = typer.main.get_command(build(("proxy",)))
    by_quick = proxy_by(lambda: proxy.command(typed, None))  # type: ignore[arg-type]
    by_typer = proxy_by(lambda: command(["proxy", *arguments], prog_name="avow", standalone_mode=False))
    assert by_quick is not None
    assert by_quick == by_typer


def test_what_is_not_plain_of_the_proxy_is_left_to_typer() -> None:
    for line in (["-p"], ["--port", "65536"], ["--port"], ["", "--"], ["--live=1"], ["-h"]):
        assert quick.parse_proxy(line) is None
    assert quick.parse_proxy(["-q", "--", "x", ""]) == {"quiet": True, "words": ["x", ""]}
