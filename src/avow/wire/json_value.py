"""JSON as avow reads it: strict UTF-8, no NaN, and ValueError for everything that cannot be read."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

JsonObject = dict[str, Any]

_DIGITS = 18  # as many as always fit into SQLite's integers and into a float


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


DEEPEST = 200
"""How many levels JSON may be nested: many more than the API sends, many fewer than Python's recursion allows."""


def _whole_number(text: str) -> int | None:
    return int(text) if len(text) <= _DIGITS else None


def _decoder(hook: Callable[[list[tuple[str, Any]]], JsonObject] | None = None) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_constant=lambda _name: None, parse_float=_finite, parse_int=_whole_number, object_pairs_hook=hook
    )


_DECODER = _decoder()


def parse(data: bytes) -> Any:
    """The JSON value in `data`. Numbers that are not finite (NaN, 1e999), and integers of more than 18 characters,
    become null.

    Raises ValueError for what is not UTF-8 or not JSON, or is nested deeper than `DEEPEST`.
    """
    return _parsed(_DECODER, data)


def parse_own(text: str) -> Any:
    """The JSON value in what the user wrote, to be sent as it is. Raises ValueError for what is not JSON, and for
    numbers that nothing can carry (NaN, 1e999)."""
    return json.loads(text, parse_constant=no_constant, parse_float=_carried)


def no_constant(name: str) -> object:
    """Refuse NaN and Infinity, which Python reads and JSON does not have. Raises ValueError."""
    raise ValueError(f"{name} is not a JSON number")


def _carried(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value


def parse_first(text: str) -> tuple[Any, int]:
    """The JSON value that `text` begins with, and the index after its end. Raises ValueError where there is none; its
    depth is not limited."""
    return _DECODER.raw_decode(text)


class _RepeatedKey(Exception):
    """An object has a key twice."""


def _once(pairs: list[tuple[str, Any]]) -> JsonObject:
    kept = dict(pairs)
    if len(kept) != len(pairs):
        raise _RepeatedKey
    return kept


_DECODER_OF_KEYS_ONCE = _decoder(_once)


def parse_noting(data: bytes) -> tuple[Any, bool]:
    """As `parse`, and whether an object in it has a key twice: the value has only the last of the two."""
    try:
        return _parsed(_DECODER_OF_KEYS_ONCE, data), False
    except _RepeatedKey:
        return parse(data), True


def _parsed(decoder: json.JSONDecoder, data: bytes) -> Any:
    try:
        value = decoder.decode(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    # The decoder takes deeper values than `encodable_value` and `json.dumps` can handle later.
    if len(data) > DEEPEST and data.count(b"{") + data.count(b"[") > DEEPEST and _is_deeper(value, DEEPEST):
        raise ValueError("nested too deeply")
    return value


def _is_deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        inner = (v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list))
        level = [item for items in inner for item in items]
        if not level:
            return False
    return True


def obj(value: object) -> JsonObject:
    """`value` where it is a JSON object, else an empty one: what servers send may have any shape."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """`value` where it is a string that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def whole(value: object) -> int | None:
    """`value` where it is a whole number, else None; `true` is not a number, though Python takes it for 1."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def items(value: object) -> list[JsonObject]:
    """The objects of a list, in order; nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def encodable(string: str) -> str:
    """`string` with surrogate pairs joined and lone surrogates replaced by U+FFFD, so that UTF-8 can hold it.

    The escape of an emoji that is split between two deltas arrives as two lone surrogates, which `json` accepts.
    """
    if string.isascii():
        return string
    try:
        string.encode()
    except UnicodeEncodeError:
        return string.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return string


def encodable_value(value: Any) -> Any:
    """The JSON value with every string in it, keys too, made `encodable`."""
    match value:
        case str():
            return encodable(value)
        case list():
            return [encodable_value(item) for item in value]
        case dict():
            return {encodable(str(key)): encodable_value(item) for key, item in value.items()}
        case _:
            return value


def path(value: Mapping[str, Any], *keys: str) -> Any:
    """The value below nested keys, or None where any of them is missing."""
    current: Any = value
    for key in keys:
        if not isinstance(current, dict):
            return None
        current = current.get(key)
    return current
