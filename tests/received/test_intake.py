import gzip
import json
from typing import Any

import pytest

from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.received.intake import Intake, ReceivedAnswer
from avow.wire.body import LONGEST_BLANK, LONGEST_WHOLE

Json = dict[str, Any]
OPUS = "claude-opus-4-8"
MESSAGE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": OPUS,
    "content": [{"type": "text", "text": "é\u2028."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
BODY = json.dumps(MESSAGE).encode()
PRETTY = json.dumps(MESSAGE, indent=2, ensure_ascii=False).encode()
EVENTS = (
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
)
STREAM = b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in EVENTS)
HEAD = b"HTTP/2 200 \r\ncontent-type: application/json\r\nrequest-id: req_1\r\nset-cookie: s=secret\r\n\r\n"
BEFORE = b"HTTP/1.1 200 Connected\r\n\r\nHTTP/1.1 307 Temporary\r\nlocation: /\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
ERROR = b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}'


def result(item: str, **more: Any) -> Json:
    return {"custom_id": item, "result": more}


RESULTS = (
    result("a", type="succeeded", message=MESSAGE),
    result("b", type="errored", error={"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}),
    result("c", type="canceled"),
    result("d", type="expired"),
    result("e", type="novel"),
)
BATCH = b"".join(json.dumps(each).encode() + b"\n" for each in RESULTS)


def taken(data: bytes, size: int = 1 << 20) -> list[ReceivedAnswer]:
    intake = Intake()
    found: list[ReceivedAnswer] = []
    for place in range(0, len(data), size):
        found += intake.feed(data[place : place + size])
    return [*found, *intake.end()]


def essence(received: ReceivedAnswer) -> tuple[object, ...]:
    answer = received.answer
    model = answer.message.model if answer.message else None
    error = answer.error.exit_code if answer.error else None
    return model, error, answer.headers.get("request-id"), received.item


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (BODY, [(OPUS, None, None, None)]),
        (BODY + b"\n", [(OPUS, None, None, None)]),
        (b"\xef\xbb\xbf" + PRETTY, [(OPUS, None, None, None)]),
        (STREAM, [(OPUS, None, None, None)]),
        (HEAD + PRETTY, [(OPUS, None, "req_1", None)]),
        (HEAD + STREAM, [(OPUS, None, "req_1", None)]),
        (BEFORE + HEAD + BODY, [(OPUS, None, "req_1", None)]),
        (BODY + b"\n\n" + BODY, [(OPUS, None, None, None)] * 2),
        (ERROR, [(None, ExitCode.UNAVAILABLE, None, None)]),
        (b"HTTP/1.1 401 x\r\nrequest-id: r\r\n\r\n<p>", [(None, ExitCode.CREDENTIALS, "r", None)]),
        (b"HTTP/1.1 529 \r\nrequest-id: r\r\n\r\n", [(None, ExitCode.UNAVAILABLE, "r", None)]),
        (BODY[:-20], [(None, ExitCode.INCOMPLETE, None, None)]),
        (STREAM[:-30], [(OPUS, ExitCode.INCOMPLETE, None, None)]),
        (BODY + b"\n" + BODY[:-20], [(OPUS, None, None, None), (None, ExitCode.INCOMPLETE, None, None)]),
        (
            BATCH,
            [
                (OPUS, None, None, "a"),
                (None, ExitCode.REJECTED, None, "b"),
                (None, ExitCode.UNAVAILABLE, None, "c"),
                (None, ExitCode.UNAVAILABLE, None, "d"),
                (None, ExitCode.UNAVAILABLE, None, "e"),
            ],
        ),
    ],
)  # fmt: skip
def test_answers_of_every_form(data: bytes, expected: list[tuple[object, ...]], size: int) -> None:
    assert [essence(each) for each in taken(data, size)] == expected


def test_a_coding_is_undone_once() -> None:
    head = HEAD.replace(b"request-id", b"content-encoding: gzip\r\nrequest-id")
    for body in (STREAM, gzip.compress(STREAM), BODY):
        assert [essence(each)[0] for each in taken(head + body)] == [OPUS]


def test_a_stream_is_told_at_its_end_and_not_the_pipes() -> None:
    intake = Intake()
    assert [essence(each)[0] for each in intake.feed(STREAM)] == [OPUS]
    assert list(intake.feed(b"more")) == list(intake.end()) == []


def test_no_cookie_is_kept() -> None:
    assert "secret" not in repr(taken(HEAD + BODY))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<html>", "a page of HTML or XML"),
        (b'{"id', "JSON that breaks off, or is damaged"),
        (b"[1]", "a JSON array"),
        (b"[1", "a damaged JSON array"),
        (b"hello\nyou", "text: 'hello'"),
        ("h\u00e9".encode()[:-1], "text: 'h"),
        (b"null", "a JSON value that is not an object"),
        (b"\x00\x01\xff", "binary data"),
        (b"\x1f\x8b\x08damaged", "gzip data"),
        (b"\x28\xb5\x2f\xfddamaged", "Zstandard data"),
        (BODY.decode().encode("utf-16"), "text in UTF-16"),
        (b"HTTP/1.1 200 OK\r\n", "HTTP headers that break off"),
        (b'data: {"object":"chat.completion.chunk","model":"gpt"}\n\ndata: [DONE]\n\n', "the Chat Completions API"),
        (b'data: {"a":1}\n\ndata: [DONE]\n\n', "a stream of another API"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000, "HTTP headers that break off"),
        (b" " * (LONGEST_BLANK + 1), "empty"),
        (b"{}", "an empty JSON object"),
        (b'event: response.created\ndata: {"type":"response.created"}\n\n', "the Responses API"),
        (b"event: ping\n", "text: 'event: ping'"),
        (b'{"model":"x","messages":[]}', "a request, not a response"),
        (b'{"choices":[]}', "an answer of the Chat Completions API"),
        (b'{"schema":"avow.answer/1"}', "an object that avow itself printed"),
        (b'{"type":"message_batch"}', "the state of a batch"),
        (b'{"data":[]}', "a list"),
        (b'{"a":1}', "a JSON object with the keys a"),
        (BODY + b"\nhello\n", "line 2: .*text: 'hello'"),
    ],
)
def test_what_is_no_response(data: bytes, words: str) -> None:
    if data == b"event: ping\n":
        assert [each.answer.error and each.answer.error.exit_code for each in taken(data)] == [ExitCode.INCOMPLETE]
        return
    with pytest.raises(UsageError, match=words):
        taken(data)


@pytest.mark.parametrize(
    ("start", "words"),
    [(b"{", "the response is"), (b"{\n", "the response is"), (BODY + b"\n\n", "line 3 is")],
)
def test_what_is_too_large(start: bytes, words: str) -> None:
    """It is told before all has come."""
    intake, piece = Intake(), b" " * (LONGEST_WHOLE // 2)
    for data in (start, piece, piece[2:]):
        list(intake.feed(data))
    with pytest.raises(UsageError, match=f"{words} larger than {LONGEST_WHOLE >> 20} MiB"):
        list(intake.feed(b"   "))
