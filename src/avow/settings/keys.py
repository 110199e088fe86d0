"""The settings by name, and what a value of each must be."""

from collections.abc import Mapping
from typing import Any

from avow.settings.options import OPTIONS, Kind, Option
from avow.settings.value_checks import EntryError, bounded, kind_of, one_of, shortened, words_in

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


def about(name: str, error: ValueError) -> str:
    """`error` as a sentence about the setting `name`."""
    return f"{'.'.join((name, *error.path)) if isinstance(error, EntryError) else name} {error}"


KEYS: Mapping[str, Option] = {option.name: option for option in OPTIONS if option.is_setting}
"""Every setting by name, in the order in which they are listed."""

GROUPS = frozenset(name.partition(".")[0] for name in KEYS if "." in name)
"""Names that only hold settings, such as `history`."""


def checked(key: Option, value: object) -> object:
    """`value` in its final form: lists as tuples. Raises ValueError that says what it should be."""
    match key.kind:
        case "flag" if isinstance(value, bool):
            return value
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return bounded(key, value)
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return bounded(key, value)
        case "text" if isinstance(value, str):
            # An empty text takes back what a level below says, where nothing is a value too.
            if key.choices and value not in key.choices and (value or key.default is not None):
                raise ValueError(one_of(key.choices, value))
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
            words = words_in(value if isinstance(value, list | tuple) or key.kind == "command" else [value])
            if words is not None:
                if key.name == "stop" and not all(word.strip() for word in words):
                    raise ValueError("holds a text of blanks only, which the API refuses")
                return _runnable(words) if key.kind == "command" and words else words
        case "table" if isinstance(value, Mapping):
            return _table(key, value)
    raise ValueError(f"must be {_KINDS[key.kind]}, not {kind_of(value)}")


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


def _models(key: Option, value: object) -> object:
    if isinstance(value, str):
        value = value if value in key.choices else [name.strip() for name in value.split(",")]
    if isinstance(value, str):
        return value
    models = words_in(value)
    if models is None or any(not name.strip() for name in models):
        raise ValueError(f"must be {' or '.join((*key.choices, _KINDS[key.kind]))}, not {kind_of(value)}")
    if set(models) & set(key.choices):
        raise ValueError(f"{' and '.join(key.choices)} must stand alone, not in a list")
    if key.most is not None and len(models) > key.most:
        raise ValueError(f"may hold at most {key.most:g} models, not {len(models)}")
    if key.choices and not models:
        raise ValueError("must name at least one model")
    return models


def _runnable(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words[0].strip() or any("\0" in word for word in words):
        raise ValueError("is not a command that can be run")
    return words


def _table(key: Option, table: Mapping[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in table):
        raise ValueError("must be a table")
    from avow.settings import entries  # deferred: start-up

    check = entries.CHECKS.get(key.name)
    return {name: check(name, value) if check else value for name, value in table.items()}
