"""Messages of the API as events and bytes, written by hand, and strategies that make many of them."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
ASKED = "claude-fable-5-2"
OTHER = "claude-opus-4-8"
THIRD = "claude-opus-5"


def sse(*events: Json, end: str = "\n") -> bytes:
    """The bytes of a stream of these events, raw as the API writes them: U+2028 is not escaped, half an emoji is."""
    return b"".join(
        f"event: {event.get('type', 'x')}{end}data: ".encode() + _raw(event) + (end * 2).encode() for event in events
    )


def _raw(event: Json) -> bytes:
    try:
        return json.dumps(event, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(event).encode()


def start(model: str | None = ASKED, **more: Any) -> Json:
    """`message_start`."""
    message: Json = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "stop_reason": None}
    if model is not None:
        message["model"] = model
    return {"type": "message_start", "message": {**message, "usage": {"input_tokens": 9, "output_tokens": 1}, **more}}


def block(index: int, value: Json, *deltas: Json) -> list[Json]:
    """A block with its deltas."""
    return [
        {"type": "content_block_start", "index": index, "content_block": value},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def words(index: int, *pieces: str) -> list[Json]:
    """A text block in pieces."""
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def fallback(source: str = ASKED, target: str = OTHER, category: str | None = "cyber") -> Json:
    """A `fallback` block."""
    trigger = {"type": "refusal", "category": category}
    return {"type": "fallback", "from": {"model": source}, "to": {"model": target}, "trigger": trigger}


def iteration(kind: str, model: str | None, **more: Any) -> Json:
    """An entry of `usage.iterations`."""
    entry: Json = {"type": kind, "input_tokens": 9, "output_tokens": 5, **more}
    return entry if model is None else {**entry, "model": model}


def end(stop_reason: str | None = "end_turn", iterations: list[Json] | None = None, **more: Any) -> list[Json]:
    """`message_delta` and `message_stop`."""
    usage: Json = {"output_tokens": 5}
    if iterations is not None:
        usage["iterations"] = iterations
    delta = {"stop_reason": stop_reason, "stop_sequence": None, **more}
    return [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]


def answer(*pieces: str, model: str | None = ASKED, stop_reason: str | None = "end_turn") -> list[Json]:
    """A plain answer."""
    return [start(model), *words(0, *(pieces or ("Hello",))), *end(stop_reason)]


def message(*content: Json, model: str | None = ASKED, stop_reason: str = "end_turn", **more: Any) -> Json:
    """A message that is not streamed."""
    body: Json = {"id": "msg_1", "type": "message", "role": "assistant", "content": list(content)}
    if model is not None:
        body["model"] = model
    return {**body, "stop_reason": stop_reason, "usage": {"input_tokens": 9, "output_tokens": 5}, **more}


def text(value: str) -> Json:
    """A text block."""
    return {"type": "text", "text": value}


def as_events(body: Json, pieces: int = 3) -> list[Json]:
    """A whole message as the events that would have streamed it."""
    head = {**body, "content": [], "stop_reason": None, "usage": {"input_tokens": 9, "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": head}]
    for index, value in enumerate(body["content"]):
        match value["type"]:
            case "text":
                events += block(index, {**value, "text": ""}, *_cut(value["text"], "text_delta", "text", pieces))
            case "thinking":
                deltas = _cut(value["thinking"], "thinking_delta", "thinking", pieces)
                signature = {"type": "signature_delta", "signature": value["signature"]}
                events += block(index, {**value, "thinking": "", "signature": ""}, *deltas, signature)
            case "tool_use":
                deltas = _cut(json.dumps(value["input"]), "input_json_delta", "partial_json", pieces)
                events += block(index, {**value, "input": {}}, *deltas)
            case _:
                events += block(index, value)
    delta = {key: body[key] for key in ("stop_reason", "stop_details") if key in body}
    events.append({"type": "message_delta", "delta": delta, "usage": body["usage"]})
    return [*events, {"type": "message_stop"}]


def _cut(value: str, kind: str, key: str, pieces: int) -> list[Json]:
    size = max(1, -(-len(value) // pieces))
    return [{"type": kind, key: value[n : n + size]} for n in range(0, len(value), size)]


prose = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\u2028\u2029\x85\x0b\x0c\r\n🙂é"), max_size=40
)
models = st.sampled_from([ASKED, OTHER, THIRD, f"{ASKED}-20260901"])
blocks = st.one_of(
    st.builds(text, prose),
    st.builds(lambda t: {"type": "thinking", "thinking": t, "signature": "sig"}, prose),
    st.builds(
        lambda v: {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"v": v}}, st.integers(0, 9) | prose
    ),
    st.builds(fallback, models, models, st.sampled_from(["cyber", "bio", None])),
    st.just({"type": "from_the_future", "weight": 1.5, "text": "not the answer's"}),
)
iterations = st.lists(
    st.builds(
        iteration,
        st.sampled_from(["message", "fallback_message", "advisor_message", "compaction"]),
        models | st.none(),
    ),
    max_size=4,
)
messages = st.builds(
    lambda content, model, reason, ran: {
        **message(*content, model=model, stop_reason=reason),
        "usage": {"input_tokens": 9, "output_tokens": 5, **({"iterations": ran} if ran else {})},
    },
    st.lists(blocks, max_size=5),
    models | st.none(),
    st.sampled_from(["end_turn", "refusal", "max_tokens"]),
    iterations,
)


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` cut at these places (any numbers)."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]
