"""Rows that break between words, whatever the pieces are."""

import pytest

from avow.terminal.cells import cells
from avow.terminal.word_wrapper import WordWrapper

TEXT = "Immediately thereafter  somebody questioned everything.\n\n  an indented line, which is long enough\nend"


def flowed(text: str, width: int | None, size: int, indent: str = "") -> str:
    flow = WordWrapper(indent)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return "".join(flow.feed(piece, width) for piece in pieces) + flow.finish()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("indent", ["", "  "])
@pytest.mark.parametrize("width", [12, 20, 40])
def test_no_word_is_broken_and_none_is_lost(size: int, indent: str, width: int) -> None:
    shown = flowed(TEXT, width, size, indent)
    assert shown.split() == TEXT.split()
    assert shown == flowed(TEXT, width, 1000, indent), "whatever the pieces"
    for row in shown.split("\n"):
        assert cells(row) <= width or len(row.split()) == 1
        assert row.startswith(indent) or not row


@pytest.mark.parametrize("size", [1, 5])
def test_without_a_width_the_text_stays_as_it_is(size: int) -> None:
    assert flowed(TEXT, None, size) == TEXT
    assert flowed("a\nb", None, size, "  ") == "  a\n  b"


def test_a_word_longer_than_a_row_is_the_terminal_s_and_does_not_wait() -> None:
    flow = WordWrapper()
    assert flow.feed("see ", 10) == "see"
    assert flow.feed("https://example.com/a/b", 10) == "\nhttps://example.com/a/b"
    assert flow.feed(" xx", 10) == ""
    assert flow.finish() == "\nxx"


def test_only_a_word_is_held_back() -> None:
    flow = WordWrapper()
    assert flow.feed("one two th", 40) == "one two"
    assert not flow.is_at_start
    assert flow.feed("ree\n", 40) == " three\n"
    assert flow.is_at_start
