"""The observer of calls: a copy of what passes in, calls and answers out; and faults that stay its own."""

import itertools
import json
import time

import pytest

from avow.proxy import call_observer
from avow.proxy.call_observer import CallAnswered, CallEvent, CallObserver, CallSent
from avow.proxy.head import AccessRule, parse
from avow.proxy.observer import ConnectionEnd
from tests import streams
from tests.canary import CANARY

BODY = json.dumps({"model": streams.ASKED, "messages": [{"role": "user", "content": "hi"}]}).encode()
GATE = AccessRule(b"5ec2e7", frozenset({b"localhost:9"}))
SSE = streams.sse(*streams.answer("Hello"))


def chunked(data: bytes, *, end: bytes = b"0\r\n\r\n") -> bytes:
    events = [event + b"\n\n" for event in data.split(b"\n\n") if event]
    return b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events) + end


def streamed(data: bytes = SSE, *, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + chunked(data, end=end)


class Heard:
    """An observer, and what it told."""

    def __init__(self, keep: int = call_observer.LONGEST_REQUEST) -> None:
        self.told: list[CallEvent] = []
        self.faults: list[Exception] = []
        self.failing = False
        self.observer = CallObserver(self._hear, itertools.count(1).__next__, self.faults.append, keep=keep)

    def _hear(self, event: CallEvent) -> None:
        if self.failing:
            self.failing = False
            raise ZeroDivisionError
        self.told.append(event)

    def ask(self, line: bytes = b"POST /5ec2e7/v1/messages", body: bytes = BODY, more: bytes = b"") -> None:
        raw = line + b" HTTP/1.1\r\nHost: localhost:9\r\nX-Api-Key: " + CANARY.encode() + b"\r\n" + more + b"\r\n"
        self.observer.request(parse(raw, GATE))
        for start in range(0, len(body), 40):
            self.observer.request_body(body[start : start + 40])
        self.observer.request_over()

    def answers(self) -> list[tuple[int, int | None, str | None, str | None]]:
        """Number, status, text and the kind of error of each answer."""
        return [
            (
                it.number,
                it.answer.status,
                it.answer.message.text if it.answer.message else None,
                it.answer.error.failure.type if it.answer.error else None,
            )
            for it in self.told
            if isinstance(it, CallAnswered)
        ]

    def calls(self) -> list[int]:
        return [it.call.number for it in self.told if isinstance(it, CallSent)]


@pytest.mark.parametrize("size", [1, 7, 99_999])
def test_a_call_and_its_answer(size: int) -> None:
    heard = Heard()
    session = {"x-claude-code-session-id": "s1", "x-claude-code-request-class": "main", "traceparent": "00-1"}
    more = "".join(f"{name}: {value}\r\n" for name, value in session.items()).encode()
    heard.ask(more=b"User-Agent: x/1\r\nCookie: a\r\nAuthorization: b\r\n" + more)
    (called,) = heard.told
    assert isinstance(called, CallSent)
    assert called.call.body == BODY
    assert called.call.headers == {"user-agent": "x/1", **session}, "nothing that may hold a key is read"
    assert abs(called.call.at - time.time()) < 5
    data = streamed()
    for start in range(0, len(data), size):
        heard.observer.response(data[start : start + size])
    assert not heard.observer.busy
    heard.observer.ended(ConnectionEnd.CLIENT_LEFT, "")
    assert heard.answers() == [(1, 200, "Hello", None)]


def test_only_messages_are_calls_and_pipelined_ones_keep_their_order() -> None:
    heard = Heard()
    heard.ask(b"HEAD /5ec2e7", b"")
    heard.ask()
    heard.ask(b"POST /5ec2e7/v1/messages/count_tokens")
    heard.ask()
    nothing = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
    heard.observer.response(nothing + streamed() + nothing + b"{}" + streamed(streams.sse(*streams.answer("Bye"))))
    assert heard.calls() == [1, 2]
    assert heard.answers() == [(1, 200, "Hello", None), (2, 200, "Bye", None)]
    assert not heard.observer.busy


def test_an_answer_before_the_request_is_whole() -> None:
    heard = Heard()
    heard.observer.request(parse(b"POST /5ec2e7/v1/messages HTTP/1.1\r\nHost: localhost:9\r\n\r\n", GATE))
    heard.observer.request_body(b"{")
    heard.observer.response(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n{}")
    assert heard.answers() == [(1, 413, None, "request_too_large")]
    heard.observer.request_body(b"}")
    heard.observer.request_over()
    assert heard.calls() == [1]


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        (ConnectionEnd.RESET, "stream_ended"),
        (ConnectionEnd.CLOSED, "stream_ended"),
        (ConnectionEnd.CLIENT_LEFT, "interrupted"),
    ],
)
def test_a_stream_that_is_cut(how: ConnectionEnd, kind: str) -> None:
    heard = Heard()
    heard.ask()
    heard.observer.response(streamed()[:-300])
    heard.observer.ended(how, "")
    ((number, status, _text, error),) = heard.answers()
    assert (number, status, error) == (1, 200, kind)


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        (ConnectionEnd.RESET, "connection"),
        (ConnectionEnd.CLOSED, "connection"),
        (ConnectionEnd.UNREACHABLE, "connection"),
        (ConnectionEnd.CLIENT_LEFT, "interrupted"),
    ],
)
def test_a_connection_that_ends_before_an_answer_began(how: ConnectionEnd, kind: str) -> None:
    heard = Heard()
    heard.ask()
    heard.observer.ended(how, "DNS")
    heard.observer.ended(ConnectionEnd.CLIENT_LEFT, "")
    assert heard.answers() == [(1, None, None, kind)]


