"""One item of a run: a record whose fields have been checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from avow.errors import UsageError, meant
from avow.run.records import FIELDS, ItemRecord, wrong

MOST_REPEATS = 100_000


class Item(NamedTuple):
    """One item; None and empty values were not given. `variables` are for its template."""

    line: int
    id: str | None = None
    prompt: str | None = None
    system: str | None = None
    model: str | None = None
    files: tuple[str, ...] = ()
    template: str | None = None
    variables: Mapping[str, str] = {}
    repeat: int | None = None


def item_of(record: ItemRecord, name: str, *, template: str | None, in_suite: bool = False) -> Item:
    """The item in a record of the file `name`. `template` applies where the item names none: with a template, the other
    columns of a table are its variables. `in_suite`: the item is in TOML, and may be repeated.

    Raises UsageError with file, line and field.
    """
    known = (*FIELDS, "repeat") if in_suite else FIELDS
    fields = record.fields
    for field in fields:
        if field not in known:
            raise _unknown(field, known, name, record.line)
    values = {field: _text(fields, field, name, record.line) for field in ("prompt", "system", "model", "template")}
    has_template = values["template"] is not None or template is not None
    if record.rest and not has_template:
        raise _unknown(next(iter(record.rest)), known, name, 1)
    variables = {**record.rest, **variables_of(fields.get("vars"), "vars", name, record.line)}
    if variables and not has_template:
        raise wrong(name, record.line, "`vars` needs a template", "-t NAME, or a field `template`")
    return Item(
        record.line,
        id=_id(fields.get("id"), name, record.line),
        files=_files(fields.get("files"), name, record.line),
        variables=variables,
        repeat=_repeat(fields.get("repeat"), name, record.line),
        **values,
    )


def _unknown(field: str, known: tuple[str, ...], name: str, line: int) -> UsageError:
    hint = f"fields: {', '.join(known)}; with -t NAME, the other columns of a table are variables"
    return wrong(name, line, f"there is no field `{field[:60]}`{meant(field, known)}", hint)


def _text(fields: Mapping[str, Any], field: str, name: str, line: int) -> str | None:
    value = fields.get(field)
    if value is not None and not isinstance(value, str):
        raise wrong(name, line, f"`{field}` must be a text")
    if isinstance(value, str) and field in ("model", "template") and not value.strip():
        raise wrong(name, line, f"`{field}` is empty")
    return value


def _id(value: Any, name: str, line: int) -> str | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise wrong(name, line, "`id` must be a text or a whole number, and not empty")
    return value


def _files(value: Any, name: str, line: int) -> tuple[str, ...]:
    files = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(files, list) or not all(isinstance(file, str) and file for file in files):
        raise wrong(name, line, "`files` must be a list of paths")
    if "-" in files:
        raise wrong(name, line, "`files` cannot hold stdin (-)")
    return tuple(files)


def variables_of(value: Any, field: str, name: str, line: int) -> dict[str, str]:
    """The variables in `field`, names with their values as texts. Raises UsageError with file and line."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong(name, line, f"`{field}` must be an object: names with their values")
    for key, one in value.items():
        if not isinstance(one, str | int | float) or isinstance(one, bool):
            raise wrong(name, line, f"`{field}.{key}` must be a text or a number")
    return {key: str(one) for key, one in value.items()}


def _repeat(value: Any, name: str, line: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_REPEATS:
        raise wrong(name, line, f"`repeat` must be a whole number from 1 to {MOST_REPEATS:,}")
    return value
