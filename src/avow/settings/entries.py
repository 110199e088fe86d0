"""What the entries of a setting that is a table must be: each check is given an entry's name and value."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from avow.errors import meant
from avow.settings.options import OPTIONS, OVERRIDES
from avow.settings.value_checks import EntryError, bounded, kind_of, one_of, words_in

_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # a token of RFC 9110, 5.6.2
_DEAREST = 1_000_000
"""USD per million tokens."""

OPTION_FOR = {
    "model": "use -m MODEL",
    "messages": "the prompt and -c make the messages",
    "stream": "use --no-stream",
    "fallbacks": "use --fallback",
}
"""Fields of the body that `options` cannot set, and what to do instead."""

_OPTION_OF = {option.name: option for option in OPTIONS if option.name in OVERRIDES}


def _alias(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise EntryError((name,), f"must be a model's name, not {kind_of(value)}")
    return value


def is_header_name(name: str) -> bool:
    """Whether HTTP allows it as the name of a header."""
    return re.fullmatch(_HEADER_NAME, name) is not None


def _header(name: str, value: object) -> str:
    # The value may be a secret: no message repeats it.
    if not is_header_name(name):
        raise ValueError("holds a name that is not a header name")
    if not isinstance(value, str) or not value.isascii() or not (value.isprintable() or value == ""):
        raise EntryError((name,), "must be a text of printable ASCII characters on one line")
    return value


def _field(name: str, value: object) -> object:
    if name in OPTION_FOR:
        raise EntryError((name,), f"has an option of its own: {OPTION_FOR[name]}")
    if not _is_json(value):
        raise EntryError((name,), "holds what JSON does not have: a date, or a number that is not finite")
    return value


def _is_json(value: object) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case list():
            return all(map(_is_json, value))
        case Mapping():
            return all(map(_is_json, value.values()))
    return value is None or isinstance(value, str | int)


def _vouched(name: str, value: object) -> tuple[str, ...]:
    words = words_in([value] if isinstance(value, str) else value)
    if words is None:
        raise EntryError((name,), f"must be a list of model names, not {kind_of(value)}")
    return words


def _prices(name: str, value: object) -> dict[str, float]:
    from avow.models.pricing import OVERRIDE_KEYS

    prices = _fields(name, value, OVERRIDE_KEYS)
    for field, price in prices.items():
        if not isinstance(price, int | float) or isinstance(price, bool) or not 0 <= price <= _DEAREST:
            raise EntryError((name, field), f"must be a price: a number from 0 to {_DEAREST:,}")
    return {field: float(price) for field, price in prices.items()}


def _override(name: str, value: object) -> dict[str, Any]:
    fields = _fields(name, value, OVERRIDES)
    for field, kinds, words in (
        ("max_tokens", int, "a whole number"),
        ("thinking", str | Mapping, "a table or a text"),
        ("effort", str, "a text"),
        ("speed", str, "a text"),
    ):
        one = fields.get(field)
        if one is not None and (not isinstance(one, kinds) or isinstance(one, bool)):
            raise EntryError((name, field), f"must be {words}, not {kind_of(one)}")
        if field == "max_tokens" and isinstance(one, int):
            try:
                bounded(_OPTION_OF[field], one)
            except ValueError as error:
                raise EntryError((name, field), str(error)) from None
        choices = _OPTION_OF[field].choices if field in _OPTION_OF else ()
        if choices and one and one not in choices:
            raise EntryError((name, field), one_of(choices, str(one)))
    return fields


def _fields(name: str, value: object, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise EntryError((name,), f"must be a table, not {kind_of(value)}")
    for field in value:
        if field not in known:
            better = meant(str(field), known) or f"; it may hold {', '.join(known)}"
            raise EntryError((name,), f"has no {str(field)[:60]!r}{better}")
    return dict(value)


CHECKS: Mapping[str, Callable[[str, Any], object]] = {
    "aliases": _alias,
    "headers": _header,
    "telemetry.headers": _header,
    "options": _field,
    "same_models": _vouched,
    "prices": _prices,
    "overrides": _override,
}
