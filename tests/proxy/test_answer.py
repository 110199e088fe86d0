"""A response's body, pushed in: the message in it, and what is wrong with it."""

import gzip
import json

import pytest

from avow.errors import Failure
from avow.exit_codes import ExitCode
from avow.proxy.answer import Answer, AnswerReader, abandoned, unanswered, unreachable, unread
from avow.wire.secret import Secrets
from tests import streams

SSE = {"content-type": "text/event-stream", "request-id": "req_1"}
JSON = {"content-type": "application/json"}
WHOLE = streams.sse(*streams.answer("Hello, ", "world"))


def read(
    data: bytes, headers: dict[str, str] = SSE, status: int = 200, *, cut: str | None = None, size: int = 9
) -> Answer:
    reader = AnswerReader(status, headers, Secrets())
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
    return reader.end(Failure("stream_ended", None, cut) if cut else None)


@pytest.mark.parametrize("size", [1, 9, 99_999])
@pytest.mark.parametrize("headers", [SSE, JSON, {}], ids=["as a stream", "as JSON", "as nothing"])
def test_a_stream_whatever_its_headers_say(size: int, headers: dict[str, str]) -> None:
    answer = read(b"\xef\xbb\xbf\n" + WHOLE, headers, size=size)
    assert answer.message is not None
    assert (answer.message.text, answer.message.whole, answer.error) == ("Hello, world", True, None)
    assert answer.readable
    assert answer.first_at is not None
    assert answer.first_at <= answer.ended_at


@pytest.mark.parametrize(
    "body", [WHOLE, json.dumps(streams.message(streams.text("Hello"))).encode()], ids=["a stream", "a message"]
)
def test_when_it_began_and_ended(body: bytes) -> None:
    """A stream begins with its first block, whatever comes before it; a message with its first byte."""
    now = 0.0
    reader = AnswerReader(200, SSE, Secrets(), lambda: now)
    moments = {}
    for now, place in enumerate(range(0, len(body), 20), 1):
        reader.feed(body[place : place + 20])
        moments[now] = body[: place + 20]
    now += 1
    answer = reader.end(None)
    begins = b"content_block_start" if body is WHOLE else b"{"
    begun = next(moment for moment, so_far in moments.items() if begins in so_far)
    assert answer.first_at is not None
    assert begun <= answer.first_at <= begun + (6 if body is WHOLE else 0)
    assert answer.ended_at == now


@pytest.mark.parametrize(
    ("reason", "status", "words"),
    [
        (None, 200, "the answer does not say why the model stopped"),
        ("end_turn", 206, "the answer is only a part (HTTP 206)"),
    ],
)
def test_a_message_that_is_not_whole_is_an_error(reason: str | None, status: int, words: str) -> None:
    body = {**streams.message(streams.text("Hello")), "stop_reason": reason}
    answer = read(json.dumps(body).encode(), JSON, status)
    assert answer.message is not None
    assert not answer.message.whole
    assert answer.error is not None
    assert answer.error.failure == Failure("stream_ended", None, words)


def test_what_one_piece_of_the_network_decodes_to_is_read_to_its_end() -> None:
    long = streams.sse(*streams.answer(*["word " * 20_000] * 4))
    answer = read(gzip.compress(long), {**SSE, "content-encoding": "gzip"}, size=len(long))
    assert answer.message is not None
    assert (len(answer.message.text), answer.message.whole, answer.error) == (400_000, True, None)


def test_a_gateway_that_echoes_the_key_in_a_header_leaves_none_of_it() -> None:
    """Headers become evidence, which is kept and shown."""
    reader = AnswerReader(200, {**SSE, "x-litellm-model-name": "sk-ant-zebra-0123"}, Secrets(["sk-ant-zebra-0123"]))
    reader.feed(WHOLE)
    assert "zebra" not in str(reader.end(None))


@pytest.mark.parametrize("headers", [SSE, JSON], ids=["as a stream", "as JSON"])
def test_a_message_that_is_not_streamed(headers: dict[str, str]) -> None:
    body = streams.message({"type": "text", "text": "Hello"})
    answer = read(b"  " + json.dumps(body).encode(), headers)
    assert answer.message is not None
    assert (answer.message.text, answer.message.whole, answer.error) == ("Hello", True, None)


