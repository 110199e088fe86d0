"""Every scenario, streamed and whole, against the grammar of the API's streams."""

import http.client
from collections.abc import Callable
from typing import Any

import pytest

from avow.simulator.scenarios import names
from avow.simulator.server import Simulator
from tests.simulator.conftest import CREDIT, FALLBACK, Json, ask, body

BROKEN = {"cut", "hangup", "reset", "stalled", "error_midway", "broken_json", "handover_cut", "silent"}
FAILING = {
    "rate_limited", "retry_hour", "spend_limit", "overloaded", "server_error", "unauthorised", "billing", "forbidden",
    "unknown_model", "html", "error_200", "openai_error", "unavailable", "unavailable_then_declined",
    "litellm_refused",
}  # fmt: skip
NOT_WITH_FALLBACKS = {
    "no_fallbacks", "no_fallbacks_field", "no_fallbacks_header", "foundry", "vllm", "fastapi",
    *(name for name, _ in names() if name.startswith("bedrock_beta")),
}  # fmt: skip
SOUND = [
    name
    for name, _ in names()
    if name not in BROKEN | FAILING | {"not_stream"} and not name.startswith("picks")  # drawn by chance each time
]
# As the API does it: a whole answer leaves out what a model wrote before it declined.
SHORTER_WHOLE = {"handover", "hops"}

Start = Callable[..., Simulator]


def fold(events: list[Json], *, usage: bool = True) -> Json:
    """The message of a stream, checking the grammar on the way."""
    events = [event for event in events if event["type"] not in ("ping", "stand_in_news")]
    assert events[0]["type"] == "message_start"
    assert events[-1]["type"] == "message_stop"
    message: Json = events[0]["message"]
    assert message["content"] == []
    assert message["stop_reason"] is None
    assert ("usage" in message) is usage
    open_block: Json | None = None
    ended = False
    for event in events[1:-1]:
        match event["type"]:
            case "content_block_start":
                assert open_block is None
                assert not ended
                assert event["index"] == len(message["content"])
                open_block = dict(event["content_block"], json="")
            case "content_block_delta":
                assert open_block is not None
                assert event["index"] == len(message["content"])
                apply(open_block, event["delta"])
            case "content_block_stop":
                assert open_block is not None
                assert event["index"] == len(message["content"])
                message["content"].append(finish(open_block))
                open_block = None
            case "message_delta":
                assert open_block is None
                ended = True
                message |= event["delta"]
                if usage:
                    message["usage"] |= event["usage"]
            case other:
                pytest.fail(f"unexpected {other}")
    assert ended
    return message


def apply(block: Json, delta: Json) -> None:
    match delta["type"]:
        case "text_delta":
            assert delta["text"]
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "input_json_delta":
            block["json"] += delta["partial_json"]
        case "compaction_delta":
            block |= {key: value for key, value in delta.items() if key != "type"}
        case other:
            assert other == "stand_in_delta"


def finish(block: Json) -> Json:
    import json

    gathered = block.pop("json")
    if gathered:
        assert block["input"] == {}
        block["input"] = json.loads(gathered)
    if block["type"] == "text":
        block["text"] = block["text"].encode("utf-16", "surrogatepass").decode("utf-16")
    return block


def text(message: Json) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


def without_citations(content: list[Json]) -> list[Json]:
    return [{key: value for key, value in block.items() if key != "citations"} for block in content]


@pytest.mark.parametrize("policy", ["plain", "with_fallbacks"])
@pytest.mark.parametrize("name", SOUND)
def test_a_stream_folds_to_the_whole_message(name: str, policy: str, simulate: Start) -> None:
    more: Json = {}
    betas = ""
    if policy == "with_fallbacks" and name not in NOT_WITH_FALLBACKS:
        more, betas = {"fallbacks": "default"}, f"{FALLBACK},{CREDIT}"
    chosen = {"long": "long:250", "slow": "slow:0.001"}.get(name, name)
    usage = name not in ("no_usage", "swallowing")
    streamed = ask(simulate(chosen), body(stream=True, **more), betas=betas)
    whole = ask(simulate(chosen), body(**more), betas=betas)
    assert (streamed.status, whole.status) == (200, 200)
    assert streamed.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert whole.headers["content-type"] == "application/json"
    folded, message = fold(streamed.events, usage=usage), whole.json
    assert ("usage" in message) is usage
    for key in ("stop_reason", "stop_sequence"):
        assert folded[key] == message[key]
    if policy == "with_fallbacks" and name in SHORTER_WHOLE:
        handed = [block for block in message["content"] if block["type"] == "fallback"]
        assert handed == [block for block in folded["content"] if block["type"] == "fallback"]
        assert handed[-1]["to"]["model"] == message["model"]
        assert folded["model"] != message["model"]
        return
    assert folded.get("model") == message.get("model")
    assert without_citations(folded["content"]) == without_citations(message["content"])
    if usage:
        kinds = [item["type"] for item in folded["usage"].get("iterations", [])]
        assert kinds == [item["type"] for item in message["usage"].get("iterations", [])]


