"""One setting in the config file, changed or taken out; comments, order and all else stay as they are."""

import contextlib
import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from avow.errors import ConfigError, UsageError, meant
from avow.files.private import write_private
from avow.settings.config_file import bytes_of, parse
from avow.settings.keys import KEYS, about, checked, from_text
from avow.settings.options import OVERRIDES, Option
from avow.settings.toml_lines import Statement, split_key, statements
from avow.settings.value_checks import EntryError

Names = tuple[str, ...]


def set_value(path: Path, name: str, text: str) -> None:
    """Give the setting `name` (`model`, `aliases.fast`, `profiles.work.model`) the value that `text` stands for, in
    the file at `path`, which is made where it is missing.

    Raises UsageError for a name or a value that is wrong, ConfigError where the file is no TOML, FileError.
    """
    names, key, inner = locate(name)
    value = _value(name, key, inner, text)
    before, raw = parse(bytes_of(path) or b"", path)
    wanted = _with(raw, names, value, path)
    _put(path, before, wanted, _candidates(before, raw, wanted, names, value))


def unset_value(path: Path, name: str) -> bool:
    """Take the setting `name` out of the file, a table whole; False where it is not in there.

    A name that is not a setting can be taken out too. Raises as `set_value` does.
    """
    before, raw = parse(bytes_of(path) or b"", path)
    names = next((one for one in _readings(name) if _has(raw, one)), None)
    if names is None:
        return False
    wanted = copy.deepcopy(raw)
    holder = wanted
    for part in names[:-1]:
        holder = holder[part]
    del holder[names[-1]]
    _put(path, before, wanted, _without(before, wanted, names))
    return True


def locate(name: str) -> tuple[Names, Option, Names]:
    """Where the setting `name` stands in the file, its key, and the path within it where it is a table.

    Raises UsageError, with the nearest valid name.
    """
    parts = _parts(name)
    base: Names = ()
    if parts[0] == "profiles" and len(parts) > 2:
        base, parts = parts[:2], parts[2:]
    for length in (2, 1):
        key = KEYS.get(".".join(parts[:length]))
        if key is None or len(parts) < length or (base and key.name == "profile"):
            continue
        inner = _inner(key, parts[length:])
        if inner is not None:
            return (*base, *parts[:length], *inner), key, inner
    rest = ".".join(parts)
    better = meant(rest, tuple(KEYS), before="".join(f"{part}." for part in base))
    raise UsageError(f"there is no setting {name[:100]!r}{better}", hint="`avow config list` shows all")


def _parts(name: str) -> Names:
    try:
        return split_key(name)
    except ValueError:
        # A name with characters that TOML wants quoted: the user should not need to know.
        parts = tuple(part.strip() for part in name.split("."))
        if not all(parts):
            raise UsageError(f"{name[:100]!r} is not a setting's name") from None
        return parts


def _readings(name: str) -> Iterator[Names]:
    with contextlib.suppress(UsageError):
        yield locate(name)[0]
    yield _parts(name)


def _inner(key: Option, rest: Names) -> Names | None:
    """The path within a table; a model's name may hold dots that were not quoted."""
    if not rest:
        return ()
    if key.kind != "table":
        return None
    if key.name in ("prices", "overrides"):
        from avow.models.pricing import OVERRIDE_KEYS

        fields = OVERRIDE_KEYS if key.name == "prices" else OVERRIDES
        if rest[-1] in fields and len(rest) > 1:
            return ".".join(rest[:-1]), rest[-1]
    return (".".join(rest),)


def _value(name: str, key: Option, inner: Names, text: str) -> object:
    try:
        if not inner:
            return from_text(key, text)
        table: Any = _loose(text)
        if key.name in ("aliases", "headers") or (inner[-1] in ("effort", "speed") and len(inner) == 2):
            table = text
        if key.name == "same_models" and isinstance(table, str):
            table = [one.strip() for one in text.split(",")]
        value = table
        for part in reversed(inner):
            table = {part: table}
        checked(key, table)
    except EntryError as error:
        raise UsageError(about(key.name, error)) from None
    except ValueError as error:
        raise UsageError(about(name, error)) from None
    return value


def _loose(text: str) -> object:
    """A JSON or TOML value; what is neither is a text."""
    import tomllib

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except (ValueError, RecursionError):
        return text


def _has(raw: Mapping[str, Any], names: Names) -> bool:
    for name in names:
        if not isinstance(raw, Mapping) or name not in raw:
            return False
        raw = raw[name]
    return True


