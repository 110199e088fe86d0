"""At 40 columns no line is broken in mid-word, whoever wrote it."""

from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.raw_server import RawServer, stream
from tests.running import Pty, in_pty
from tests.streams import block, end, sse, start, words

PROSE = "Immediately thereafter somebody questioned everything, and nevertheless continued. " * 4


def whole_words(*ptys: Pty) -> None:
    """Every word of the first terminal stands on the second, which is wide; no row is wider than it should be."""
    narrow, wide = ({word for row in pty.text.splitlines() for word in row.split()} for pty in ptys)
    assert len(wide) > 8
    assert narrow - wide == set()


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_thinking_and_an_answer(home: Path, term: str) -> None:
    thought = {"type": "thinking_delta", "thinking": PROSE}
    thinking = block(0, {"type": "thinking", "thinking": "", "signature": ""}, thought)
    ptys = []
    with RawServer(stream(sse(start(), *thinking, *words(1, PROSE), *end()))) as server:
        for columns in (40, 400):
            more = ("-q", "--no-history", "--show-thinking", "hi")
            pty = in_pty(home, *more, base_url=server.url, size=(60, columns), TERM=term)
            pty.end()
            assert pty.text.count("nevertheless") == 8
            ptys.append(pty)
    whole_words(*ptys)


def test_raw_text_is_left_to_the_terminal(home: Path) -> None:
    with RawServer(stream(sse(start(), *words(0, PROSE), *end()))) as server:
        pty = in_pty(home, "-q", "--raw", "hi", base_url=server.url, size=(60, 40))
        pty.end()
    assert PROSE.strip() in pty.raw.decode().replace("\r\n", "\n")


def test_help_of_a_chat_notes_and_errors(home: Path) -> None:
    ptys = []
    for columns in (40, 400):
        with Simulator("requested") as api:
            pty = in_pty(home, "chat", base_url=api.base_url, size=(60, columns), TERM="dumb")
            pty.until("claude-fable-5-2>")
            for line in ("/help", "/nonsense", "/retry"):  # typed ahead, it would be echoed in the midst of a line
                pty.send(f"{line}\r")
                pty.until("claude-fable-5-2>")
            pty.send("\x04")
            assert pty.end() == 0
        ptys.append(pty)
    whole_words(*ptys)
