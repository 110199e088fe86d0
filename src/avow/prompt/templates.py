"""Saved prompts: TOML files with a prompt, a system prompt and settings, and `$variables` to fill in.

A template is `NAME.toml` in the config folder's `templates/`, or any path. Keys: `prompt`, `system`, and every setting
of `ask`. In prompt and system `$name` and `${name}` are variables and `$$` is a dollar sign (`string.Template`);
`$input`, in the prompt alone, is what was piped in, else the prompt that was typed.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template as Pattern

from avow.errors import FileError, UnreadableFile, UsageError, meant, system_words
from avow.files.private import write_private
from avow.files.reading import PipeWait, read_text
from avow.prompt.limits import REQUEST

INPUT = "input"
_NAME = re.compile(r"[^\W_][\w.-]*")

Check = Callable[[str, object], str | None]
"""Whether a setting may have a value: what is wrong with it, or None."""


@dataclass(frozen=True, slots=True)
class Template:
    """A saved prompt. `settings` are its other keys."""

    name: str
    where: Path
    prompt: str | None = None
    system: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names to fill in, in order, without `input`."""
        names = dict.fromkeys(name for text in (self.prompt, self.system) for name in _names_in(text or ""))
        return tuple(name for name in names if name != INPUT)

    @property
    def takes_input(self) -> bool:
        """Whether what is piped in goes into the prompt (else it is attached, as without a template)."""
        return INPUT in _names_in(self.prompt or "")


@dataclass(frozen=True, slots=True)
class FilledTemplate:
    """A template's texts with their variables filled in."""

    prompt: str | None
    system: str | None


def load(folder: Path, name: str, check: Check, wait: PipeWait | None = None) -> Template:
    """The template `name` of `folder`, or of a path (with a slash, or ending in .toml); `wait` bounds pipes in time.

    Raises UsageError, with file and line, where there is none or where it says something it cannot.
    """
    import tomllib

    where = path_of(folder, name)
    text = _read(where, name, folder, wait)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{_called(name, where)}: not TOML: {error}") from error
    problems = [
        f"line {_line_of(text, key)}: {wrong}" for key, value in table.items() if (wrong := _wrong(key, value, check))
    ]
    for key in ("prompt", "system"):
        problems += _wrong_dollars(key, table.get(key), text)
    if isinstance(table.get("system"), str) and INPUT in _names_in(table["system"]):
        problems.append(f"line {_line_of(text, 'system')}: $input is for the prompt; the system prompt has none")
    if problems:
        raise UsageError(f"{_called(name, where)}, {'; '.join(problems)}")
    settings = {key: value for key, value in table.items() if key not in ("prompt", "system")}
    return Template(name, where, table.get("prompt"), table.get("system"), settings)


def fill(template: Template, pairs: Sequence[str], given: str | None) -> FilledTemplate:
    """The template's texts with the values of `pairs` (`KEY=VALUE`; the last of a key counts) and, for `$input`,
    of `given`.

    Raises UsageError naming every variable without a value, or a value that no variable asks for.
    """
    values = dict(_pair(pair) for pair in pairs)
    _refuse_unused(template, values)
    if given is not None and INPUT not in values:
        values[INPUT] = given
    missing = [name for name in template.variables if name not in values]
    lacks_input = template.takes_input and INPUT not in values
    if missing or lacks_input:
        names = ", ".join(f"${name}" for name in (*missing, *([INPUT] if lacks_input else [])))
        ways = [" ".join(f"-p {name}=…" for name in missing)] if missing else []
        ways += ["pipe something in for $input, or say it as the prompt"] if lacks_input else []
        raise UsageError(f"{_called(template.name, template.where)}: no value for {names}", hint=", ".join(ways))
    return FilledTemplate(_filled(template.prompt, values), _filled(template.system, values))


def names(folder: Path) -> tuple[str, ...]:
    """The names of the templates in `folder`, sorted; none where it does not exist."""
    try:
        return tuple(sorted(path.stem for path in folder.glob("*.toml") if _NAME.fullmatch(path.stem)))
    except OSError as error:
        raise UnreadableFile(f"{folder}: it cannot be read: {system_words(error)}") from error


