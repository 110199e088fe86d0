"""What was typed, as settings: the options of a command by name, checked against each other."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from avow.errors import UsageError
from avow.settings.options import BY_NAME, OPTIONS, Option
from avow.values import NamedTuple
from avow.wire.json_value import parse_own


class Typed(dict[str, Any]):
    """The values of a command's options and arguments by name, as a reader of the line left them.

    A flag that was typed is True, whatever it says.
    """

    def text(self, name: str) -> str | None:
        """A text; None where it was not typed."""
        value = self.get(name)
        return value if isinstance(value, str) else None

    def flag(self, name: str) -> bool:
        """Whether it was typed."""
        return self.get(name) is True

    def integer(self, name: str) -> int | None:
        """A whole number; None where it was not typed."""
        value = self.get(name)
        return value if isinstance(value, int) else None

    def words(self, name: str) -> tuple[str, ...]:
        """Each value of an option that may be repeated, or of an argument that takes many words."""
        return tuple(self.get(name) or ())


class Options(NamedTuple):
    """What was typed. `flags` are the settings that were typed, by key."""

    flags: dict[str, object]
    words: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    template: str | None = None
    variables: tuple[str, ...] = ()
    continue_last: bool = False
    conversation: str | None = None
    simulate: str | None = None
    only_count: bool = False
    dry_run: str | None = None
    system_file: str | None = None
    profile: str | None = None
    edit: bool = False
    copy: bool = False


_APART = frozenset({"system_file", "profile"})
"""Settings that are looked up before the others are known."""


def options_from(typed: Typed) -> Options:
    """What a command's options say.

    Raises UsageError where two contradict each other or one cannot be read.
    """
    _check_utf8(typed)
    return Options(
        flags=_settings(typed),
        words=typed.words("words"),
        files=typed.words("files"),
        template=typed.text("template"),
        variables=typed.words("variables"),
        continue_last=typed.flag("continue_last"),
        conversation=typed.text("conversation"),
        simulate=typed.text("simulate"),
        only_count=typed.flag("count"),
        dry_run=typed.text("dry_run"),
        system_file=typed.text("system_file"),
        profile=typed.text("profile"),
        edit=typed.flag("edit"),
        copy=typed.flag("copy"),
    )


def _settings(typed: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for option in OPTIONS:
        if option.is_setting and option.name not in _APART:
            value = _said(option, typed.get(option.name))
            if value is not None:
                found[option.name] = value
    for option in OPTIONS:
        if option.sets is not None and typed.get(option.name):
            full = BY_NAME[option.sets]
            said = found.setdefault(full.name, option.says)
            if said != option.says:
                other = full.spelled if full.form == "nothing" else f"{full.spelled} {said}"
                raise UsageError(f"{option.spelled} and {other} contradict each other", hint="give one of them")
    return found


def _said(option: Option, value: Any) -> object:
    """The value of a setting that was typed; None where it was not."""
    if value is None or value is False or value == []:
        return None
    if option.form == "nothing":
        return True if option.says is None else option.says
    if option.kind == "models":
        return value if value in option.choices else _models(option, value)
    if option.kind == "table":
        return _headers(value) if option.name == "headers" else _fields(value)
    return tuple(value) if option.form == "texts" else value


def _check_utf8(typed: Typed) -> None:
    """Python makes lone surrogates of an argument's bytes that are not UTF-8 (PEP 383); no request can hold them."""
    for option in OPTIONS:
        value = None if option.is_path else typed.get(option.name)
        if value:
            _check_texts(option.spelled, value if isinstance(value, list) else (value,))
    _check_texts("the prompt", typed.words("words"))


def _check_texts(noun: str, texts: Iterable[object]) -> None:
    for text in texts:
        if isinstance(text, str) and not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                byte = ord(text[error.start]) & 0xFF
                raise UsageError(
                    f"{noun}: this is not UTF-8 text (it holds byte 0x{byte:02x})",
                    hint="nothing was sent: convert it with iconv",
                ) from None


def _models(option: Option, value: str) -> tuple[str, ...]:
    models = tuple(name.strip() for name in value.split(",") if name.strip())
    if not models:
        raise UsageError(f"{option.names[-1]} must name at least one model", hint="write MODEL or MODEL,MODEL")
    return models


def _fields(pairs: list[str]) -> dict[str, object]:
    if not pairs:
        return {}
    from avow.settings.entries import OPTION_FOR  # deferred: start-up

    fields: dict[str, object] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"-o {pair}: this is not KEY=JSON", hint='for example -o metadata=\'{"user_id":"x"}\'')
        if key.strip() in OPTION_FOR:
            raise UsageError(f"-o {key}: this field has an option of its own", hint=OPTION_FOR[key.strip()])
        try:
            fields[key.strip()] = parse_own(value)
        except (ValueError, RecursionError):
            quoted = json.dumps(value, ensure_ascii=False)
            raise UsageError(
                f"-o {key}: {value!r} is not JSON", hint=f"a text needs quotes: -o '{key}={quoted}'"
            ) from None
    return fields


def _headers(pairs: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for pair in pairs:
        name, colon, value = pair.partition(":")
        if not colon or not name.strip() or not name.strip().isascii():
            # The value may be a secret: it is not repeated.
            raise UsageError("--header: not NAME:VALUE", hint="for example --header 'X-Team: docs'")
        headers[name.strip()] = value.strip()
    return headers
