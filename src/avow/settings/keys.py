"""The settings by name, and what a value of each must be."""

import math
import re
from collections.abc import Mapping
from typing import Any

from avow.errors import nearest
from avow.settings.options import OPTIONS, OVERRIDES, Kind, Option

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_KINDS: Mapping[Kind, str] = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "flag": "true or false",
    "words": "a list of texts",
    "models": "a list of model names",
    "command": "a list of texts, the command and its arguments",
    "table": "a table",
}
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # a token of RFC 9110, 5.6.2


_LARGEST = 10**18
"""Of a number without a bound of its own."""
_DEAREST = 1_000_000
"""USD per million tokens."""
_QUOTED = 40

OPTION_FOR = {
    "model": "use -m MODEL",
    "messages": "the prompt and -c make the messages",
    "stream": "use --no-stream",
    "fallbacks": "use --fallback",
}
"""Fields of the body that `options` cannot set, and what to do instead."""


class EntryError(ValueError):
    """A value within a table is wrong; `path` leads to it from the table."""

    def __init__(self, path: tuple[str, ...], words: str) -> None:
        super().__init__(words)
        self.path = path


def about(name: str, error: ValueError) -> str:
    """`error` as a sentence about the setting `name`."""
    return f"{'.'.join((name, *error.path)) if isinstance(error, EntryError) else name} {error}"


KEYS: Mapping[str, Option] = {option.name: option for option in OPTIONS if option.is_setting}
"""Every setting by name, in the order in which they are listed."""

GROUPS = frozenset(name.partition(".")[0] for name in KEYS if "." in name)
"""Names that only hold settings, such as `history`."""


def is_key(name: str) -> bool:
    """Whether `name` is a setting."""
    return name in KEYS


def checked(key: Option, value: object) -> object:
    """`value` in its final form: lists as tuples. Raises ValueError that says what it should be."""
    match key.kind:
        case "flag" if isinstance(value, bool):
            return value
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return _bounded(key, value)
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return _bounded(key, value)
        case "text" if isinstance(value, str):
            # An empty text takes back what a level below says, where nothing is a value too.
            if key.choices and value not in key.choices and (value or key.default is not None):
                raise ValueError(_one_of(key.choices, value))
            if key.never_empty and not value.strip():
                raise ValueError("must not be empty")
            if key.name == "base_url":
                _check_address(value)
            if key.name == "system" and value.isspace():
                raise ValueError("holds only blanks")
            return value
        case "models":
            return _models(key, value)
        case "words" | "command":
            words = _words(value if isinstance(value, list | tuple) or key.kind == "command" else [value])
            if words is not None:
                if key.name == "stop" and not all(word.strip() for word in words):
                    raise ValueError("holds a text of blanks only, which the API refuses")
                return _runnable(words) if key.kind == "command" and words else words
        case "table" if isinstance(value, Mapping):
            return _table(key, value)
    raise ValueError(f"must be {_KINDS[key.kind]}, not {_kind_of(value)}")


def _one_of(choices: tuple[str, ...], value: str) -> str:
    near = nearest(value, choices)
    better = f"; did you mean {near}?" if near else ""
    return f"must be one of {', '.join(choices)}, not {value[:40]!r}{better}"


