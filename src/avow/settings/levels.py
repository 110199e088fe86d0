"""Where each setting's value comes from: flag, template, conversation, environment, profile, config file, default."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from avow.errors import ConfigError, UsageError, meant, nearest
from avow.settings.keys import GROUPS, KEYS, about, checked, from_text
from avow.settings.options import Option
from avow.values import NamedTuple
from avow.wire.api import API_URL

__all__ = ["KEYS", "Config", "Origin", "Settings", "resolve", "unknown_variables"]

NO_KEYS = frozenset({"AVOW_CONFIG_DIR", "AVOW_DATA_DIR", "AVOW_CACHE_DIR", "AVOW_DEBUG"})
"""Variables that are avow's own and no settings."""

Level = Literal["flag", "template", "conversation", "environment", "profile", "config", "default"]


class Origin(NamedTuple):
    """Where a value comes from: the level, and the place there (`--model`, `AVOW_MODEL`, `config.toml:12`)."""

    kind: Level
    where: str = ""

    def __str__(self) -> str:
        return self.where or self.kind


class Section(NamedTuple):
    """Settings by name, each with its line. Tables' entries have lines of their own, as `aliases.fast`."""

    values: Mapping[str, object] = MappingProxyType({})
    lines: Mapping[str, int] = MappingProxyType({})


class Config(NamedTuple):
    """A config file that was read and checked; an empty one where there is none."""

    path: Path | None = None
    section: Section = Section()
    profiles: Mapping[str, Section] = MappingProxyType({})

    def place(self, line: int | None) -> str:
        """`config.toml:12`."""
        name = self.path.name if self.path else "config"
        return f"{name}:{line}" if line else name


