"""Lines at the end of a terminal that may still change."""

import time
import unicodedata

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.terminal.preview import Preview, cells_at_most, fitting_surely, fold


@given(st.lists(st.lists(st.text("ab ", max_size=10), max_size=8), max_size=6))
def test_what_stands_there_is_what_was_last_shown(states: list[list[str]]) -> None:
    picture = pyte.Screen(20, 12)
    stream = pyte.Stream(picture)
    stream.feed("above\r\n")
    preview = Preview()
    for lines in states:
        stream.feed(preview.change(lines, 20).replace("\n", "\r\n"))
        assert [line.rstrip() for line in picture.display[: len(lines) + 1]] == ["above", *map(str.rstrip, lines)]
        assert not any(line.strip() for line in picture.display[len(lines) + 1 :])
    stream.feed(preview.erase(20))
    assert [line.rstrip() for line in picture.display if line.strip()] == ["above"]


def test_lines_that_stay_are_not_written_again() -> None:
    preview = Preview()
    preview.change(["one", "two"], 20)
    assert preview.change(["one", "three"], 20) == "\x1b[1A\r\x1b[Jthree\n"
    assert preview.change(["one", "three"], 20) == ""


def test_a_terminal_made_narrower_has_wrapped_them() -> None:
    preview = Preview()
    preview.change(["x" * 30, "y"], 40)
    assert preview.change(["z"], 10) == "\x1b[4A\r\x1b[Jz\n"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        pytest.param("", 0, id="empty"),
        pytest.param("abc", 3, id="ascii"),
        pytest.param("Größe", 5, id="latin"),
        pytest.param("日本", 4, id="wide"),
        pytest.param("a😀", 3, id="emoji"),
        pytest.param("привет", 6, id="cyrillic"),
        pytest.param("e\u0301", 2, id="a-letter-and-its-mark"),
        pytest.param("🇩🇪", 4, id="a-flag-as-two-letters"),
    ],
)
def test_cells(text: str, width: int) -> None:
    assert cells_at_most(text) == width


@pytest.mark.parametrize(
    ("line", "width", "pieces"),
    [
        pytest.param("", 10, [""], id="empty"),
        pytest.param("one two three", 8, ["one two", "three"], id="at-a-space"),
        pytest.param("onetwothree", 4, ["onet", "woth", "ree"], id="no-space"),
        pytest.param("12345678 x", 8, ["12345678", "x"], id="space-right-after-the-edge"),
        pytest.param("日本語", 4, ["日本", "語"], id="wide"),
        pytest.param("\tx", 8, ["    x"], id="tab"),
    ],
)
def test_fold(line: str, width: int, pieces: list[str]) -> None:
    assert fold(line, width) == pieces


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60), st.integers(2, 20))
def test_no_piece_is_too_wide_and_only_spaces_are_lost(line: str, width: int) -> None:
    pieces = fold(line, width)
    assert all(cells_at_most(piece) <= width for piece in pieces)
    assert "".join(pieces).replace(" ", "") == line.replace(" ", "")


def test_fitting() -> None:
    assert fitting_surely("abc", 2) == 2
    assert fitting_surely("日本", 3) == 1
    assert fitting_surely("日本", 1) == 1
    assert fitting_surely("abc", 9) == 3


def folded_slowly(line: str, width: int) -> list[str]:
    """`fold` by its definition: the rest is measured again for each row."""
    line = line.expandtabs(4)
    pieces = []
    while len(line) + sum(map(is_wide, line)) > width:
        used = end = 0
        while end < len(line) and used + 1 + is_wide(line[end]) <= width:
            used, end = used + 1 + is_wide(line[end]), end + 1
        space = line.rfind(" ", 1, max(end, 1) + 1)
        pieces.append(line[: space if space > 0 else max(end, 1)])
        line = line[space + 1 if space > 0 else max(end, 1) :]
    return [*pieces, line]


def is_wide(letter: str) -> bool:
    if letter <= "\u10ff":
        return False
    return unicodedata.east_asian_width(letter) in "WF" or "\U0001f1e6" <= letter < "\U0001f200"


LETTERS = st.sampled_from("ab  \t␛␀…漢é\u0301\U0001f1e9\U0001f600\u2400\u2319\u231a\u25fc\u25fd")


@given(st.text(LETTERS, max_size=60), st.integers(1, 30))
def test_rows_are_those_of_the_definition(line: str, width: int) -> None:
    assert fold(line, width) == folded_slowly(line, width)


def test_what_is_not_looked_at_is_narrow() -> None:
    every = [chr(code) for code in range(0x1100, 0x30000) if not 0xD800 <= code < 0xE000]
    assert [letter for letter in every if cells_at_most(letter) != 1 + is_wide(letter)] == []


@pytest.mark.slow
def test_a_long_line_is_folded_in_a_time_that_grows_with_it() -> None:
    begun = time.process_time()
    assert len(fold("␛漢" * 150_000, 99)) > 4000
    assert time.process_time() - begun < 5  # 0.2 where nothing else runs; 30 where each row measured all the rest
