"""Which cases of a test run by default: the others are behind the slow mark, with which CI runs them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest


def in_part(cases: Mapping[str, Any], by_default: Collection[str]) -> list[Any]:
    """All cases as parameters, named as they are in the table; only those of `by_default` without the mark."""
    assert set(by_default) <= set(cases), "each is the name of a case"
    return [_parameter(name, _values(cases[name]), slow=name not in by_default) for name in cases]


def crossed(rows: Mapping[str, Any], columns: Mapping[str, Any]) -> list[Any]:
    """Every row with every column as parameters: by default each row in one column, the next row in the next one, so
    that each column is met too."""
    return [
        _parameter(f"{row}-{column}", (*_values(rows[row]), *_values(columns[column])), slow=x != y % len(columns))
        for y, row in enumerate(rows)
        for x, column in enumerate(columns)
    ]


def _values(case: Any) -> Sequence[Any]:
    return case if isinstance(case, tuple) else (case,)


def _parameter(name: str, values: Sequence[Any], *, slow: bool) -> Any:
    return pytest.param(*values, id=name, marks=[pytest.mark.slow] if slow else [])