def save(folder: Path, template: Template, *, force: bool = False) -> Path:
    """Write the template, mode 0600, and give its path.

    Raises UsageError where the name is not allowed, or taken and not `force`; FileError where it cannot be written, and
    then there is none of that name, or the one that was there.
    """
    where = _path_in(folder, template.name)
    if template.name.endswith(".toml"):
        name = template.name.removesuffix(".toml")
        raise UsageError(f"{template.name!r} would be taken for a path", hint=f"a name has no ending: {name}")
    for key, text in (("prompt", template.prompt), ("system", template.system)):
        if wrong := _wrong_dollars(key, text, None):
            raise UsageError(f"template {template.name}, {'; '.join(wrong)}")
    table = {"prompt": template.prompt, "system": template.system, **template.settings}
    text = _as_toml({key: _plain(value) for key, value in table.items() if value is not None})
    if not write_private(where, text.encode(), replace=force):
        raise UsageError(f"there is a template {template.name} already ({where})", hint="--force replaces it")
    return where


def text_of(folder: Path, name: str, wait: PipeWait | None = None) -> str:
    """The template's file as it is, but for the ends of its lines. Raises UsageError where it does not exist."""
    return _read(path_of(folder, name), name, folder, wait)


def delete(folder: Path, name: str) -> Path:
    """Remove the template and give the path it had. Raises UsageError where it does not exist."""
    where = _path_in(folder, name)
    try:
        where.unlink()
    except FileNotFoundError as error:
        raise _no_such(name, folder) from error
    except OSError as error:
        raise FileError(f"{where}: it cannot be deleted: {system_words(error)}") from error
    return where


def path_of(folder: Path, name: str) -> Path:
    """The file of the template `name`, which may be its path. Raises UsageError for what is neither."""
    if "/" in name or os.sep in name or name.endswith(".toml"):
        return Path(name)
    return _path_in(folder, name)


def _path_in(folder: Path, name: str) -> Path:
    """The file of a name, which has no way out of the folder: no slashes, no dot at the beginning."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a name for a template", hint="letters, digits, and . - _ after the first of them"
        )
    return folder / f"{name}.toml"


def _called(name: str, where: Path) -> str:
    """What errors call a template: its name and where it is, once where that is the same."""
    return f"template {name}" if Path(name) == where else f"template {name} ({where})"


def _read(where: Path, name: str, folder: Path, wait: PipeWait | None) -> str:
    try:
        return read_text(where, _called(name, where), most=REQUEST, wait=wait)
    except UnreadableFile as error:
        if error.missing and Path(name) != where:
            raise _no_such(name, folder) from error
        raise


def _no_such(name: str, folder: Path) -> UsageError:
    return UsageError(f"there is no template {name!r}{meant(name, names(folder))}", hint="avow template list")


def _wrong(key: str, value: object, check: Check) -> str | None:
    if key in ("prompt", "system"):
        return None if isinstance(value, str) else f"{key} must be a text"
    return check(key, value)


def _wrong_dollars(key: str, text: object, source: str | None) -> list[str]:
    """Where a `$` begins no variable: in which line, of the file where it is found there, else of the text."""
    if not isinstance(text, str):
        return []
    found = []
    for match in Pattern.pattern.finditer(text):
        if match.group("invalid") is not None:
            line = text.count("\n", 0, match.start()) + 1
            after = text[match.start() : match.start() + 12].split("\n")[0]
            place = f"{key}, its line {line}" if source is None or "\n" in text else f"line {_line_of(source, key)}"
            found.append(f"{place}: {after!r} is not a variable; write $$ for a dollar sign")
    return found


def _names_in(text: str) -> tuple[str, ...]:
    return tuple(Pattern(text).get_identifiers())


def _pair(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals or not key:
        raise UsageError(f"-p {pair}: this is not KEY=VALUE")
    return key, value


def _refuse_unused(template: Template, values: Mapping[str, str]) -> None:
    known = (*template.variables, *([INPUT] if template.takes_input else []))
    unused = [name for name in values if name not in known]
    if not unused:
        return
    takes = ", ".join(f"${name}" for name in known)
    raise UsageError(
        f"{_called(template.name, template.where)} has no {', '.join(f'${name}' for name in unused)}"
        f"{meant(unused[0], known, before='$')}",
        hint=f"it takes {takes}" if known else "it takes no variables",
    )


def _filled(text: str | None, values: Mapping[str, str]) -> str | None:
    return None if text is None else Pattern(text).substitute(values)


def _line_of(text: str, key: str) -> int:
    """The line where a top-level key stands; 1 where it is written in some rarer way."""
    written = re.compile(rf"""^[ \t]*(?:\[+[ \t]*)?["']?{re.escape(key)}["']?[ \t]*[=.\]]""", re.MULTILINE)
    match = written.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def _as_toml(table: dict[str, object]) -> str:
    import tomllib

    import tomli_w

    text = tomli_w.dumps(table, multiline_strings=True)
    # Line ends of other kinds do not survive in a multi-line string; in a quoted one they do.
    return text if tomllib.loads(text) == table else tomli_w.dumps(table)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