def test_a_request_that_is_cut_off_is_a_call_too() -> None:
    heard = Heard()
    heard.observer.request(parse(b"POST /5ec2e7/v1/messages HTTP/1.1\r\nHost: localhost:9\r\n\r\n", GATE))
    heard.observer.ended(ConnectionEnd.RESET, "")
    assert (heard.calls(), heard.answers()) == ([1], [(1, None, None, "connection")])


def test_a_body_that_ends_with_the_connection_is_whole_where_that_ends_well() -> None:
    for how, error in ((ConnectionEnd.CLOSED, None), (ConnectionEnd.RESET, None)):
        heard = Heard()
        heard.ask()
        heard.observer.response(b"HTTP/1.1 200 OK\r\n\r\n" + SSE)
        heard.observer.ended(how, "")
        assert heard.answers() == [(1, 200, "Hello", error)], "message_stop had come"
    heard = Heard()
    heard.ask()
    heard.observer.response(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(streams.message()).encode()[:-1])
    heard.observer.ended(ConnectionEnd.RESET, "")
    assert heard.answers() == [(1, 200, None, "stream_ended")]
    heard = Heard()
    heard.ask()
    heard.observer.response(b"HTTP/1.1 200 OK\r\n\r\n" + streams.sse(*streams.answer("Hello")[:-1]))
    heard.observer.ended(ConnectionEnd.CLIENT_LEFT, "")
    assert heard.answers() == [(1, 200, "Hello", "interrupted")], "it did not break: nobody wanted the rest"


@pytest.mark.parametrize(
    "garbage",
    [b"\x00", b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x00", b"HTTP/1.1 200 OK\r\ncontent-length: a\r\n\r\n"],
)
def test_what_cannot_be_read_is_told_once_and_for_all_that_follow(garbage: bytes) -> None:
    heard = Heard()
    heard.ask()
    heard.observer.response(garbage)
    heard.observer.response(streamed())
    heard.ask()
    heard.observer.ended(ConnectionEnd.CLOSED, "")
    assert heard.answers() == [(1, None, None, "not_an_answer"), (2, None, None, "not_an_answer")]
    assert not heard.faults


def test_a_body_after_head_is_garbage_to_the_meter_alone() -> None:
    heard = Heard()
    heard.ask(b"HEAD /5ec2e7/api/hello", b"")
    heard.observer.response(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody")
    heard.ask()
    assert heard.answers() == [(1, None, None, "not_an_answer")]


def test_a_fault_of_its_own_ends_the_reading_and_nothing_else() -> None:
    heard = Heard()
    heard.ask()
    heard.failing = True
    heard.observer.response(streamed())
    assert [type(fault) for fault in heard.faults] == [ZeroDivisionError]
    heard.observer.response(streamed())
    assert not heard.observer.busy
    heard.ask()
    heard.observer.response(streamed())
    assert heard.answers() == [(2, None, None, "not_an_answer")]


def test_a_request_too_large_to_keep_is_still_a_call() -> None:
    heard = Heard(keep=50)
    heard.ask()
    (called,) = heard.told
    assert isinstance(called, CallSent)
    assert called.call.body is None


def test_a_delta_costs_little() -> None:
    """Contract: at most 15 µs of CPU for relay and observer together; this is the observer's part alone, with room for
    a busy machine."""
    events = streams.sse(*streams.answer(*["word "] * 4000)).split(b"\n\n")
    chunks = [b"%x\r\n%b\n\n\r\n" % (len(event) + 2, event) for event in events if event]
    best = 1.0
    for _ in range(3):
        heard = Heard()
        heard.ask()
        heard.observer.response(streamed(b"", end=b""))
        before = time.process_time()
        for chunk in chunks:
            heard.observer.response(chunk)
        best = min(best, (time.process_time() - before) / len(chunks))
    assert best < 60e-6
