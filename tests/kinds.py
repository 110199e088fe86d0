"""In tests, values of two kinds are never equal: named tuples compare as bare tuples do, so that `TextWritten(model,
text)` would pass for `Withdrawn(model, text)`."""

from typing import Any

from avow import values

COMMON: Any = getattr(values, "_Values", None)
"""What all of avow's named tuples are; None from Python 3.14 on, where they are `typing`'s."""


def be_strict() -> None:
    """Tell them apart from now on; a bare tuple is still equal to one with its values."""
    if COMMON is not None:
        COMMON.__eq__ = _is_equal
        COMMON.__ne__ = lambda one, other: not _is_equal(one, other)
        COMMON.__hash__ = tuple.__hash__


def _is_equal(one: Any, other: object) -> bool:
    is_of_another_kind = isinstance(other, COMMON) and type(other) is not type(one)
    return not is_of_another_kind and tuple.__eq__(one, other) is True
