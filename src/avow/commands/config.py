"""`avow config`: what is set, and where it was set."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import ConfigError, UsageError
from avow.exit_codes import ExitCode
from avow.settings import keys
from avow.settings.levels import Settings
from avow.settings.options import Option
from avow.wire.secret import STRUCK


@dataclass(frozen=True, slots=True)
class ConfigOptions:
    """The options of `avow config` and its commands."""

    name: str = ""
    value: str = ""
    as_json: bool = False
    profile: str | None = None


def list_command(typed: Typed, context: Context) -> ExitCode:
    """List every setting."""
    return run_list(_options(typed), context)


def get_command(typed: Typed, context: Context) -> ExitCode:
    """Print one setting."""
    return run_get(_options(typed), context)


def set_command(typed: Typed, context: Context) -> ExitCode:
    """Set one setting."""
    return run_set(_options(typed), context)


def unset_command(typed: Typed, context: Context) -> ExitCode:
    """Remove one setting from the file."""
    return run_unset(_options(typed), context)


def path_command(typed: Typed, context: Context) -> ExitCode:
    """Print where the file is."""
    del typed
    return run_path(context)


def edit_command(typed: Typed, context: Context) -> ExitCode:
    """Open the file in an editor."""
    del typed
    return run_edit(context)


def _options(typed: Typed) -> ConfigOptions:
    texts = (typed.text("key") or "", typed.text("value") or "")
    return ConfigOptions(*texts, typed.flag("as_json"), typed.text("profile"))


def run_list(options: ConfigOptions, context: Context) -> ExitCode:
    """Print each setting, the entries of tables one by one; secret values are masked."""
    settings = context.settings(profile=options.profile)
    rows = list(_rows(settings))
    if options.as_json:
        found = {
            name: {"value": value, "origin": origin.kind, "where": origin.where or None} for name, value, origin in rows
        }
        context.screen.data(json.dumps(found, indent=2, ensure_ascii=False) + "\n", is_json=True)
    else:
        from avow.terminal.table import table

        shown = [(_clean(name), _shown(value), _clean(str(origin))) for name, value, origin in rows]
        for line in table(shown, context.screen.out_facts):
            context.screen.line(line)
    from avow.settings.levels import unknown_variables

    for variable, near in unknown_variables(context.environ):
        better = f"; did you mean {near}?" if near else ""
        context.screen.note(f"{_clean(variable)} is set, but avow has no such setting{better}")
    return ExitCode.OK


def run_get(options: ConfigOptions, context: Context) -> ExitCode:
    """Print the value of one setting: a text as it is, anything else as JSON.

    Raises UsageError for an unknown name, and for an entry that is not in a table.
    """
    from avow.settings.edit import locate

    names, key, inner = locate(options.name)
    profile = options.profile
    if names[0] == "profiles":
        profile = names[1]
    settings = context.settings(profile=profile)
    value: Any = settings.get(key.name)
    for part in inner:
        if not isinstance(value, dict) or part not in value:
            raise UsageError(f"{options.name} is not set", hint=f"avow config get {key.name} shows what is")
        value = value[part]
    value = _hidden(key, value)
    if isinstance(value, str) and not options.as_json:
        context.screen.out(f"{_clean_terminal(value, context)}\n")
    elif value is not None or options.as_json:
        context.screen.data(json.dumps(value, ensure_ascii=False) + "\n", is_json=True)
    return ExitCode.OK


def run_set(options: ConfigOptions, context: Context) -> ExitCode:
    """Change one setting in the file. Raises UsageError for a wrong name or value."""
    from avow.settings.edit import locate, set_value

    names, key, _inner = locate(options.name)
    if key.name == "profile" and options.value not in context.config.profiles:
        raise UsageError(
            f"there is no profile {options.value!r}", hint=f"avow config set profiles.{options.value}.KEY …"
        )
    set_value(context.paths.config_file, options.name, options.value)
    if names[0] != "profiles" and key.kind != "table" and context.environ.get(key.variable):
        context.screen.note(f"{key.variable} is set and outranks the config file")
    return ExitCode.OK


def run_unset(options: ConfigOptions, context: Context) -> ExitCode:
    """Remove one setting from the file; a setting that is not there is a note."""
    from avow.settings.edit import locate, unset_value

    if not unset_value(context.paths.config_file, options.name):
        locate(options.name)
        context.screen.note(f"{options.name} is not in {context.paths.config_file}")
    return ExitCode.OK


def run_path(context: Context) -> ExitCode:
    """Print the file's path, whether it exists or not."""
    context.screen.out(f"{context.paths.config_file}\n")
    return ExitCode.OK