def _with(raw: Mapping[str, Any], names: Names, value: object, path: Path) -> dict[str, Any]:
    wanted = copy.deepcopy(dict(raw))
    holder = wanted
    for part in names[:-1]:
        holder = holder.setdefault(part, {})
        if not isinstance(holder, dict):
            raise ConfigError(f"{path}: {part} is not a table", hint=f"avow config unset {part}")
    holder[names[-1]] = list(value) if isinstance(value, tuple) else value
    return wanted


def _put(path: Path, before: str, wanted: Mapping[str, Any], candidates: Iterator[str]) -> None:
    """Write the first text that says what is wanted, and nothing else."""
    for text in candidates:
        try:
            _text, raw = parse(text.encode(), path)
        except ConfigError:
            continue
        if _pruned(raw) == _pruned(wanted):
            if text != before or not path.exists():
                write_private(path, text.encode())
            return
    raise ConfigError(f"{path}: avow cannot change this by itself", hint="`avow config edit` opens the file")


def _pruned(value: Any) -> Any:
    """`value` without empty tables: a header may stay behind. True is no 1 here."""
    if isinstance(value, Mapping):
        kept = {name: _pruned(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one != {}}
    if isinstance(value, list | tuple):
        return [_pruned(one) for one in value]
    return (type(value).__name__, repr(value))


def _candidates(
    text: str, raw: Mapping[str, Any], wanted: Mapping[str, Any], names: Names, value: object
) -> Iterator[str]:
    """Ways to write the change down, the neatest first; not each of them says what is wanted."""
    found = statements(text)
    if _has(raw, names):
        yield from _replaced(text, found, wanted, names)
        cleared = next((t for t in _without(text, wanted, names)), None)
        if cleared is not None and cleared != text:
            text, found = cleared, statements(cleared)
    else:
        yield from _replaced(text, found, wanted, names)
    literal = _literal(value)
    for length in range(len(names) - 1, -1, -1):
        at = _end_of_table(text, found, names[:length])
        if at is not None and (length or len(names) == 1):
            yield _inserted(text, at, f"{_dotted(names[length:])} = {literal}")
    if len(names) > 1:
        yield _inserted(text, len(text), f"\n[{_dotted(names[:-1])}]\n{_dotted(names[-1:])} = {literal}")
        at = _end_of_table(text, found, ())
        yield _inserted(text, at or 0, f"{_dotted(names)} = {literal}")


def _replaced(text: str, found: tuple[Statement, ...], wanted: Any, names: Names) -> Iterator[str]:
    """The statement that sets `names`, or a table around it, with its new value."""
    for length in range(len(names), 0, -1):
        for one in found:
            if one.path == names[:length] and not one.is_header:
                value = wanted
                for part in names[:length]:
                    value = value[part]
                yield text[: one.value] + _literal(value) + text[one.value_end :]


def _without(text: str, wanted: Any, names: Names) -> Iterator[str]:
    found = statements(text)
    kept, at = [], 0
    for one in found:
        if one.path[: len(names)] == names:
            kept.append(text[at : one.start])
            at = one.end
    yield "".join((*kept, text[at:]))
    yield from _replaced(text, found, wanted, names[:-1])


def _end_of_table(text: str, found: tuple[Statement, ...], table: Names) -> int | None:
    """Where a further line of the table `table` belongs; None where it has no header of its own."""
    at = None
    inside = not table
    for one in found:
        if one.is_header:
            inside = one.path == table
        if inside:
            at = one.end
    if at is None and not table and found:
        # Only headers: above the first of them and the comment that belongs to it.
        at = found[0].start
        while at and text[:at].splitlines()[-1].startswith("#"):
            at = text.rfind("\n", 0, at - 1) + 1
    return len(text) if at is None and not table else at


def _inserted(text: str, at: int, lines: str) -> str:
    head, tail = text[:at], text[at:]
    if head and not head.endswith("\n"):
        head += "\n"
    if lines.startswith("\n") and not head:
        lines = lines[1:]
    ending = "\r\n" if "\r\n" in text else "\n"
    gap = ending if tail.lstrip(" \t").startswith("[") and not lines.startswith("\n") else ""
    return f"{head}{lines.replace(chr(10), ending)}{ending}{gap}{tail}"


def _dotted(names: Names) -> str:
    return ".".join(name if _is_bare(name) else _quoted(name) for name in names)


def _is_bare(name: str) -> bool:
    return name.isascii() and name.replace("-", "").replace("_", "a").isalnum()


def _quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL and for surrogates, which TOML cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("the value is not UTF-8 text") from None
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _literal(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case int() | float():
            return repr(value)
        case list() | tuple():
            return "[" + ", ".join(_literal(one) for one in value) + "]"
        case Mapping():
            pairs = ", ".join(f"{_dotted((name,))} = {_literal(one)}" for name, one in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise UsageError("the value holds null, which TOML cannot hold")