def test_a_stream_that_is_compressed() -> None:
    answer = read(gzip.compress(WHOLE), {**SSE, "content-encoding": "gzip"}, size=20)
    assert answer.message is not None
    assert answer.message.whole


@pytest.mark.parametrize(
    ("data", "headers", "status", "cut", "kind", "code"),
    [
        (b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', JSON, 529, None, "overloaded_error", 5),
        (b"<html>", {}, 403, None, "permission_error", 3),
        (b"", JSON, 500, "cut", "api_error", 5),
        (b'{"type":"error","error":{"type":"api_error","message":"m"}}', JSON, 200, None, "api_error", 5),
        (streams.sse({"type": "error", "error": {"type": "api_error"}}), SSE, 200, None, "api_error", 5),
        (b"<html>", {}, 200, None, "not_an_answer", 5),
        (b'{"id": 1}', JSON, 200, None, "not_an_answer", 5),
        (b"data: no json\n\n", SSE, 200, None, "not_an_answer", 5),
        (b"", SSE, 200, None, "not_an_answer", 5),
        (b"", SSE, 200, "it broke", "stream_ended", 7),
        (b'{"content": [', JSON, 200, "it broke", "stream_ended", 7),
        (WHOLE[:200], SSE, 200, "it broke", "stream_ended", 7),
        (WHOLE[:200], SSE, 200, None, "stream_ended", 7),
        (b"\x1f\x8bgarbage", SSE, 200, None, "not_an_answer", 5),
        (b"x", {"content-encoding": "exi"}, 200, None, "not_an_answer", 5),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it(
    data: bytes, headers: dict[str, str], status: int, cut: str | None, kind: str, code: int
) -> None:
    answer = read(data, headers, status, cut=cut)
    assert answer.error is not None
    assert (answer.error.failure.type, answer.error.exit_code) == (kind, ExitCode(code))
    assert answer.readable is not (data.startswith(b"\x1f") or headers == {"content-encoding": "exi"})


def test_what_came_of_a_stream_that_broke_stays() -> None:
    answer = read(streams.sse(streams.start(), *streams.words(0, "Hel")), cut="it broke")
    assert answer.message is not None
    assert (answer.message.text, answer.message.whole) == ("Hel", False)
    assert answer.error is not None
    assert (answer.error.failure.message, answer.error.request_id) == ("it broke", "req_1")


@pytest.mark.parametrize(("cut", "is_whole"), [(None, True), ("it broke", False)])
def test_a_last_event_without_its_blank_line_counts_where_the_body_ends_well(cut: str | None, is_whole: bool) -> None:
    answer = read(WHOLE.rstrip(b"\n"), cut=cut)
    assert answer.message is not None
    assert (answer.message.whole, answer.error is None) == (is_whole, is_whole)


def test_what_follows_the_end_is_no_part_of_it() -> None:
    answer = read(WHOLE + b"data: {not json}\n\n" * 9, size=99_999)
    assert answer.error is None


def test_answers_without_a_response() -> None:
    for answer, kind, code, readable, words in (
        (unreachable("why"), "connection", 6, True, "the API cannot be reached: why"),
        (unanswered(), "connection", 6, True, "the connection ended before a response began"),
        (abandoned(), "interrupted", 7, True, "the client left before an answer began"),
        (unread("why"), "not_an_answer", 5, False, "the answer passed, but its copy cannot be read: why"),
    ):
        assert answer.error is not None
        assert (answer.status, answer.message, answer.readable) == (None, None, readable)
        assert (answer.error.failure.type, int(answer.error.exit_code)) == (kind, code)
        assert answer.error.failure.message == words


def test_a_name_beside_a_block_is_heard() -> None:
    events = streams.answer("Hello")
    events[1]["model"] = streams.OTHER
    answer = read(streams.sse(*events))
    assert answer.message is not None
    assert streams.OTHER in {name.model for name in answer.message.named}


def test_the_first_of_two_names_is_heard() -> None:
    body = json.dumps(streams.message(streams.text("Hello"))).replace("{", f'{{"model": "{streams.OTHER}", ', 1)
    answer = read(body.encode(), JSON)
    assert answer.message is not None
    assert [name.model for name in answer.message.named] == [streams.ASKED, streams.OTHER]