class Settings(NamedTuple):
    """Every setting with its value and its origin. `profile` is the one in force."""

    values: Mapping[str, object]
    origins: Mapping[str, Origin]
    profile: str | None = None

    def get(self, name: str) -> Any:
        """The value of the setting `name`, whatever its kind."""
        return self.values[name]

    def origin(self, name: str) -> Origin:
        """Where it comes from; of a table's entry (`aliases.fast`), too."""
        return self.origins[name]

    def text(self, name: str) -> str | None:
        """A text; None where it is empty or not set."""
        value = self.values[name]
        return value if isinstance(value, str) and value else None

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self.text("base_url") or API_URL

    def at(self, base_url: str) -> "Settings":
        """The same for an API at another place."""
        return self._replace(values={**self.values, "base_url": base_url})

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value = self.values[name]
        return value if isinstance(value, int) else None

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.values[name]
        return float(value) if isinstance(value, int | float) else None

    def flag(self, name: str) -> bool:
        """True or false."""
        return self.values[name] is True

    def words(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it is not set, or is a single word (see `words_or_text`)."""
        value = self.values[name]
        return value if isinstance(value, tuple) else ()

    def words_or_text(self, name: str) -> str | tuple[str, ...]:
        """A list of texts, or one word with a meaning of its own."""
        value = self.values[name]
        return value if isinstance(value, str | tuple) else ()

    def table(self, name: str) -> dict[str, Any]:
        """A table, empty where it is not set."""
        value = self.values[name]
        return dict(value) if isinstance(value, Mapping) else {}


# -- all levels together --------------------------------------------------------------------------------------


def resolve(
    *,
    flags: Mapping[str, object],
    template: Mapping[str, object],
    conversation: Mapping[str, object],
    environ: Mapping[str, str],
    config: Config,
    profile: str | None,
) -> Settings:
    """Each setting from the first level that has it; each entry of a table from the first level that has the entry.

    None stands for "not given". Names in `template` and `conversation` that are not settings are left alone.
    Raises UsageError for a flag, ConfigError for anything else that is wrong.
    """
    chosen, section = _profile(profile, environ, config)
    levels = [
        _given("flag", flags),
        _given("template", template),
        _given("conversation", conversation),
        _environment(environ),
        _from_file("profile", config, section, f" [profiles.{chosen}]"),
        _from_file("config", config, config.section, ""),
    ]
    values: dict[str, object] = {}
    origins: dict[str, Origin] = {}
    for name, key in KEYS.items():
        values[name], origins[name] = key.default, Origin("default")
        if key.kind == "table":
            values[name] = _merged(key, levels, origins)
            continue
        for level in levels:
            if name in level:
                values[name], origins[name] = level[name]
                break
    if chosen is not None:
        values["profile"] = chosen
        if profile is not None:
            origins["profile"] = Origin("flag", "--profile")
    return Settings(values, origins, chosen)


_Given = dict[str, tuple[object, Origin]]


def _merged(key: Option, levels: list[_Given], origins: dict[str, Origin]) -> dict[str, object]:
    """A table's entries, those of earlier levels first; names of headers are alike in any case."""
    merged: dict[str, object] = {}
    seen: set[str] = set()
    for level in levels:
        if key.name not in level:
            continue
        value, origin = level[key.name]
        if origins[key.name].kind == "default":
            origins[key.name] = origin
        for entry, one in value.items() if isinstance(value, Mapping) else ():
            alike = entry.lower() if key.name == "headers" else entry
            if alike in seen:
                continue
            seen.add(alike)
            merged[entry] = one
            origins[f"{key.name}.{entry}"] = level.get(f"{key.name}.{entry}", (None, origin))[1]
    return merged


def flat(raw: Mapping[str, Any]) -> list[tuple[tuple[str, ...], object]]:
    """Settings with their names in parts: groups such as `history` are opened, tables that are values are not."""
    flat: list[tuple[tuple[str, ...], object]] = []
    for name, value in raw.items():
        if name in GROUPS and isinstance(value, Mapping):
            flat += [((name, inner), one) for inner, one in value.items()]
        else:
            flat.append(((name,), value))
    return flat


def _given(kind: Level, given: Mapping[str, object]) -> _Given:
    found: _Given = {}
    for names, value in flat(given):
        name = ".".join(names)
        key = KEYS.get(name)
        if key is None:
            if kind == "flag":
                raise KeyError(name)  # a mistake of ours, not of the user
            continue
        if value is None:
            continue
        where = key.spelled if kind == "flag" else f"{kind}: {name}"
        try:
            found[name] = checked(key, value), Origin(kind, where)
        except ValueError as error:
            wrong = UsageError if kind == "flag" else ConfigError
            raise wrong(about(where, error)) from None
    return found


def _environment(environ: Mapping[str, str]) -> _Given:
    """What the environment says; an empty variable says nothing."""
    found: _Given = {}
    if url := environ.get("ANTHROPIC_BASE_URL", "").strip():
        found["base_url"] = url, Origin("environment", "ANTHROPIC_BASE_URL")
    for variable in [name for name in environ if name.startswith("AVOW_")]:
        key = _by_variable(variable)
        if key is None or not environ[variable]:
            continue
        try:
            found[key.name] = from_text(key, environ[variable]), Origin("environment", variable)
        except ValueError as error:
            raise ConfigError(about(variable, error)) from None
    return found


def _from_file(kind: Level, config: Config, section: Section, suffix: str) -> _Given:
    found: _Given = {}
    for name, value in section.values.items():
        found[name] = value, Origin(kind, config.place(section.lines.get(name)) + suffix)
    for name, line in section.lines.items():
        found.setdefault(name, (None, Origin(kind, config.place(line) + suffix)))
    return found


def _profile(named: str | None, environ: Mapping[str, str], config: Config) -> tuple[str | None, Section]:
    """The profile in force and its settings; none is in force where none is named."""
    where, name = "--profile", named
    if name is None:
        where, name = "AVOW_PROFILE", environ.get("AVOW_PROFILE") or None
    if name is None:
        default = config.section.values.get("profile")
        name = default if isinstance(default, str) and default else None
        where = f"{config.path}:{config.section.lines.get('profile', 1)}: profile"
    if name is None:
        return None, Section()
    if name not in config.profiles:
        wrong = UsageError if named is not None else ConfigError
        known = ", ".join(config.profiles) or "none"
        raise wrong(
            f"{where}: there is no profile {name[:100]!r}{meant(name, config.profiles)}",
            hint=f"profiles in the config: {known}",
        )
    return name, config.profiles[name]


def _by_variable(variable: str) -> Option | None:
    if not _VARIABLES:
        _VARIABLES.update({key.variable: key for key in KEYS.values()})
    return _VARIABLES.get(variable)


_VARIABLES: dict[str, Option] = {}


def unknown_variables(environ: Mapping[str, str]) -> tuple[tuple[str, str | None], ...]:
    """Variables that begin with `AVOW_` and set nothing, each with the one that may have been meant."""
    known = {key.variable: name for name, key in KEYS.items()}
    odd = sorted(n for n in environ if n.startswith("AVOW_") and n not in NO_KEYS and n not in known)
    near = ((name, nearest(name.removeprefix("AVOW_"), KEYS)) for name in odd)
    return tuple((name, KEYS[key].variable if key else None) for name, key in near)