# -- edit -----------------------------------------------------------------------------------------------------

_EMPTY = "# Settings of avow. `avow config list` shows them all.\n"


def run_edit(context: Context) -> ExitCode:
    """Let an editor change a copy of the file. The copy replaces the file once it is valid.

    Raises ConfigError, naming the copy, where it is wrong and the user does not continue; UsageError where the
    editor fails.
    """
    from avow.files.private import write_private
    from avow.settings import config_file
    from avow.terminal.editor import open_in_editor

    path = context.paths.config_file
    before = config_file.bytes_of(path) or b""
    copy = path.with_name("config.edited.toml")
    write_private(copy, before or _EMPTY.encode())
    while True:
        open_in_editor(copy, before or _EMPTY.encode(), context.environ)
        try:
            edited = config_file.bytes_of(copy)
            config_file.read(edited or b"", copy)
            break
        except ConfigError as error:
            context.screen.error(error.message)
            if not _edits_again(context):
                raise ConfigError(f"{path} stays as it was", hint=f"what was edited is in {copy}") from None
    if edited is None:
        raise ConfigError(f"{path} stays as it was: the editor left no file at {copy}")
    if edited != (before or _EMPTY.encode()):
        write_private(path, edited)
    else:
        context.screen.note("nothing was changed")
    copy.unlink(missing_ok=True)
    return ExitCode.OK


def _edits_again(context: Context) -> bool:
    if not context.stdin_is_terminal or context.stdin is None:
        return False
    context.screen.err("Edit it again? [Y/n] ")
    answer = context.stdin.readline().decode("utf-8", "replace").strip().lower()
    return answer in ("", "y", "yes")


# -- what is shown --------------------------------------------------------------------------------------------


def _rows(settings: Settings) -> Any:
    for name, key in keys.KEYS.items():
        value = _hidden(key, settings.get(name))
        if key.kind == "table" and value:
            for entry, one in value.items():
                is_bare = entry.replace("-", "").replace("_", "").isalnum()
                shown = entry if is_bare else json.dumps(entry, ensure_ascii=False)
                yield f"{name}.{shown}", one, settings.origin(f"{name}.{entry}")
        else:
            yield name, value, settings.origin(name)


def _hidden(key: Option, value: Any) -> Any:
    """`value` without secrets: without header values, and without the password in an address."""
    if key.secret:
        return dict.fromkeys(value, STRUCK) if isinstance(value, dict) else STRUCK
    if key.name == "base_url" and isinstance(value, str) and "@" in value:
        try:
            netloc = urlsplit(value).netloc
        except ValueError:
            return STRUCK
        return value.replace(netloc, f"{STRUCK}@{netloc.rpartition('@')[2]}") if netloc else STRUCK
    return value


def _shown(value: Any) -> str:
    if value is None or value == () or value == {}:
        return "-"
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    words = _clean(words)
    return words if len(words) <= 200 else words[:199] + "…"


def _clean(text: str) -> str:
    from avow.terminal.sanitize import clean_line

    return clean_line(text)


def _clean_terminal(text: str, context: Context) -> str:
    """Cleaned for a terminal; a pipe gets the text as it is."""
    from avow.terminal.sanitize import clean

    return clean(text) if context.screen.is_terminal else text
