"""Answers in a given form: JSON that fits a schema, and the fenced code block of a text."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from avow.errors import UsageError
from avow.files.reading import PipeWait, as_text, read_file
from avow.text.fences import parser
from avow.wire.json_value import JsonObject, no_constant, obj, parse_own

_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
NOT_ENFORCED = frozenset((*_NUMBERS, "minLength", "maxLength", "minItems", "maxItems"))
"""What the API does not take in a schema (its documentation of structured outputs); avow checks it afterwards. It does
take 0 and 1 as `minItems`."""

# Where schemas stand in a schema (JSON Schema 2020-12 and draft 7): by name, in a list, or alone.
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_ALONE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
_ALONE_TOO = ("unevaluatedItems", "unevaluatedProperties", "additionalItems")
_LONGEST = 300
_INDEX = re.compile("[0-9]{1,9}")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema. `given` is what answers are checked with, `sent` what the API gets, `notes` how they differ."""

    where: str
    given: JsonObject = field(repr=False)
    sent: JsonObject = field(repr=False)
    notes: tuple[str, ...] = ()


def load(path: str, place: str | None = None, wait: PipeWait | None = None) -> Schema:
    """The schema in a file; `place` is what errors call the file. Raises UnreadableFile, and UsageError with the place
    where it is not a schema, or not one that the API takes."""
    place = place or f"--schema {path}"
    return read(read_file(path, place, wait=wait), place)


def read(data: bytes, where: str) -> Schema:
    """The schema in `data`, checked before anything is sent; the same errors as `load`.

    An object that says nothing about further properties is sent with `additionalProperties: false`, which the API
    demands; what it cannot enforce (`NOT_ENFORCED`) is left out of what is sent. Answers are checked with the
    schema as it was given. References to other documents are refused: nothing is fetched.
    """
    given = _parse(data, where)
    _check_is_schema(given, where)
    for pointer, part in _parts(given, "#"):
        _check_references(part, pointer, given, where)
        _check_taken(part, pointer, where)
    _check_not_recursive(given, where)
    left_out = sorted({key for _pointer, part in _parts(given, "#") for key in part if _is_left_out(key, part)})
    notes: tuple[str, ...] = ()
    if left_out:
        notes = (f"the API does not enforce {', '.join(left_out)}; the answer is checked for it when it is there",)
    formats = {name for _pointer, part in _parts(given, "#") if isinstance(name := part.get("format"), str)}
    if unknown := sorted(formats - set(_formats().checkers)):
        notes = (*notes, f"avow cannot check the format {', '.join(unknown)}; any text passes for it")
    return Schema(where, given, _sendable(given), notes)


def response_format(schema: Schema) -> JsonObject:
    """The value of `output_config.format`."""
    return {"type": "json_schema", "schema": schema.sent}


def fits(schema: Schema, text: str) -> str | None:
    """None where `text` is JSON that fits; else the first problem, with the path of the value it is about."""
    from jsonschema.exceptions import ValidationError
    from referencing.exceptions import Unresolvable

    try:
        value = json.loads(text, parse_constant=no_constant)
        found: ValidationError | None = next(_validator(schema.given).iter_errors(value), None)
    except json.JSONDecodeError as error:
        return f"it is not JSON: {error.msg.lower()} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:
        return f"it is not JSON: {error}"
    except Unresolvable as error:
        return f"the schema points to something that is not in it: {error}"
    if found is None:
        return None
    message = found.message if len(found.message) <= _LONGEST else found.message[:_LONGEST] + "…"
    return f"{found.json_path}: {message}"


def extract(text: str, which: str = "first") -> str | None:
    """The content of the first or last fenced code block of a Markdown text, None where there is none.

    By CommonMark: fences in lists and quotes count, indented code does not, and a fence that is never closed (an
    answer cut short) holds all that follows. Fences within a block of Markdown belong to it, as on a terminal. Line
    ends come out as LF.
    """
    reading = parser()
    reading.core.ruler.enableOnly(["normalize", "block"])
    blocks = [token.content for token in reading.parse(text) if token.type == "fence"]
    if not blocks:
        return None
    return blocks[-1] if which == "last" else blocks[0]


def _parse(data: bytes, where: str) -> JsonObject:
    try:
        value = parse_own(as_text(data, where))
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}, line {error.lineno}: not JSON: {error.msg.lower()}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f"{where}: a JSON Schema is an object, this is {_kind(value)}")
    for key in ("$schema", "$id"):
        if key in value and not isinstance(value[key], str):
            raise UsageError(f"{where}: {key} is a text, this is {_kind(value[key])}")
    return value


def _check_is_schema(given: JsonObject, where: str) -> None:
    from jsonschema.exceptions import SchemaError

    try:
        type(_validator(given)).check_schema(given)
    except SchemaError as error:
        pointer = "/".join(["#", *(str(part) for part in error.absolute_path)])
        message = error.message if len(error.message) <= _LONGEST else error.message[:_LONGEST] + "…"
        raise UsageError(f"{where}, at {pointer}: not a JSON Schema: {message}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: nested too deeply") from error
    except ValueError as error:  # of an address in `$schema` or `$id`
        raise UsageError(f"{where}: not a JSON Schema: {error}") from error