@pytest.mark.parametrize("name", sorted(FAILING - {"html", "error_200"}))
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_errors_have_a_status_and_a_body(name: str, stream: bool, simulate: Start) -> None:
    answer = ask(simulate(name), body(stream=stream))
    assert answer.status >= 400
    assert answer.message


def parts(sim: Simulator, request: Json, seconds: float) -> tuple[bytes, str]:
    """What arrives of a broken answer, and how it ends; after so many seconds without a byte it is not waited for."""
    import json

    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=seconds)
    headers = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
    connection.request("POST", "/v1/messages", json.dumps(request).encode(), headers)
    arrived = b""
    try:
        answer = connection.getresponse()
        while piece := answer.read1(100):
            arrived += piece
        # read1 does not tell a short body from a whole one
        return arrived, "end" if answer.length in (None, 0) else "IncompleteRead"
    except (OSError, http.client.HTTPException) as error:
        return arrived, type(error).__name__
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("cut", "end"),
        ("hangup", "IncompleteRead"),
        ("reset", "ConnectionResetError"),
        ("stalled", "TimeoutError"),
        ("error_midway", "end"),
        ("broken_json", "end"),
        ("silent", "TimeoutError"),
    ],
)
def test_broken_streams_break_as_named(name: str, ending: str, simulate: Start) -> None:
    arrived, how = parts(simulate(name), body(stream=True), 0.6 if ending == "TimeoutError" else 60)
    assert how == ending
    assert b"message_stop" not in arrived
    assert (b"text_delta" in arrived) is (name != "silent")
    assert (b"overloaded_error" in arrived) is (name == "error_midway")


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("cut", "IncompleteRead"),
        ("hangup", "IncompleteRead"),
        ("reset", "ConnectionResetError"),
        ("stalled", "TimeoutError"),
        ("broken_json", "end"),
        ("silent", "TimeoutError"),
    ],
)
def test_broken_whole_answers_break_as_named(name: str, ending: str, simulate: Start) -> None:
    arrived, how = parts(simulate(name), body(), 0.6 if ending == "TimeoutError" else 60)
    assert how == ending
    assert not arrived.endswith(b"}")
    assert arrived.startswith(b'{"id"') is (name != "silent")


def test_an_error_midway_is_an_error_when_whole(simulate: Start) -> None:
    assert ask(simulate("error_midway"), body()).status == 529


@pytest.mark.parametrize("count", [1, 99, 100, 101, 20_000])
def test_long_answers_have_so_many_deltas(count: int, simulate: Start) -> None:
    events = ask(simulate(f"long:{count}"), body(stream=True)).events
    deltas = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    assert len(deltas) == count
    assert "".join(deltas) == text(ask(simulate(f"long:{count}"), body()).json)


def test_data_is_padded_before_the_last_brace(simulate: Start) -> None:
    raw = ask(simulate("requested"), body(stream=True)).body
    assert len({line.count(b" }") and len(line) - len(line.rstrip(b"}").rstrip()) for line in raw.splitlines()}) > 3


def test_raw_line_separators_stand_inside_the_json(simulate: Start) -> None:
    assert "\u2028".encode() in ask(simulate("hostile"), body(stream=True)).body


def test_odd_lines_have_crlf_a_mark_and_several_data_lines(simulate: Start) -> None:
    raw = ask(simulate("odd_lines"), body(stream=True)).body
    assert raw.startswith(b"\xef\xbb\xbf: ")
    assert b"\r\nid: " not in raw.split(b"\r\n\r\n")[0]
    assert raw.count(b"\r\ndata: ") > raw.count(b"\r\nevent: ")


def test_half_an_emoji_is_escaped(simulate: Start) -> None:
    raw = ask(simulate("split_emoji"), body(stream=True)).body
    assert b"\\ud83d" in raw
    assert b"\\ude00" in raw


def test_pauses_are_kept(simulate: Start) -> None:
    import time

    for request in (body(stream=True, max_tokens=12), body(max_tokens=12)):
        began = time.monotonic()
        answer: Any = ask(simulate("slow:0.1"), request)
        assert answer.status == 200
        assert time.monotonic() - began >= 0.35
