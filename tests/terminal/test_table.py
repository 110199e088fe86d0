"""Tables: columns stand below each other in every script, and no word is broken, at any width."""

from collections.abc import Sequence

import pyte
import pytest

from avow.terminal.cells import cells
from avow.terminal.facts import Facts
from avow.terminal.table import definitions, side_by_side, squeezed, table
from tests.terminal.scripts import IN_PYTE, NAMES

PIPE = Facts()
HEADS = ("name", "times", "what it is")
MARK = "|"


def terminal(width: int, **facts: bool) -> Facts:
    return Facts(is_terminal=True, interactive=True, width=width, **facts)


def marks(lines: Sequence[str], width: int) -> list[int]:
    """The cells in which a terminal shows the first mark of each line."""
    screen = pyte.Screen(width, len(lines) + 1)
    pyte.Stream(screen).feed("\r\n".join(lines))
    return [min(x for x in range(width) if screen.buffer[y][x].data == MARK) for y in range(len(lines))]


@pytest.mark.parametrize("width", [120, 80, 40])
@pytest.mark.parametrize("names", [NAMES, IN_PYTE], ids=["as Unicode counts", "as pyte counts"])
def test_columns_are_straight_in_every_script(width: int, names: Sequence[str]) -> None:
    rows = [(NAMES[name][0], "7", MARK) for name in names]
    lines = table(rows, terminal(width))
    assert len(lines) == len(names)
    assert len({cells(line.partition(MARK)[0]) for line in lines}) == 1
    if names is IN_PYTE:
        assert len(set(marks(lines, width))) == 1


@pytest.mark.parametrize("width", [120, 80, 40])
def test_definitions_are_straight_in_every_script(width: int) -> None:
    words = "| is a name of somebody who waits for an answer at a terminal, and has for quite some time by now"
    names = [NAMES[name][0] for name in IN_PYTE]
    lines = definitions([(name, words) for name in names], width)
    assert len(set(marks([line for line in lines if MARK in line], width))) == 1
    assert max(map(cells, lines)) <= width
    assert " ".join(" ".join(lines).split()).count(words) == len(names)


@pytest.mark.parametrize("width", [120, 80, 40, 20])
def test_no_word_is_broken_and_none_is_lost(width: int) -> None:
    rows = [
        ("claude-fable-5-2", "12", "answers what it was asked, in most of all cases"),
        ("claude-opus-4-8", "3,456", "takes over where the other model declines to answer"),
    ]
    lines = table(rows, terminal(width), heads=HEADS)
    assert max(map(cells, lines)) <= width
    shown = " ".join(lines).replace(":", "").replace(";", "").replace(",", "").split()
    for word in " ".join(cell for row in rows for cell in row).replace(",", "").split():
        assert word in shown


def test_numbers_stand_at_the_right_and_words_at_the_left() -> None:
    rows = [("a", "1", "$2.00", "x"), ("bb", "-", "at least $10.00", "1st"), ("c", "100", "0", "yy")]
    assert table(rows, PIPE, heads=("", "n", "cost", "w")) == [
        "      n             cost  w",
        "a     1            $2.00  x",
        "bb    -  at least $10.00  1st",
        "c   100                0  yy",
    ]


def test_a_narrow_terminal_wraps_the_widest_column_first() -> None:
    rows = [("name", "some words that go on for a while", "end")]
    assert table(rows, terminal(30)) == ["name  some words that go   end", "      on for a while"]


def test_a_terminal_without_room_for_the_words_has_a_block_for_each_row() -> None:
    rows = [("2026-10", "20", "75.0 %", "0", "claude-opus-4-8"), ("2026-11", "2", "-", "1", "x")]
    heads = ("month", "requests", "as requested", "Refused", "by")
    assert table(rows, terminal(32), heads=heads) == [
        "2026-10",
        "  requests: 20;",
        "  as requested: 75.0 %;",
        "  by: claude-opus-4-8",
        "2026-11",
        "  requests: 2; refused: 1; by: x",
    ]
    assert table([("a" * 12, "b" * 12, "c" * 12)], terminal(30)) == [f"{'a' * 12}  {'b' * 12}", f"    {'c' * 12}"]


def test_one_long_row_leaves_the_others_in_columns() -> None:
    rows = [("a", "1 |"), ("x" * 30, "2 |"), ("bbb", "3 |")]
    assert table(rows, terminal(40)) == ["a    1 |", f"{'x' * 30}  2 |", "bbb  3 |"]


def test_a_pipe_gets_every_row_on_one_line() -> None:
    rows = [("a", "word " * 60), ("x" * 300, "y")]
    assert len(table(rows, PIPE)) == 2


def test_heads_are_bold_where_they_may_be_and_there_without_rows() -> None:
    assert table([], PIPE, heads=("a", "b")) == ["a  b"]
    assert table([], PIPE) == []
    assert table([("1", "2")], PIPE._replace(color=True), heads=("a", "b")) == ["\x1b[1ma  b\x1b[0m", "1  2"]


def test_definitions() -> None:
    rows = [("name", "its words"), ("a-longer-name", "two\nlines"), ("bare", "")]
    assert definitions(rows, None) == [
        "name           its words",
        "a-longer-name  two",
        "               lines",
        "bare",
    ]
    assert definitions(rows[:2], 80, indent=2, most=8) == [
        "  name  its words",
        "  a-longer-name",
        "        two",
        "        lines",
    ]
    assert definitions(rows[:1], 20) == ["name", "    its words"]
    assert definitions([], 80) == []


def test_squeezed() -> None:
    assert squeezed([5, 5], [1, 1], 12) == [5, 5]
    assert squeezed([20, 5], [3, 3], 20) == [13, 5]
    assert squeezed([20, 20, 4], [3, 12, 3], 25) == [5, 12, 4]
    assert squeezed([20, 20], [10, 10], 21) is None


def test_columns_of_different_length() -> None:
    assert side_by_side([["a", "b"], ["c"]], [3, 3]) == ["a    c", "b"]
    assert side_by_side([], []) == []
