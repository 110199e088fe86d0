"""One reading of a body, for a question of avow's own, for the proxy's copy and for `avow judge`."""

import json
import threading

import pytest

from avow.errors import AvowError, ExchangeError, Failure, UsageError
from avow.exchange.response import ResponseReader
from avow.proxy.answer import AnswerReader
from avow.received.intake import Intake
from avow.wire.body import LONGEST_BLANK, Opening, begins_events
from avow.wire.message import Message
from avow.wire.secret import Secrets
from tests import streams
from tests.exchange.test_response import Body

WHOLE = streams.sse(*streams.answer("Hello, ", "world"))
MESSAGE = streams.message({"type": "text", "text": "Hello"})
NO_REASON = {**MESSAGE, "stop_reason": None}
Read = tuple[str | None, bool, str | None, int | None]


def _told(message: Message | None, error: AvowError | None) -> Read:
    kind = error.failure.type if isinstance(error, ExchangeError) else None
    code = int(error.exit_code) if isinstance(error, ExchangeError) else None
    return message.text if message else None, bool(message and message.whole), kind, code


def _asked(data: bytes) -> Read:
    reader = ResponseReader(threading.Lock(), lambda event: None)
    try:
        reader.read(Body(data))
    except ExchangeError as error:
        return _told(reader.message(), error)
    return _told(reader.message(), None)


def _passed(data: bytes) -> Read:
    reader = AnswerReader(200, {"content-type": "text/event-stream"}, Secrets())
    for start in range(0, len(data), 4096):
        reader.feed(data[start : start + 4096])
    answer = reader.end(None)
    return _told(answer.message, answer.error)


def _handed_over(data: bytes) -> Read:
    intake = Intake()
    (received,) = [*intake.feed(data), *intake.end()]
    return _told(received.answer.message, received.answer.error)


@pytest.mark.parametrize(
    "data",
    [
        WHOLE,
        WHOLE.rstrip(b"\n"),
        b"\xef\xbb\xbf" + WHOLE,
        b"\r\n" * 5000 + WHOLE,
        WHOLE.replace(b"\n", b"\r\n"),
        WHOLE[: WHOLE.rindex(b"event: message_delta")],
        WHOLE[: WHOLE.rindex(b"event: message_stop")],
        WHOLE.replace(b'"end_turn"', b"null"),
        WHOLE + streams.sse({"type": "error", "error": {"type": "api_error", "message": "m"}}),
        WHOLE[: WHOLE.rindex(b"event: message_delta")] + b"data: {\n\n",
        json.dumps(MESSAGE).encode(),
        b"\n" * 5000 + json.dumps(MESSAGE).encode(),
        json.dumps(NO_REASON).encode(),
        json.dumps({**MESSAGE, "content": [{"type": "text"}, {"type": 1}]}).encode(),
        WHOLE + b"data: {\n\n",
        json.dumps({**MESSAGE, "content": [{"type": "text", "text": "half \ud83d"}]}).encode(),
        b'{"type": "error", "error": {"type": "overloaded_error", "message": "m"}}',
    ],
    ids=[
        *("a stream", "no blank line at its end", "a byte order mark", "blanks before it", "CRLF", "cut in a block"),
        *("no stop", "no reason", "an error after its end", "garbage in it"),
        *("a message", "blanks before a message", "a message without a reason", "a block without text"),
        *("garbage after its end", "half an emoji", "an error"),
    ],
)
def test_three_readers_read_the_same(data: bytes) -> None:
    read = _asked(data)
    assert read == _passed(data) == _handed_over(data)
    str(read[0]).encode()  # as it will be, on a screen and in the history


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (WHOLE[: WHOLE.rindex(b"event: message_stop")], 200, "the stream ended before the answer did"),
        (WHOLE.replace(b'"end_turn"', b"null"), 200, "the stream ended without saying why the model stopped"),
        (json.dumps(NO_REASON).encode(), 200, "the answer does not say why the model stopped"),
        (json.dumps(MESSAGE).encode(), 206, "the answer is only a part (HTTP 206)"),
    ],
    ids=["no stop", "no reason", "a message without a reason", "HTTP 206"],
)
def test_what_is_not_whole_says_what_is_missing(data: bytes, status: int, words: str) -> None:
    reader = AnswerReader(status, {"request-id": "req_1"}, Secrets())
    reader.feed(data)
    answer = reader.end(None)
    assert answer.message is not None
    assert answer.error is not None
    assert (answer.message.whole, answer.error.failure.message) == (False, words)
    assert (answer.error.exit_code, answer.error.request_id) == (7, "req_1")


def test_blanks_without_end_are_no_answer() -> None:
    reader = AnswerReader(200, {}, Secrets())
    for _ in range(LONGEST_BLANK // 65536 + 2):
        reader.feed(b" " * 65536)
    assert reader.is_over
    assert _told(None, reader.end(None).error)[2] == "not_an_answer"


def test_a_cut_names_how_it_was_cut() -> None:
    reader = AnswerReader(200, {}, Secrets())
    reader.feed(WHOLE.rstrip(b"\n"))
    error = reader.end(Failure("stream_ended", None, "the connection broke")).error
    assert error is not None
    assert error.failure.message == "the connection broke"


def test_a_body_begins_where_it_says_something() -> None:
    opening = Opening()
    assert [opening.feed(piece) for piece in (b"\xef", b"\xbb\xbf", b" \n", b"data: 1")] == [b"", b"", b"", b"data: 1"]
    assert begins_events(b"data: 1")
    assert not begins_events(b"")


def test_blanks_without_end_are_nothing_to_judge() -> None:
    intake = Intake()
    for _ in range(LONGEST_BLANK // 65536):
        assert not list(intake.feed(b"\n" * 65536))
    with pytest.raises(UsageError, match="empty"):
        list(intake.feed(b"\n"))