def _check_references(part: JsonObject, pointer: str, given: JsonObject, where: str) -> None:
    for key in ("$ref", "$dynamicRef", "$recursiveRef"):
        reference = part.get(key)
        if not isinstance(reference, str):
            continue
        if not reference.startswith("#"):
            raise UsageError(
                f"{where}, at {pointer}: {key} points to another document ({reference})",
                hint="nothing is fetched: copy that schema into $defs and point to #/$defs/NAME",
            )
        if reference.startswith("#/") and not _leads_somewhere(reference, given):
            raise UsageError(f"{where}, at {pointer}: {key} points to {reference}, which is not there")


def _leads_somewhere(reference: str, given: JsonObject) -> bool:
    from urllib.parse import unquote

    current: Any = given
    for step in unquote(reference[2:]).split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(current, dict) and name in current:
            current = current[name]
        elif isinstance(current, list) and _INDEX.fullmatch(name) and int(name) < len(current):
            current = current[int(name)]
        else:
            return False
    return isinstance(current, dict | bool)


def _check_taken(part: JsonObject, pointer: str, where: str) -> None:
    if _is_object(part) and part.get("additionalProperties", False) is not False:
        raise UsageError(
            f"{where}, at {pointer}: the API takes only objects with additionalProperties: false",
            hint="name the properties, or take additionalProperties out",
        )


def _check_not_recursive(given: JsonObject, where: str) -> None:
    """A `$ref` that leads back to itself, which the API does not take (and whose answer could have no end)."""
    by_pointer = dict(_parts(given, "#"))
    links = {pointer: _links(pointer, part, by_pointer) for pointer, part in by_pointer.items()}
    done: set[str] = set()
    for start in by_pointer:
        trail: list[tuple[str, Iterator[str]]] = [(start, iter(links[start]))] if start not in done else []
        on_trail = {start}
        while trail:
            pointer, ahead = trail[-1]
            following = next(ahead, None)
            if following is None:
                trail.pop()
                on_trail.discard(pointer)
                done.add(pointer)
            elif following in on_trail:
                raise UsageError(f"{where}, at {pointer}: the API takes no schema that refers to itself")
            elif following not in done:
                on_trail.add(following)
                trail.append((following, iter(links[following])))


def _links(pointer: str, part: JsonObject, by_pointer: dict[str, JsonObject]) -> list[str]:
    below = [f"{pointer}{step}" for step, _schema in _below(part)]
    reference = part.get("$ref")
    return [*below, reference] if isinstance(reference, str) and reference in by_pointer else below


def _sendable(part: Any) -> Any:
    """The same schema in the form that the API takes."""
    if not isinstance(part, dict):
        return part
    sent = {key: value for key, value in part.items() if not _is_left_out(key, part)}
    for key in _NAMED:
        if isinstance(part.get(key), dict):
            sent[key] = {name: _sendable(schema) for name, schema in part[key].items()}
    for key in (*_LISTED, "items"):
        if isinstance(part.get(key), list):
            sent[key] = [_sendable(schema) for schema in part[key]]
    for key in (*_ALONE, *_ALONE_TOO):
        if isinstance(part.get(key), dict):
            sent[key] = _sendable(part[key])
    if _is_object(part):
        sent["additionalProperties"] = False
    return sent


def _parts(part: JsonObject, pointer: str) -> Iterator[tuple[str, JsonObject]]:
    """Every schema in a schema, itself first, with its JSON Pointer."""
    yield pointer, part
    for step, schema in _below(part):
        yield from _parts(schema, f"{pointer}{step}")


def _below(part: JsonObject) -> list[tuple[str, JsonObject]]:
    found: list[tuple[str, Any]] = []
    for key in _NAMED:
        named = obj(part.get(key))
        found += [(f"/{key}/{_escaped(name)}", schema) for name, schema in named.items()]
    for key in (*_LISTED, "items"):
        listed = part.get(key)
        found += [(f"/{key}/{n}", schema) for n, schema in enumerate(listed)] if isinstance(listed, list) else []
    found += [(f"/{key}", part.get(key)) for key in (*_ALONE, *_ALONE_TOO)]
    return [(step, schema) for step, schema in found if isinstance(schema, dict)]


def _is_left_out(key: str, part: JsonObject) -> bool:
    """Whether the API would not take what `part` says under `key`."""
    return key in NOT_ENFORCED and not (key == "minItems" and part[key] in (0, 1))


def _is_object(part: JsonObject) -> bool:
    kind = part.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or isinstance(part.get("properties"), dict)


def _escaped(name: str) -> str:
    """A name in a JSON Pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _validator(schema: JsonObject) -> Any:
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    # An empty registry fetches nothing, where the default one would.
    cls = validator_for(schema, default=Draft202012Validator)
    return cls(schema, registry=Registry(), format_checker=_formats())


@cache
def _formats() -> Any:
    """What checks `format`: what jsonschema does by itself (date, email, ipv4, ipv6, regex, uuid, and with packages
    that may be there, more), and the times of RFC 3339, for which it wants a package."""
    from datetime import datetime, time

    from jsonschema import FormatChecker

    checker = FormatChecker()

    def is_time(value: object, kind: type[datetime] | type[time], form: str) -> bool:
        if not isinstance(value, str):
            return True
        return re.fullmatch(form, value) is not None and bool(kind.fromisoformat(value.upper().replace(":60", ":59")))

    checker.checks("date-time", raises=ValueError)(lambda value: is_time(value, datetime, rf"{_DATE}[Tt ]{_TIME}"))
    checker.checks("time", raises=ValueError)(lambda value: is_time(value, time, _TIME))
    return checker


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
