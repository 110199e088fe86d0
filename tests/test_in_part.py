"""What is tried in part still meets every row and column."""

from typing import Any

import pytest

from tests.in_part import crossed, in_part

ROWS, COLUMNS = {"a": 1, "b": (2, 3), "c": 4}, {"x": "X", "y": "Y"}


def by_default(parameters: list[Any]) -> list[str]:
    return [one.id for one in parameters if not one.marks]


def test_a_table_in_part_keeps_every_case() -> None:
    found = in_part(ROWS, ("b",))
    assert [one.id for one in found] == ["a", "b", "c"]
    assert by_default(found) == ["b"]
    assert found[1].values == (2, 3)
    with pytest.raises(AssertionError, match="the name of a case"):
        in_part(ROWS, ("d",))


def test_crossed_meets_each_row_once_and_each_column() -> None:
    found = crossed(ROWS, COLUMNS)
    assert len(found) == 6
    assert by_default(found) == ["a-x", "b-y", "c-x"]
    assert found[3].values == (2, 3, "Y")
