"""Colour, interactivity and size of a stream."""

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from avow.terminal.facts import Facts, find, size


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", closefd=True) as stream:
        yield stream
    os.close(ours)


# flag, environment, colour on a terminal, colour in a pipe, interactive on a terminal
COLOR = [
    pytest.param("auto", {}, True, False, True, id="auto"),
    pytest.param("never", {"FORCE_COLOR": "1"}, False, False, True, id="never-outranks-all"),
    pytest.param("always", {"NO_COLOR": "1"}, True, True, True, id="always-outranks-all"),
    pytest.param("auto", {"NO_COLOR": "1"}, False, False, True, id="no-color"),
    pytest.param("auto", {"NO_COLOR": "yes please"}, False, False, True, id="no-color-any-value"),
    pytest.param("auto", {"NO_COLOR": ""}, True, False, True, id="no-color-empty-is-unset"),
    pytest.param("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False, True, id="no-color-over-force"),
    pytest.param("auto", {"FORCE_COLOR": "1"}, True, True, True, id="force-color"),
    pytest.param("auto", {"FORCE_COLOR": "0"}, True, False, True, id="force-color-zero"),
    pytest.param("auto", {"CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, True, True, True, id="clicolor-force"),
    pytest.param("auto", {"CLICOLOR": "0"}, False, False, True, id="clicolor-zero"),
    pytest.param("auto", {"TERM": "dumb"}, False, False, False, id="dumb"),
    pytest.param("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True, True, False, id="dumb-forced"),
    pytest.param("auto", {"TERM": "unknown"}, False, False, False, id="unknown-terminal"),
]


@pytest.mark.parametrize(("flag", "environ", "on_terminal", "in_pipe", "interactive"), COLOR)
def test_color_and_interactivity(
    terminal: TextIO, flag: str, environ: dict[str, str], on_terminal: bool, in_pipe: bool, interactive: bool
) -> None:
    facts = find(terminal, environ, color=flag)
    assert (facts.is_terminal, facts.color, facts.interactive) == (True, on_terminal, interactive)
    piped = find(io.StringIO(), environ, color=flag)
    assert (piped.is_terminal, piped.color, piped.interactive) == (False, in_pipe, False)


def test_plain_is_not_animated(terminal: TextIO) -> None:
    facts = find(terminal, {}, plain=True)
    assert facts.plain
    assert facts.is_terminal
    assert not facts.interactive


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, (80, 24), id="nothing-known"),
        pytest.param({"COLUMNS": "100", "LINES": "50"}, (100, 50), id="environment"),
        pytest.param({"COLUMNS": "0"}, (80, 24), id="zero"),
        pytest.param({"COLUMNS": "abc"}, (80, 24), id="no-number"),
        pytest.param({"COLUMNS": "-5"}, (80, 24), id="negative"),
        pytest.param({"COLUMNS": "5", "LINES": "1"}, (20, 2), id="too-small"),
        pytest.param({"COLUMNS": "99999"}, (1000, 24), id="too-wide"),
        pytest.param({"COLUMNS": "²"}, (80, 24), id="a-digit-that-is-no-number"),
    ],
)
def test_size_in_a_pipe(environ: dict[str, str], expected: tuple[int, int]) -> None:
    assert size(io.StringIO(), environ) == expected


def test_size_of_a_terminal(terminal: TextIO) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))
    assert size(terminal, {}) == (132, 40)
    assert size(terminal, {"COLUMNS": "50"}) == (50, 40)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    assert size(terminal, {}) == (80, 24)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, True, id="unset"),
        pytest.param({"LANG": "C"}, True, id="c"),
        pytest.param({"LANG": "en_US.UTF-8"}, True, id="utf-8"),
        pytest.param({"LANG": "de_DE.utf8"}, True, id="utf8"),
        pytest.param({"LANG": "de_DE.ISO-8859-15@euro"}, False, id="latin-9"),
        pytest.param({"LANG": "en_US.UTF-8", "LC_ALL": "ja_JP.eucJP"}, False, id="lc-all-outranks"),
    ],
)
def test_unicode(environ: dict[str, str], expected: bool) -> None:
    assert find(io.StringIO(), environ).unicode is expected


def test_a_closed_stream_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert not find(closed, {}).is_terminal
    assert find(None, {}) == Facts()
