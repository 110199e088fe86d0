"""The settings avow knows: each is declared once, with its kind, its default and its words of help."""

import math
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from avow.models.catalogue import DEFAULT_MODEL
from avow.wire.request import API_URL

Kind = Literal["text", "integer", "number", "flag", "words", "models", "command", "table"]
"""`words` is a list of texts; `models` a list of model names or one word of `choices`; `command` a list of
arguments. Lists become tuples."""

YEAR_S = 366 * 24 * 3600
MOST_FALLBACKS = 3
OVERRIDES = ("max_tokens", "thinking", "effort", "speed")
"""What `overrides."MODEL"` may hold: the fields that an entry of the API's `fallbacks` takes."""

_NEVER_EMPTY = frozenset({"model", "base_url"})
"""Texts of which an empty one is a slip; of others it takes back what a level below says."""

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


class Key(NamedTuple):
    """One setting. `flag` is the option of `ask` that says the same; `least` and `most` bound a number;
    `secret` says that its values are never shown."""

    name: str
    kind: Kind
    help: str
    default: object = None
    choices: tuple[str, ...] = ()
    flag: str | None = None
    least: float | None = None
    most: float | None = None
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "AVOW_" + self.name.upper().replace(".", "_").replace("-", "_")


class EntryError(ValueError):
    """A value within a table is wrong; `path` leads to it from the table."""

    def __init__(self, path: tuple[str, ...], words: str) -> None:
        super().__init__(words)
        self.path = path


def about(name: str, error: ValueError) -> str:
    """`error` as a sentence about the setting `name`."""
    return f"{'.'.join((name, *error.path)) if isinstance(error, EntryError) else name} {error}"


def _flag(name: str, words: str, option: str | None, default: bool = False) -> Key:
    return Key(name, "flag", words, default, flag=option)


_DECLARED = (
    Key("model", "text", "the model, or an alias", DEFAULT_MODEL, flag="--model"),
    Key("system", "text", "the system prompt", flag="--system"),
    Key("system_file", "text", "the path of a file with the system prompt", flag="--system-file"),
    Key(
        "fallback", "models", "what may answer if the model declines: default, none, or up to three models", "default",
        choices=("default", "none"), flag="--fallback", most=MOST_FALLBACKS,
    ),
    Key("fallback_by", "text", "who falls back: the API, or avow", "server", ("server", "client"), "--fallback-by"),
    Key("if_unavailable", "models", "what to ask when a model cannot be had", (), flag="--if-unavailable"),
    _flag("accept_fallback", "exit 0 when a declared fallback answered", "--accept-fallback"),
    _flag("hold", "withhold the answer unless the exit status is 0", "--hold"),
    Key("output", "text", "the form of the output", "text", ("text", "json", "jsonl"), "--output"),
    Key("report", "text", "a file, or fd:N, that gets the JSON object too", flag="--report"),
    _flag("raw", "never render Markdown", "--raw"),
    _flag("markdown", "always render Markdown", "--markdown"),
    Key("extract", "text", "print only that fenced code block", None, ("first", "last"), "--extract"),
    _flag("show_thinking", "thinking summaries, on stderr", "--show-thinking"),
    Key("max_tokens", "integer", "the most tokens of an answer", flag="--max-tokens", least=1),
    Key("effort", "text", "how hard to think: low, medium, high, xhigh, max", flag="--effort"),
    Key("stop", "words", "texts at which the model stops", (), flag="--stop"),
    Key("speed", "text", "how fast: standard, fast", flag="--speed"),
    Key("options", "table", "other fields of the request's body", flag="-o"),
    Key("schema", "text", "the path of a JSON Schema that the answer must fit", flag="--schema"),
    Key("timeout", "number", "seconds the API may stay silent", flag="--timeout", least=0.001, most=YEAR_S),
    Key("deadline", "number", "seconds for the whole exchange", flag="--deadline", least=0.001, most=YEAR_S),
    Key("retries", "integer", "how often to ask again", 2, flag="--retries", least=0, most=1000),
    _flag("stream", "take the answer as it is written", "--no-stream", True),
    _flag("stdin", "read stdin where it is not a terminal", "--no-stdin", True),
    _flag("quiet", "no notes; facts and errors stay", "--quiet"),
    _flag("verbose", "say more on stderr", "--verbose"),
    Key("color", "text", "colours", "auto", ("auto", "always", "never"), "--color"),
    _flag("plain", "no boxes and no animation, for screen readers", "--plain"),
    Key("base_url", "text", "where the API is", API_URL),
    Key("auth_style", "text", "how the key is sent", None, ("x-api-key", "bearer"), "--auth-style"),
    Key("api_version", "text", "the anthropic-version header", flag="--api-version"),
    Key("headers", "table", "more headers; their values are never shown", flag="--header", secret=True),
    Key("api_key_command", "command", "a command that prints the API key", ()),
    _flag("keyring.enabled", "look for the API key in the keyring", None, True),
    _flag("history.enabled", "keep each exchange", "--no-history", True),
    Key("history.content", "text", "what is kept: full, or none (routing only)", "full", ("full", "none")),
    _flag("history.attachments", "keep the files that went with a prompt", None, True),
    Key("history.keep_days", "integer", "delete exchanges older than this", least=1, most=36_600),
    Key("on_reroute", "command", "a command run after a rerouted answer, the JSON object on its stdin", ()),
    Key("on_reroute_timeout", "number", "seconds that command may take", 10.0, least=0.001, most=3600),
    Key("profile", "text", "the profile used where none is named", flag="--profile"),
    Key("aliases", "table", "names of your own for models"),
    Key("prices", "table", "prices of your own, in USD per million tokens"),
    Key("same_models", "table", "names that you vouch for as the same model"),
    Key("overrides", "table", "what a fallback model is asked with instead: " + ", ".join(OVERRIDES)),
)  # fmt: skip