def _check_address(value: str) -> None:
    """What no request could go to. That a key may go there is decided where it leaves."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value.strip())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError("must be an address that begins with https:// (or http:// on this machine)")


def from_text(key: Option, text: str) -> object:
    """The value that `text`, from the environment or the command line, stands for; checked.

    A flag is 1, true, yes, on, or the contrary; a list a TOML array, models with commas between them, or a
    command as a shell would split it; a table is a JSON object or a TOML inline table. Raises ValueError.
    """
    text = text if key.kind in ("text", "words") else text.strip()
    value: object = text
    match key.kind:
        case "flag":
            if text.lower() not in _TRUE | _FALSE:
                raise ValueError("must be true or false")
            value = text.lower() in _TRUE
        case "integer" | "number":
            value = _number(key, text)
        case "words" | "models" | "command" if text.lstrip().startswith("["):
            value = _toml(key, text)
        case "models" if text not in key.choices:
            value = [name.strip() for name in text.split(",") if name.strip()]
        case "command":
            import shlex

            value = shlex.split(text)
        case "table":
            value = _toml(key, text)
    return checked(key, value)


def read_number(text: str, *, whole: bool) -> int | float:
    """The number that a text of the command line or the environment stands for, written as in TOML. Raises
    ValueError."""
    if not text.isascii():  # Python takes the digits of any script
        raise ValueError
    return int(text) if whole else float(text)


def _number(key: Option, text: str) -> int | float:
    try:
        return read_number(text, whole=key.kind == "integer")
    except ValueError:
        said = shortened(text)
        raise ValueError(f"must be {_KINDS[key.kind]}, not {said!r}") from None


def _toml(key: Option, text: str) -> object:
    """A JSON or TOML value. JSON is tried first: it is at hand already."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        import tomllib

        try:
            return tomllib.loads(f"v = {text}")["v"]
        except (ValueError, RecursionError):
            raise ValueError(f"must be {_KINDS[key.kind]}, in TOML or JSON") from None


def _bounded(key: Option, value: int | float) -> int | float:
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


def shortened(text: str) -> str:
    """A value as an error quotes it."""
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def _models(key: Option, value: object) -> object:
    if isinstance(value, str):
        value = value if value in key.choices else [name.strip() for name in value.split(",")]
    if isinstance(value, str):
        return value
    models = _words(value)
    if models is None or any(not name.strip() for name in models):
        raise ValueError(f"must be {' or '.join((*key.choices, _KINDS[key.kind]))}, not {_kind_of(value)}")
    if set(models) & set(key.choices):
        raise ValueError(f"{' and '.join(key.choices)} must stand alone, not in a list")
    if key.most is not None and len(models) > key.most:
        raise ValueError(f"may hold at most {key.most:g} models, not {len(models)}")
    if key.choices and not models:
        raise ValueError("a list of models is empty")
    return models


def _words(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return tuple(value)
    return None


def _runnable(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words[0].strip() or any("\0" in word for word in words):
        raise ValueError("is not a command that can be run")
    return words


def _table(key: Option, table: Mapping[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in table):
        raise ValueError("must be a table")
    check = _ENTRIES.get(key.name)
    return {name: check(name, value) if check else value for name, value in table.items()}


def _alias(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise EntryError((name,), f"must be a model's name, not {_kind_of(value)}")
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
    words = _words([value] if isinstance(value, str) else value)
    if words is None:
        raise EntryError((name,), f"must be a list of model names, not {_kind_of(value)}")
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
            raise EntryError((name, field), f"must be {words}, not {_kind_of(one)}")
        if field == "max_tokens" and isinstance(one, int):
            try:
                _bounded(KEYS[field], one)
            except ValueError as error:
                raise EntryError((name, field), str(error)) from None
        choices = KEYS[field].choices if field in KEYS else ()
        if choices and one and one not in choices:
            raise EntryError((name, field), _one_of(choices, str(one)))
    return fields


def _fields(name: str, value: object, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise EntryError((name,), f"must be a table, not {_kind_of(value)}")
    for field in value:
        if field not in known:
            near = nearest(str(field), known)
            better = f"; did you mean {near}?" if near else f"; it may hold {', '.join(known)}"
            raise EntryError((name,), f"has no {str(field)[:60]!r}{better}")
    return dict(value)


_ENTRIES = {
    "aliases": _alias,
    "headers": _header,
    "telemetry.headers": _header,
    "options": _field,
    "same_models": _vouched,
    "prices": _prices,
    "overrides": _override,
}


def _kind_of(value: object) -> str:
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
