"""What of the Markdown source may be finished."""

import pytest

from avow.terminal.markdown_source import Rows, Tail


def tail_of(text: str) -> Tail:
    tail = Tail()
    first, *others = text.split("\n")
    tail.extend(first)
    for line in others:
        tail.end_line()
        tail.extend(line)
    return tail


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("one", False, id="a-line-under-way"),
        pytest.param("one\n", True, id="a-first-line"),
        pytest.param("one\n\n", True, id="a-blank-line"),
        pytest.param("one\n\nT", True, id="a-new-paragraph"),
        pytest.param("one\n# T\n", True, id="a-heading"),
        pytest.param("- a\n- b\n", True, id="an-item"),
    ],
)
def test_where_it_is_worth_to_look(text: str, expected: bool) -> None:
    assert tail_of(text).may_split() is expected


def test_what_was_looked_at_in_vain_must_grow_first() -> None:
    tail = tail_of("- " + "x" * 100 + "\n")
    tail.cut(0)
    for line in ("- b", "- c"):
        tail.extend(line)
        tail.end_line()
        assert not tail.may_split()
    tail.extend("- " + "y" * 100)
    tail.end_line()
    assert tail.may_split()
    tail.cut(3)
    assert tail.lines == ["- " + "y" * 100]


def test_an_item_is_told_from_a_paragraph_by_a_few_characters() -> None:
    tail = tail_of("1. a\n\n")
    tail.cut(0)
    tail.lines.append("")
    tail = Tail()
    tail.lines = ["1. a", ""]
    tail.extend("2")
    assert not tail.may_split()
    tail.extend(". b")
    assert tail.may_split()


def test_rows_grow_and_are_folded_anew_at_another_width() -> None:
    rows, tail = Rows(), Tail()
    for piece in ("one two ", "three", "\n", "four"):
        rows.extend(piece)
        if piece != "\n":
            tail.extend(piece)
        else:
            tail.end_line()
    assert rows.last(10, 8, tail.lines, tail) == ["one two", "three", "four"]
    rows.extend(" five")
    tail.extend(" five")
    assert rows.last(2, 8, tail.lines, tail) == ["four", "five"]
    assert rows.last(10, 40, tail.lines, tail) == ["one two three", "four five"]
