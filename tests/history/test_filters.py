"""Filters as conditions; what they let through is in test_store."""

import pytest

from avow.history.filters import Filters
from avow.history.schema import UNUSUAL


@pytest.mark.parametrize(
    ("filters", "where", "values"),
    [
        (Filters(), "1", []),
        (Filters(rerouted=True), f"rerouted = 1 AND {UNUSUAL}", []),
        (Filters(verdicts=("a", "b"), category="c"), "verdict IN (?, ?) AND category = ?", ["a", "b", "c"]),
        (Filters(model="x[1m]?*"), "(requested_model GLOB ? OR served_model GLOB ?)", ["x[[]1m][?]*"] * 2),
        (Filters(template="\udcff"), "template = ?", ["\ufffd"]),
        (
            Filters(simulated=False, since_ms=1, until_ms=2),
            "created_ms >= ? AND created_ms < ? AND simulated = ?",
            [1, 2, 0],
        ),
    ],
    ids=repr,
)
def test_where(filters: Filters, where: str, values: list[object]) -> None:
    assert filters.where() == (where, values)
