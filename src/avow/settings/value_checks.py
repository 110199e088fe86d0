"""Checks of a single value of a setting, and the words for one that is wrong."""

import math
from collections.abc import Mapping

from avow.errors import meant
from avow.settings.options import Option

_LARGEST = 10**18
"""The greatest number that a setting without a bound of its own may be."""
_QUOTED = 40


class EntryError(ValueError):
    """A value within a table is wrong; `path` leads to it from the table."""

    def __init__(self, path: tuple[str, ...], words: str) -> None:
        super().__init__(words)
        self.path = path


def bounded(key: Option, value: int | float) -> int | float:
    """`value`, where it is finite and within the bounds of `key`. Raises ValueError that says what it should be."""
    said = shortened(f"{value:g}" if isinstance(value, float) else str(value))
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"must be a finite number, not {said}")
    if key.least is not None and value < key.least:
        least = "above 0" if value <= 0 < key.least < 1 else f"at least {key.least:g}"
        raise ValueError(f"must be {least}, not {said}")
    most = key.most if key.most is not None else _LARGEST
    if value > most:
        raise ValueError(f"must be at most {most:.0f}, not {said}")
    return value


def one_of(choices: tuple[str, ...], value: str) -> str:
    """What to say of a value that is not one of `choices`."""
    return f"must be one of {', '.join(choices)}, not {value[:_QUOTED]!r}{meant(value, choices)}"


def words_in(value: object) -> tuple[str, ...] | None:
    """The texts of a list; None for anything else."""
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return tuple(value)
    return None


def shortened(text: str) -> str:
    """A value as an error quotes it."""
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def kind_of(value: object) -> str:
    """What kind of value this is, as an error names it."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a table"
    return "a date or time" if hasattr(value, "isoformat") else "nothing"
