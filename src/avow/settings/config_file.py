"""The config file: TOML, read and checked, every setting with its line."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from avow.errors import ConfigError, UnreadableFile, meant
from avow.files.reading import SizeLimit, decoded, read_file, too_large
from avow.settings.keys import KEYS, about, checked
from avow.settings.levels import Config, Section, flat
from avow.settings.value_checks import EntryError

MOST = SizeLimit(1 << 20, "a config may be")


def load(path: Path) -> Config:
    """The config file at `path`; an empty one where it does not exist. Raises ConfigError, which names the line."""
    data = bytes_of(path)
    return Config(path) if data is None else read(data, path)


def bytes_of(path: Path) -> bytes | None:
    """The bytes of the config file; None where it does not exist. Raises ConfigError where it cannot be read."""
    try:
        return read_file(path, most=MOST)
    except UnreadableFile as error:
        if error.missing:
            return None
        raise ConfigError(error.message, hint=error.hint) from None


def read(data: bytes, path: Path) -> Config:
    """The config in `data`; `path` is what errors and origins name. Raises ConfigError, which names the line."""
    text, raw = parse(data, path)
    if not raw:
        return Config(path)
    from avow.settings.toml_lines import line_of, statements

    found = statements(text)

    def line(names: tuple[str, ...]) -> int:
        return line_of(names, found) or 1

    profiles = raw.pop("profiles", {})
    section = _section(raw, path, line, ())
    if not isinstance(profiles, dict):
        raise ConfigError(f"{path}:{line(('profiles',))}: profiles must be a table, [profiles.NAME]")
    sections = {}
    for name, table in profiles.items():
        if not isinstance(table, dict):
            place = f"{path}:{line(('profiles', name))}"
            raise ConfigError(f"{place}: profiles.{name} must be a table, [profiles.NAME]")
        sections[name] = _section(table, path, line, ("profiles", name))
    return Config(path, section, sections)


def parse(data: bytes, path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file, and what it holds, unchecked. Raises ConfigError, which names the line."""
    try:
        if len(data) > MOST.size:
            raise too_large(str(path), len(data), MOST)
        text = decoded(data, str(path))
    except UnreadableFile as error:
        raise ConfigError(error.message, hint=error.hint) from None
    if not text.strip():
        return text, {}
    import tomllib

    try:
        return text, tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply", hint=_EDIT) from None
    except ValueError as error:
        raise ConfigError(_syntax_words(str(error), text, path), hint=_EDIT) from None


_EDIT = "`avow config edit` opens it"


def _syntax_words(words: str, text: str, path: Path) -> str:
    import re

    place = re.search(r" \(at line (\d+), column (\d+)\)$", words)
    if place:
        return f"{path}:{place[1]}: is not TOML: {words[: place.start()]} (column {place[2]})"
    words = words.removesuffix(" (at end of document)")
    return f"{path}:{text.rstrip().count(chr(10)) + 1}: is not TOML: {words[:200]}"


def _section(
    raw: Mapping[str, Any], path: Path, line: Callable[[tuple[str, ...]], int], base: tuple[str, ...]
) -> Section:
    values: dict[str, object] = {}
    lines: dict[str, int] = {}
    for names, value in flat(raw):
        name = ".".join(names)
        place = (*base, *names)
        key = KEYS.get(name)
        if key is None or (base and name == "profile"):
            raise _unknown(path, line(place), ".".join(place), name)
        try:
            values[name] = checked(key, value)
        except ValueError as error:
            inner = error.path if isinstance(error, EntryError) else ()
            message = f"{path}:{line((*place, *inner))}: {about('.'.join(place), error)}"
            raise ConfigError(message, hint=_EDIT) from None
        lines[name] = line(place)
        if key.kind == "table" and isinstance(value, Mapping):
            lines |= {f"{name}.{entry}": line((*place, entry)) for entry in value}
    return Section(values, lines)


def _unknown(path: Path, line: int, full: str, name: str) -> ConfigError:
    better = meant(name, (*KEYS, "profiles") if full == name else tuple(KEYS))
    return ConfigError(
        f"{path}:{line}: there is no setting {full[:100]!r}{better}", hint="`avow help config` lists them all"
    )
