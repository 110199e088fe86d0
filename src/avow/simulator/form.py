"""An answer as server-sent events, or as one JSON object."""

import json
from collections.abc import Iterator

from avow.simulator.playback import PlayedAnswer
from avow.simulator.played_blocks import Block
from avow.simulator.script import Fault, Json, Scenario

# What the server does next: write bytes, wait that many seconds, or break the connection as a `Fault` of that kind.
Step = bytes | float | str

_START_ONLY = ("cache_creation", "service_tier", "speed", "inference_geo")
_BATCH = 64 * 1024


def as_message(answer: PlayedAnswer, scenario: Scenario) -> Json:
    """The answer as the body of a response that is not streamed."""
    message = _head(answer, answer.named)
    message |= {
        "content": [block.whole for block in answer.blocks],
        "stop_reason": answer.stop_reason,
        "stop_sequence": answer.stop_sequence,
        "stop_details": answer.stop_details,
        "container": None,
        "usage": {**answer.usage, **answer.extra_usage},
        **answer.fields,
    }
    if not scenario.usage:
        del message["usage"]
    return message


def as_steps(answer: PlayedAnswer, scenario: Scenario, request_id: str) -> Iterator[Step]:
    """The answer as server-sent events, with the pauses (in seconds) and the fault of the scenario."""
    if scenario.first_delay:
        yield scenario.first_delay
    encode = _Encoder(scenario)
    if scenario.comments:
        yield b"\xef\xbb\xbf: OPENROUTER PROCESSING\n\n"
    yield encode("message_start", message=_started(answer, scenario))
    if scenario.surprises:
        yield encode("stand_in_news", news=["an event no client knows yet"])
    at = _fault_at(answer, scenario.fault)
    done = 0
    for index, block in enumerate(answer.blocks):
        yield encode("content_block_start", index=index, content_block=block.start)
        if index == 0 and scenario.pings:
            yield b'event: ping\ndata: {"type": "ping"}\n\n'
        if at is not None and done <= at < done + len(block.deltas):
            yield from _deltas(encode, index, block, at - done)
            yield from _break(scenario.fault, request_id)
            return
        done += len(block.deltas)
        yield from _repeated(encode, index, block) if block.repeats else _deltas(encode, index, block, None)
        if scenario.surprises:
            yield encode("content_block_delta", index=index, delta={"type": "stand_in_delta", "value": 1})
        yield encode("content_block_stop", index=index)
    if at is not None:
        yield from _break(scenario.fault, request_id)
        return
    yield from _ending(encode, answer, scenario)


def _ending(encode: "_Encoder", answer: PlayedAnswer, scenario: Scenario) -> Iterator[Step]:
    usage = {key: value for key, value in answer.usage.items() if key not in _START_ONLY} | answer.extra_usage
    delta: Json = {
        "stop_reason": answer.stop_reason,
        "stop_sequence": answer.stop_sequence,
        "stop_details": answer.stop_details,
    }
    event: Json = {"delta": delta, "usage": usage}
    if not scenario.usage:
        del event["usage"]
    if scenario.surprises:
        # There may be more than one; the last wins.
        early = {**event, "delta": {**delta, "stop_reason": None}, "usage": {**usage, "output_tokens": 2}}
        yield encode("message_delta", **early)
    yield encode("message_delta", **event)
    yield encode("message_stop")


def _head(answer: PlayedAnswer, model: str | None) -> Json:
    head: Json = {"id": answer.id, "type": "message", "role": "assistant"}
    return head if model is None else {**head, "model": model}


def _started(answer: PlayedAnswer, scenario: Scenario) -> Json:
    message = _head(answer, answer.named_first)
    message |= {"content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
    if scenario.usage:
        message["usage"] = {**answer.usage, "output_tokens": 1, "output_tokens_details": {"thinking_tokens": 0}}
    if scenario.surprises:
        message["stand_in_field"] = {"known": False}
    return {**message, **answer.fields}


def _deltas(encode: "_Encoder", index: int, block: Block, upto: int | None) -> Iterator[Step]:
    for delta in block.deltas[:upto]:
        yield encode("content_block_delta", index=index, delta=delta)
        if block.delay:
            yield block.delay


def _repeated(encode: "_Encoder", index: int, block: Block) -> Iterator[Step]:
    # Encoded once and written in large pieces: no reader is faster.
    period = [encode("content_block_delta", index=index, delta=delta) for delta in block.deltas]
    full = b"".join(period)
    many = max(1, _BATCH // len(full))
    rounds, left = divmod(block.repeats, len(period))
    for start in range(0, rounds, many):
        yield full * min(many, rounds - start)
    if left:
        yield b"".join(period[:left])


def _fault_at(answer: PlayedAnswer, fault: Fault | None) -> int | None:
    """The number of deltas before the fault: by default all of the earlier blocks and half of the last block's."""
    if fault is None:
        return None
    if fault.after is not None:
        return fault.after
    counts = [len(block.deltas) for block in answer.blocks if block.deltas]
    return sum(counts[:-1]) + counts[-1] // 2 if counts else 0


def _break(fault: Fault | None, request_id: str) -> Iterator[Step]:
    kind = fault.kind if fault else "cut"
    if kind == "error":
        error = {"type": "overloaded_error", "message": "Overloaded"}
        data = json.dumps({"type": "error", "error": error, "request_id": request_id})
        yield f"event: error\ndata: {data}\n\n".encode()
    elif kind == "broken_json":
        yield b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"te\n\n'
    else:
        yield kind


class _Encoder:
    """Turns events into bytes, padded as by the API: spaces before the last brace hide their size."""

    def __init__(self, scenario: Scenario) -> None:
        self._crlf = scenario.crlf
        self._count = 0

    def __call__(self, kind: str, **rest: object) -> bytes:
        self._count += 1
        event = {"type": kind, **rest}
        if self._crlf:
            lines = dump(event, indent=0).split(b"\n")
            data = b"\r\n".join(b"data: " + line for line in lines)
            return b"id: %d\r\nretry: 3000\r\nevent: %s\r\n%s\r\n\r\n" % (self._count, kind.encode(), data)
        padding = b" " * (self._count * 7 % 13)
        return b"event: %s\ndata: %s%s}\n\n" % (kind.encode(), dump(event)[:-1], padding)


def dump(value: object, indent: int | None = None) -> bytes:
    """Compact JSON in UTF-8; half an emoji, which UTF-8 cannot hold, is written as an escape."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, separators=separators, indent=indent)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=separators, indent=indent).encode()
