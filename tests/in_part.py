"""Which cases of a test run by default: the others are behind the slow mark, with which CI runs them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings


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


def given_in_part(
    few: int, *strategies: Any, whole: int = 100, **named: Any
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """As hypothesis's `given`, with `few` examples by default, and the `whole` number behind the slow mark."""

    def decorate(check: Callable[..., None]) -> Callable[[int], None]:
        tries: Any = given(*strategies, **named)
        found = tries(check)

        @pytest.mark.parametrize("examples", [few, pytest.param(whole, marks=pytest.mark.slow)])
        def test(examples: int) -> None:
            most: Any = settings(max_examples=examples)
            most(found)()

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate


def _values(case: Any) -> Sequence[Any]:
    return case if isinstance(case, tuple) else (case,)


def _parameter(name: str, values: Sequence[Any], *, slow: bool) -> Any:
    return pytest.param(*values, id=name, marks=[pytest.mark.slow] if slow else [])
