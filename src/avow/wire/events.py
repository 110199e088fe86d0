"""The events of a streamed message as frozen values; those of unknown types are kept as they came.

Named tuples, not dataclasses: thousands are made for an answer, and fourteen classes cost 5 ms at start-up. `at` is
the index of the block that an event is about.
"""

from functools import partial

from avow.errors import Failure, NotAnAnswer
from avow.exit_codes import ExitCode
from avow.values import NamedTuple
from avow.wire.json_value import JsonObject, obj, parse, parse_first, text

UNPLACED = -1
"""The index of an event that does not say which block it is about, or not in a way that can be read."""

_NO_FIELDS: JsonObject = {}  # shared, and written to by nobody


class MessageStarted(NamedTuple):
    """`message_start`: the message without content; its `model` is provisional."""

    message: JsonObject


class BlockStarted(NamedTuple):
    """`content_block_start`."""

    at: int
    block: JsonObject


class TextArrived(NamedTuple):
    """`text_delta`."""

    at: int
    text: str


class ThinkingArrived(NamedTuple):
    """`thinking_delta`."""

    at: int
    text: str


class SignatureArrived(NamedTuple):
    """`signature_delta`: replaces what the block had."""

    at: int
    signature: str


class InputJsonArrived(NamedTuple):
    """`input_json_delta`: a piece of a tool's input."""

    at: int
    partial_json: str


class CitationArrived(NamedTuple):
    """`citations_delta`."""

    at: int
    citation: JsonObject


class DeltaArrived(NamedTuple):
    """Any other delta: `compaction_delta`, and unknown ones."""

    at: int
    delta: JsonObject


class BlockStopped(NamedTuple):
    """`content_block_stop`."""

    at: int


class MessageChanged(NamedTuple):
    """`message_delta`: the fields of `delta` and `usage` (total counts) overwrite earlier ones; `rest` are the
    others."""

    delta: JsonObject
    usage: JsonObject
    rest: JsonObject


class MessageStopped(NamedTuple):
    """`message_stop`: the only proof that the message is whole. `rest` are the fields that a gateway added."""

    rest: JsonObject = _NO_FIELDS


class Pinged(NamedTuple):
    """`ping`, and what gateways send in its place: an event without data, or OpenAI's `[DONE]`."""


class ErrorArrived(NamedTuple):
    """`error`: the stream ends here. `body` is the whole event."""

    body: JsonObject


class UnknownArrived(NamedTuple):
    """An event of an unknown type, or of a known type with an unknown shape."""

    body: JsonObject


Event = (
    MessageStarted
    | BlockStarted
    | TextArrived
    | ThinkingArrived
    | SignatureArrived
    | InputJsonArrived
    | CitationArrived
    | DeltaArrived
    | BlockStopped
    | MessageChanged
    | MessageStopped
    | Pinged
    | ErrorArrived
    | UnknownArrived
)


_text_arrived = partial(tuple.__new__, TextArrived)

_USUAL = '{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta",'
_USUAL_HEADS = {
    head.encode(): at for at in range(16) for head in (_USUAL % at, (_USUAL % at).replace(":", ": ").replace(",", ", "))
}
"""How the event of a piece of text begins, written without blanks (the API) or with Python's default ones, with the
index of its block."""


def decode(data: bytes) -> Event:
    """The event in the `data` of one server-sent event. Its own `type` decides: gateways drop `event:` lines.

    Raises NotAnAnswer for data that is neither a JSON object nor empty nor `[DONE]`.
    """
    head, _, rest = data.partition(b'"text":')
    if head in _USUAL_HEADS and (event := _usual(_USUAL_HEADS[head], rest)) is not None:
        return event
    if data.strip() in (b"", b"[DONE]"):
        return Pinged()
    try:
        body = parse(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise NotAnAnswer(
            Failure("not_an_answer", None, "the stream holds an event that is not a JSON object"),
            ExitCode.UNAVAILABLE,
        )
    return _event(body)


def _usual(index: int, rest: bytes) -> TextArrived | None:
    """The piece of text in an event that ends with `rest`, which begins at the string. Nearly all events are such, so
    only this much of their JSON is read. None where anything else follows the string."""
    rest = rest.lstrip(b" ")
    if not rest.startswith(b'"'):
        return None
    try:
        written = rest.decode()
        piece, end = parse_first(written)
    except ValueError:
        return None
    # The API hides how long a piece is by spaces before the last brace.
    return _text_arrived((index, piece)) if written[end:].replace(" ", "") == "}}" else None


def _event(body: JsonObject) -> Event:
    match body:
        case {"type": "content_block_delta", "delta": dict(delta)}:
            return _delta(_index(body), delta)
        case {"type": "content_block_start", "content_block": dict(block)}:
            return BlockStarted(_index(body), block)
        case {"type": "content_block_stop"}:
            return BlockStopped(_index(body))
        case {"type": "message_start", "message": dict(message)}:
            return MessageStarted(message)
        case {"type": "message_delta"}:
            rest = {key: value for key, value in body.items() if key not in ("type", "delta", "usage")}
            return MessageChanged(obj(body.get("delta")), obj(body.get("usage")), rest)
        case {"type": "message_stop"}:
            return MessageStopped({key: value for key, value in body.items() if key != "type"})
        case {"type": "ping"}:
            return Pinged()
        case {"type": "error"}:
            return ErrorArrived(body)
        case {"error": dict() | str()} | {"message": str()} | {"Message": str()} if text(body.get("type")) is None:
            return ErrorArrived(body)  # as gateways write them: without a type of its own
        case _:
            return UnknownArrived(body)


def _index(body: JsonObject) -> int:
    """Which block the event is about. Gateways have written it as a float and as a string, and left it out."""
    value = body.get("index")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value):
        return int(value)
    return UNPLACED


def _delta(index: int, delta: JsonObject) -> Event:
    match delta:
        case {"type": "text_delta", "text": str(piece)}:
            return TextArrived(index, piece)
        case {"type": "thinking_delta", "thinking": str(piece)}:
            return ThinkingArrived(index, piece)
        case {"type": "signature_delta", "signature": str(signature)}:
            return SignatureArrived(index, signature)
        case {"type": "input_json_delta", "partial_json": str(piece)}:
            return InputJsonArrived(index, piece)
        case {"type": "citations_delta", "citation": dict(citation)}:
            return CitationArrived(index, citation)
        case _:
            return DeltaArrived(index, delta)
