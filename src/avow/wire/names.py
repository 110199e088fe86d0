"""All places of a response that name a model, also those that were overwritten later (rule 11 of `avow.routing`)."""

import json
from collections.abc import Iterator
from typing import Any

from avow.values import NamedTuple
from avow.wire.json_value import JsonObject, encodable, encodable_value, items, obj, parse_noting, text

_LONGEST = 200
_NAMING = ("model", "message", "delta", "content_block", "usage")
_NOTED_BY_FOLD = {
    "message_start": ("message",),
    "content_block_start": ("content_block",),
    "message_delta": ("model", "delta", "usage"),
    "message_stop": ("model", "usage"),
}
_ITERATION_KINDS = frozenset({"fallback_message", "compaction", "advisor_message"})


REPEATED = " (repeated)"
"""Added to the name of a field that an object has twice, for the value that the second one replaced."""


class NamedModel(NamedTuple):
    """A model that the response names: `field` is the place, `kind` the role in which it is named.

    Kinds: `model` (the message's own field), `from` and `to` (the sides of a fallback block), `fallback_message`,
    `compaction` and `advisor_message` (an iteration of that type), `message` (any other iteration, and every place that
    does not say which role the model has).
    """

    field: str
    kind: str
    model: str


def names_in_message(message: JsonObject) -> list[NamedModel]:
    """The models named by a message or by part of one: its own field, fallback blocks, `usage.iterations`."""
    named = _named("model", "model", message.get("model"))
    for index, block in enumerate(items(message.get("content"))):
        named += names_in_block(f"content[{index}]", block)
    for index, entry in enumerate(items(obj(message.get("usage")).get("iterations"))):
        kind = entry.get("type")
        known = kind if isinstance(kind, str) and kind in _ITERATION_KINDS else "message"
        named += _named(f"usage.iterations[{index}].model", known, entry.get("model"))
    return named


def names_in_block(where: str, block: JsonObject) -> list[NamedModel]:
    """The models that a block names: the sides of a `fallback` block; in any other block the same fields, and the
    `model` of a text. `where` is the block's place, as `content[0]`."""
    if block.get("type") == "fallback":
        return [name for side in ("from", "to") for name in _named(f"{where}.{side}.model", side, _side(block, side))]
    odd = [(side, block[side].get("model")) for side in ("from", "to") if isinstance(block.get(side), dict)]
    own = _named(f"{where}.model", "message", block.get("model")) if text(block.get("type")) in (None, "text") else []
    return [*own, *(name for side, value in odd for name in _named(f"{where}.{side}.model", "message", value))]


def names_in_event(body: JsonObject) -> list[NamedModel]:
    """The models that an event of an unknown type or shape names, at the places where events name one."""
    kind = text(body.get("type")) or "event"
    named = _named(f"{kind}.model", "message", body.get("model"))
    for key in ("message", "delta"):
        named += [name._replace(field=f"{kind}.{name.field}") for name in names_in_message(obj(body.get(key)))]
    named += names_in_block(f"{kind}.content_block", obj(body.get("content_block")))
    return [*named, *(n for n in names_in_message({"usage": body.get("usage")}))]


def declares_handover(message: JsonObject) -> bool:
    """Whether a message, or part of one, declares that a fallback served: by a block or an iteration, with or without
    the models' names."""
    entries = items(obj(message.get("usage")).get("iterations"))
    return any(block.get("type") == "fallback" for block in items(message.get("content"))) or any(
        entry.get("type") == "fallback_message" for entry in entries
    )


def names_beside(data: bytes) -> list[NamedModel]:
    """The models named in the JSON of an event at places where its type has no name: beside a block or a piece of one,
    in the `delta` of a `message_stop`, and in values that a second key of the same name replaced. `data` is valid
    JSON."""
    body, named = parse_naming(data)
    if isinstance(body, dict):
        noted = _NOTED_BY_FOLD.get(text(body.get("type")) or "", ())
        beside = names_in_event({key: body[key] for key in ("type", *_NAMING) if key in body and key not in noted})
        # What stands in an odd place speaks against the message's own name, never in its place.
        named += [name._replace(kind="message") if name.kind == "model" else name for name in beside]
    return named


def parse_naming(data: bytes) -> tuple[Any, list[NamedModel]]:
    """The JSON value in `data` with every string in it encodable, and its `repeated_names`. Only where an object has a
    key twice are the bytes read twice. Raises ValueError, as `parse`."""
    value, repeats = parse_noting(data)
    if b"\\u" in data:  # half a surrogate pair can only come as an escape: most answers need no look at each string
        value = encodable_value(value)
    return value, repeated_names(data) if repeats else []


def repeated_names(data: bytes) -> list[NamedModel]:
    """The models named in values that a second key of the same name replaced, and handovers declared there: JSON
    readers keep the last of two equal keys without a warning. `data` is valid JSON."""
    overwritten: list[tuple[str, Any]] = []

    def keep_last(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in pairs:
            if key in kept and kept[key] != value:
                overwritten.append((key, kept[key]))
            kept[key] = value
        return kept

    json.loads(data, object_pairs_hook=keep_last, parse_int=str, parse_float=str)
    found = ((key, name) for key, value in overwritten for name in _models_in(key, value))
    return [NamedModel(f"{key}{REPEATED}", "message", name) for key, name in found]


def _models_in(key: str, value: object) -> Iterator[str]:
    """The names in `value`, which stood under `key`. A type that declares a handover counts as a name, which is the
    same as no model's."""
    if key == "type" and value in ("fallback", "fallback_message"):
        yield str(value)
    elif key == "model":
        yield from (name.model for name in _named("model", "model", value))
    elif isinstance(value, dict):
        for inner, item in value.items():
            yield from _models_in(inner, item)
    elif isinstance(value, list):
        for item in value:
            yield from _models_in("", item)


def _named(field: str, kind: str, value: object) -> list[NamedModel]:
    name = name_in(value)
    return [] if name is None else [NamedModel(field, kind, name)]


def name_in(value: object) -> str | None:
    """The name in `value`, which stands where a name should; None where it is missing or empty. For a value that is not
    a string it is the first 200 characters of its JSON: a name that is the same as no model's."""
    if value is None or value == "":
        return None
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)[:_LONGEST]
    return encodable(shown)


def _side(block: JsonObject, side: str) -> object:
    value = block.get(side)
    return value.get("model") if isinstance(value, dict) else value
