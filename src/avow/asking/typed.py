"""What was typed, as settings: the options of `ask`, `chat` and `retry` by name, checked against each other."""

import json
from typing import Any, NamedTuple

from avow.errors import UsageError


class Options(NamedTuple):
    """What was typed. `flags` are settings by key, None where not given."""

    flags: dict[str, object]
    words: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    template: str | None = None
    variables: tuple[str, ...] = ()
    goes_on: bool = False
    conversation: str | None = None
    simulate: str | None = None
    only_count: bool = False
    dry_run: str | None = None
    system_file: str | None = None
    profile: str | None = None


_NAMED_OTHERWISE = {"no_stream": "stream", "no_stdin": "stdin", "no_history": "history.enabled"}
_NOT_SETTINGS = frozenset(
    {
        *("words", "files", "template", "variables", "goes_on", "conversation", "simulate", "count", "dry_run"),
        *("system_file", "profile", "context", "as_json", "extract_last"),
    }
)


_PATHS = frozenset({"files", "system_file", "report", "schema", "template", "simulate", "context"})
"""Names of files may be any bytes."""

_SHOWN_AS = {"words": "the prompt", "variables": "-p", "fields": "-o", "headers": "--header"}


def options_from(given: dict[str, Any]) -> Options:
    """What a command's parameters say; `given` holds them by name.

    Raises UsageError where two contradict each other or one cannot be read.
    """
    for name, value in given.items():
        if name not in _PATHS:
            for text in value if isinstance(value, list | tuple) else (value,):
                _check_utf8(name, text)
    flags: dict[str, object] = {}
    for name, value in given.items():
        if name in _NOT_SETTINGS:
            continue
        if name in _NAMED_OTHERWISE:
            flags[_NAMED_OTHERWISE[name]] = False if value else None
        else:
            flags[name] = tuple(value) if isinstance(value, list) and value else value or None
    flags["retries"] = given.get("retries")
    flags["system"] = given.get("system")  # an empty one is none, whatever the config says
    if given.get("as_json"):
        if flags.get("output") not in (None, "json"):
            raise UsageError(f"--json and --output {flags['output']} contradict each other", hint="give one of them")
        flags["output"] = "json"
    if given.get("extract") or given.get("extract_last"):
        flags["extract"] = "first" if given.get("extract") else "last"
    fallback = given.get("fallback")
    flags["fallback"] = _models(fallback) if fallback not in (None, "default", "none") else fallback
    flags["if_unavailable"] = _models(given["if_unavailable"]) if given.get("if_unavailable") else None
    flags["options"] = _fields(given.get("fields"))
    flags["headers"] = _headers(given.get("headers"))
    flags.pop("fields", None)
    return Options(
        flags=flags,
        words=tuple(given.get("words") or ()),
        files=tuple(given.get("files") or ()),
        template=given.get("template"),
        variables=tuple(given.get("variables") or ()),
        goes_on=bool(given.get("goes_on")),
        conversation=given.get("conversation"),
        simulate=given.get("simulate"),
        only_count=bool(given.get("count")),
        dry_run=given.get("dry_run"),
        system_file=given.get("system_file"),
        profile=given.get("profile"),
    )


def _check_utf8(name: str, text: object) -> None:
    """Python makes lone surrogates of an argument's bytes that are not UTF-8 (PEP 383); no request can hold them."""
    if not isinstance(text, str) or text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = _SHOWN_AS.get(name, f"--{name.replace('_', '-')}")
        byte = ord(text[error.start]) & 0xFF
        raise UsageError(
            f"{what}: this is not UTF-8 text (it holds byte 0x{byte:02x})",
            hint="nothing was sent: convert it with iconv",
        ) from None


def _models(value: str) -> tuple[str, ...]:
    models = tuple(name.strip() for name in value.split(",") if name.strip())
    if not models:
        raise UsageError("a list of models is empty", hint="write MODEL or MODEL,MODEL")
    return models


def _fields(pairs: list[str] | None) -> dict[str, object] | None:
    fields: dict[str, object] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"-o {pair}: this is not KEY=JSON", hint='for example -o metadata=\'{"user_id":"x"}\'')
        try:
            fields[key.strip()] = json.loads(value)
        except (ValueError, RecursionError):
            quoted = json.dumps(value, ensure_ascii=False)
            raise UsageError(
                f"-o {key}: {value!r} is not JSON", hint=f"a text needs quotes: -o '{key}={quoted}'"
            ) from None
    return fields or None


def _headers(pairs: list[str] | None) -> dict[str, str] | None:
    headers: dict[str, str] = {}
    for pair in pairs or ():
        name, colon, value = pair.partition(":")
        if not colon or not name.strip() or not name.strip().isascii():
            # The value may be a secret: it is not repeated.
            raise UsageError("--header: not NAME:VALUE", hint="for example --header 'X-Team: docs'")
        headers[name.strip()] = value.strip()
    return headers or None
