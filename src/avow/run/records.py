"""Reads the records of a file of prompts, in each of its forms, one at a time with its line."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from avow.errors import UsageError, meant
from avow.prompt.limits import BODY_BYTES
from avow.text.blanks import is_blank

FORMS = ("jsonl", "csv", "tsv", "lines", "toml")
FIELDS = ("id", "prompt", "system", "model", "files", "template", "vars")
"""What an item may say."""

_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".txt": "lines", ".toml": "toml"}
_DELIMITERS = {"csv": ",", "tsv": "\t"}
_LARGEST_TOML = 64 * 1024 * 1024


class ItemRecord(NamedTuple):
    """One item as the file has it. `rest` are the columns of a table that are not fields, None in a row that lacks
    them."""

    line: int
    fields: Mapping[str, Any]
    rest: Mapping[str, str] = {}


class Document(NamedTuple):
    """A whole TOML file: the settings of `[defaults]` with their lines, and the items."""

    defaults: Mapping[str, Any]
    lines: Mapping[str, int]
    records: tuple[ItemRecord, ...]


def form_of(path: str, said: str | None) -> str:
    """The form of a file: as given in `said`, else by the ending of its name; stdin (`-`) is jsonl. Raises
    UsageError."""
    if said is not None:
        if said in FORMS:
            return said
        raise UsageError(
            f"--input {said}: there is no such form{meant(said, FORMS)}", hint=f"one of {', '.join(FORMS)}"
        )
    if path == "-":
        return "jsonl"
    form = _ENDINGS.get(Path(path).suffix.lower())
    if form is None:
        raise UsageError(f"{path}: its name does not say what form it has", hint=f"--input {'|'.join(FORMS)}")
    return form


def read(form: str, stream: BinaryIO, name: str) -> Iterator[ItemRecord]:
    """The records of a file in any form but TOML, as they are read; empty lines are left out.

    Raises UsageError with file and line for what is not in this form.
    """
    if form == "jsonl":
        return _of_json_lines(stream, name)
    return _of_lines(stream, name) if form == "lines" else _of_table(_DELIMITERS[form], stream, name)


def wrong(name: str, line: int, words: str, hint: str | None = None) -> UsageError:
    """The error for something wrong in a line of a file."""
    return UsageError(f"{name}:{line}: {words}", hint=hint or "nothing was sent")


def _texts(stream: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Each line with its number and without its end."""
    number = 0
    while data := stream.readline(BODY_BYTES + 1):
        number += 1
        if len(data) > BODY_BYTES:
            raise wrong(name, number, f"the line has more than {BODY_BYTES:,} bytes, which the API takes at most")
        try:
            text = data.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise wrong(
                name, number, f"this is not UTF-8 text (byte 0x{data[error.start]:02x})", "convert it with iconv"
            ) from None
        yield number, text.rstrip("\r\n")


def _of_lines(stream: BinaryIO, name: str) -> Iterator[ItemRecord]:
    for number, text in _texts(stream, name):
        if not is_blank(text):
            yield ItemRecord(number, {"prompt": text})


def _of_json_lines(stream: BinaryIO, name: str) -> Iterator[ItemRecord]:
    for number, text in _texts(stream, name):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            why = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else _why(error)
            raise wrong(name, number, f"this is not JSON ({why})", "a line is a string or an object") from None
        if isinstance(value, str):
            value = {"prompt": value}
        if not isinstance(value, dict):
            raise wrong(name, number, "a line must be a JSON string or an object", f"fields: {', '.join(FIELDS)}")
        yield ItemRecord(number, value)


def _why(error: ValueError | RecursionError) -> str:
    return "too deep" if isinstance(error, RecursionError) else "a number has too many digits"


def _of_table(delimiter: str, stream: BinaryIO, name: str) -> Iterator[ItemRecord]:
    csv.field_size_limit(BODY_BYTES)
    rows = csv.reader((f"{text}\n" for _number, text in _texts(stream, name)), delimiter=delimiter, strict=True)
    line, heads = 1, None
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise wrong(name, line, f"the table is broken: {error}") from None
        if row is None:
            return
        if not row or row == [""]:
            continue
        if heads is None:
            heads = _heads(row, name, line)
            continue
        if len(row) != len(heads):
            raise wrong(name, line, f"there are {len(row)} fields, and the header has {len(heads)}")
        cells = dict(zip(heads, row, strict=True))
        fields = {key: _cell(key, text, name, line) for key, text in cells.items() if key in FIELDS and text}
        yield ItemRecord(line, fields, {key: text for key, text in cells.items() if key not in FIELDS})


def _heads(row: list[str], name: str, line: int) -> list[str]:
    heads = [head.strip() for head in row]
    for head in heads:
        if heads.count(head) > 1:
            raise wrong(name, line, f"two columns are named `{head}`")
    return heads


def _cell(key: str, text: str, name: str, line: int) -> Any:
    """The value of a cell: a list of files and an object of variables are written as JSON."""
    if (key == "files" and text.startswith("[")) or key == "vars":
        try:
            return json.loads(text)
        except ValueError:
            raise wrong(name, line, f"`{key}` is not JSON") from None
    return text


def read_document(stream: BinaryIO, name: str) -> Document:
    """A file of TOML. Raises UsageError with file and line."""
    import tomllib

    from avow.settings.toml_lines import statements

    data = stream.read(_LARGEST_TOML + 1)
    if len(data) > _LARGEST_TOML:
        raise UsageError(f"{name}: it has more than {_LARGEST_TOML:,} bytes", hint="write that many items as jsonl")
    try:
        text = data.decode("utf-8-sig")
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: this is not TOML: {str(error)[:200] or 'nested too deeply'}") from None
    found = statements(text)
    for key in table:
        if key not in ("defaults", "item"):
            line = next((one.line for one in found if one.path[:1] == (key,)), 1)
            raise wrong(name, line, f"there is no `{key}` here", "a suite has [defaults] and [[item]]")
    defaults, items = table.get("defaults", {}), table.get("item", [])
    if not isinstance(defaults, dict) or not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
        raise UsageError(f"{name}: a suite is one [defaults] and several [[item]]")
    lines = {one.path[1]: one.line for one in found if one.path[:1] == ("defaults",) and len(one.path) > 1}
    at = [one.line for one in found if one.is_header and one.path == ("item",)]
    at += [1] * (len(items) - len(at))  # written as an array of inline tables
    return Document(defaults, lines, tuple(ItemRecord(line, item) for line, item in zip(at, items, strict=False)))