KEYS: Mapping[str, Key] = {key.name: key for key in _DECLARED}
"""Every setting by name, in the order in which they are listed."""

GROUPS = frozenset(name.partition(".")[0] for name in KEYS if "." in name)
"""Names that only hold settings, such as `history`."""


def is_key(name: str) -> bool:
    """Whether `name` is a setting."""
    return name in KEYS


def nearest(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str | None:
    """The valid name most like `name`, or None where none is like it."""
    from difflib import get_close_matches

    wanted = name[:100].lower().replace("-", "_")
    by_tail = [one for one in known if one.rpartition(".")[2] == wanted]
    return next(iter(get_close_matches(wanted, known, 1, 0.6) or by_tail), None)


def checked(key: Key, value: object) -> object:
    """`value` in its final form: lists as tuples. Raises ValueError that says what it should be."""
    match key.kind:
        case "flag" if isinstance(value, bool):
            return value
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            return _bounded(key, value)
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return _bounded(key, value)
        case "text" if isinstance(value, str):
            if key.choices and value not in key.choices:
                raise ValueError(f"must be one of {', '.join(key.choices)}, not {value[:40]!r}")
            if key.name in _NEVER_EMPTY and not value.strip():
                raise ValueError("must not be empty")
            return value
        case "models":
            return _models(key, value)
        case "words" | "command":
            words = _words(value if isinstance(value, list | tuple) or key.kind == "command" else [value])
            if words is not None:
                return _runnable(words) if key.kind == "command" and words else words
        case "table" if isinstance(value, Mapping):
            return _table(key, value)
    raise ValueError(f"must be {_KINDS[key.kind]}, not {_kind_of(value)}")


def from_text(key: Key, text: str) -> object:
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


def _number(key: Key, text: str) -> int | float:
    try:
        return int(text) if key.kind == "integer" else float(text)
    except ValueError:
        raise ValueError(f"must be {_KINDS[key.kind]}") from None


def _toml(key: Key, text: str) -> object:
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


def _bounded(key: Key, value: int | float) -> int | float:
    if not math.isfinite(value) if isinstance(value, float) else value.bit_length() > 63:
        raise ValueError("must be a finite number")
    if key.least is not None and value < key.least:
        raise ValueError("must be above 0" if value <= 0 < key.least < 1 else f"must be at least {key.least:g}")
    if key.most is not None and value > key.most:
        raise ValueError(f"must be at most {key.most:.0f}")
    return value


def _models(key: Key, value: object) -> object:
    if isinstance(value, str):
        value = value if value in key.choices else [name.strip() for name in value.split(",")]
    if isinstance(value, str):
        return value
    models = _words(value)
    if models is None or any(not name.strip() for name in models):
        raise ValueError(f"must be {' or '.join((*key.choices, _KINDS[key.kind]))}, not {_kind_of(value)}")
    if set(models) & set(key.choices):
        raise ValueError(f"{' and '.join(key.choices)} stand alone, not in a list")
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
        raise ValueError("is no command that can be run")
    return words


def _table(key: Key, table: Mapping[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in table):
        raise ValueError("must be a table")
    check = _ENTRIES.get(key.name)
    return {name: check(name, value) if check else value for name, value in table.items()}


def _alias(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise EntryError((name,), f"must be a model's name, not {_kind_of(value)}")
    return value


def _header(name: str, value: object) -> str:
    # The value may be a secret: no message repeats it.
    if not re.fullmatch(_HEADER_NAME, name):
        raise ValueError("holds a name that is no header's")
    if not isinstance(value, str) or not value.isascii() or not (value.isprintable() or value == ""):
        raise EntryError((name,), "must be a text of printable ASCII characters on one line")
    return value


def _vouched(name: str, value: object) -> tuple[str, ...]:
    words = _words([value] if isinstance(value, str) else value)
    if words is None:
        raise EntryError((name,), f"must be a list of model names, not {_kind_of(value)}")
    return words


def _prices(name: str, value: object) -> dict[str, float]:
    from avow.models.pricing import OVERRIDE_KEYS

    prices = _fields(name, value, OVERRIDE_KEYS)
    for field, price in prices.items():
        if not isinstance(price, int | float) or isinstance(price, bool) or not 0 <= price < math.inf:
            raise EntryError((name, field), "must be a price: a number, 0 or more")
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
