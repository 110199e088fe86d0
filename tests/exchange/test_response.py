"""One response as it comes in, whatever its headers say of it."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from avow.errors import ExchangeError, NotAnAnswer, Rejected, StreamEnded
from avow.exchange.exchange import ExchangeEvent, TextWritten
from avow.exchange.response import ResponseReader
from avow.wire.body import LONGEST_BLANK
from avow.wire.secret import Secrets
from tests.streams import block, end, sse, start, words

MESSAGE = {"type": "message", "model": "m", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}
EVENTS = sse(*[start("m"), *words(0, "hi"), *end()])


class Body:
    """A response of given bytes."""

    def __init__(self, *chunks: bytes, status: int = 200, kind: str = "text/event-stream") -> None:
        self.status = status
        self.headers = {"content-type": kind}
        self.secrets = Secrets()
        self._chunks = chunks

    def chunks(self) -> Iterator[bytes]:
        yield from self._chunks

    def read(self, limit: int = 1 << 20) -> bytes:
        return b"".join(self._chunks)[:limit]


def reading_of(body: Body) -> tuple[ResponseReader, list[ExchangeEvent]]:
    told: list[ExchangeEvent] = []
    reading = ResponseReader(threading.Lock(), told.append)
    reading.read(body)
    return reading, told


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(Body(EVENTS), id="events"),
        pytest.param(Body(EVENTS, kind="application/json"), id="events-named-json"),
        pytest.param(Body(*(EVENTS[i : i + 1] for i in range(len(EVENTS)))), id="byte-by-byte"),
        pytest.param(Body(b"\xef\xbb\xbf", EVENTS), id="a-byte-order-mark"),
        pytest.param(Body(json.dumps(MESSAGE).encode(), kind="application/json"), id="whole"),
        pytest.param(Body(b"  \n", json.dumps(MESSAGE).encode()), id="whole-named-events"),
    ],
)
def test_the_same_message(body: Body) -> None:
    reading, told = reading_of(body)
    message = reading.message()
    assert message is not None
    assert (message.whole, message.text, message.model) == (True, "hi", "m")
    assert "".join(h.text for h in told if isinstance(h, TextWritten)) == "hi"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(Body(b"<html>portal</html>", kind="text/html"), NotAnAnswer, id="a-page"),
        pytest.param(Body(b""), StreamEnded, id="an-empty-stream"),
        pytest.param(Body(b'{"foo": 1}'), NotAnAnswer, id="json-that-is-no-message"),
        pytest.param(Body(b'{"type": "error", "error": {"type": "api_error"}}'), Rejected, id="an-error-with-200"),
        pytest.param(Body(sse(start("m"), *block(0, {"type": "text", "text": "h"}))), StreamEnded, id="cut"),
        pytest.param(Body(b"", status=302), NotAnAnswer, id="a-redirect"),
    ],
)
def test_what_is_no_answer(body: Body, error: type[Exception]) -> None:
    with pytest.raises(error):
        reading_of(body)


def test_blank_bytes_before_an_answer_are_read_in_linear_time_and_to_a_bound() -> None:
    begun = time.process_time()
    reading, _told = reading_of(Body(*[b" \n" * 8] * 40_000, EVENTS))
    assert (reading.message() is not None, time.process_time() - begun < 2) == (True, True)
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while read < 2 * LONGEST_BLANK:
            read += 64
            yield b" " * 64

    body = Body(kind="application/json")
    body.chunks = endless  # type: ignore[method-assign]
    with pytest.raises(NotAnAnswer):
        reading_of(body)
    assert read <= LONGEST_BLANK + 128


def test_the_last_event_may_lack_its_blank_line() -> None:
    message = reading_of(Body(EVENTS.rstrip(b"\n")))[0].message()
    assert message is not None
    assert message.whole


@pytest.mark.parametrize("cut", [2, 20, 60])
def test_only_a_complete_message_stop_may(cut: int) -> None:
    with pytest.raises(StreamEnded):
        reading_of(Body(EVENTS.rstrip(b"\n")[:-cut]))


def test_an_error_after_the_end_in_the_same_bytes_is_heard() -> None:
    late = sse({"type": "error", "error": {"type": "overloaded_error", "message": "late"}})
    with pytest.raises(ExchangeError):
        reading_of(Body(EVENTS + late))
    reading_of(Body(EVENTS, late))  # what has not arrived by then is not waited for


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(Body(json.dumps({**MESSAGE, "stop_reason": None}).encode()), id="no-stop-reason"),
        pytest.param(Body(json.dumps({**MESSAGE, "type": "error", "error": {}}).encode()), id="an-error-with-content"),
        pytest.param(Body(json.dumps(MESSAGE).encode(), status=206), id="a-part"),
    ],
)
def test_a_whole_answer_that_is_not_whole(body: Body) -> None:
    told: list[ExchangeEvent] = []
    reading = ResponseReader(threading.Lock(), told.append)
    with pytest.raises(StreamEnded):
        reading.read(body)
    message = reading.message()
    assert message is not None
    assert not message.whole
    assert "".join(h.text for h in told if isinstance(h, TextWritten)) == "hi"


class Struck(Body):
    """As a transport hands it on: without the key that went out."""

    secrets = Secrets(["sk-ant-api03-Zq8xV1bN5tLrPw2Yk7Jd"])

    def __init__(self, pieces: int) -> None:
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word19\n"}}
        chunk = b"event: content_block_delta\ndata: %s\n\n" % json.dumps(delta, separators=(",", ":")).encode()
        super().__init__(sse(start("m"), *block(0, {"type": "text", "text": ""})[:1]), *[chunk * 50] * (pieces // 50))

    def chunks(self) -> Iterator[bytes]:
        yield from type(self).secrets.chunks(self._chunks)


def calls(pieces: int) -> int:
    """How many calls of functions, Python's own included, such an answer takes; no clock says."""
    reading, count, body = ResponseReader(threading.Lock(), lambda _event: None), 0, Struck(pieces)
    body.secrets = Struck.secrets

    def note(_frame: object, event: str, _function: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        with contextlib.suppress(StreamEnded):
            reading.read(body)
    finally:
        sys.setprofile(None)
    return count


def test_a_piece_of_text_takes_few_calls() -> None:
    """An answer has thousands. There were 77 once, which took 20 µs; now 45 take 12."""
    calls(50)  # what is made once
    assert (calls(1050) - calls(50)) / 1000 < 55
