"""A plan becomes an exchange: over the real transport, against a server that says and does what each case needs."""

import gzip
import json
import signal
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avow.endpoint.credential import Credential
from avow.endpoint.patience import Patience
from avow.endpoint.transport import Transport
from avow.errors import FileError, Interrupted, ReaderGone
from avow.exchange.attempts import Limits
from avow.exchange.exchange import (
    Exchange,
    ExchangeEvent,
    HandedOver,
    Noted,
    Problem,
    Retrying,
    Started,
    Status,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
)
from avow.exchange.plan import Plan
from avow.exchange.run import converse
from avow.exit_codes import BySignal, ExitCode
from avow.routing.verdict import RequestFacts, Verdict
from avow.wire.request import Endpoint, Request
from avow.wire.sse import LIMIT
from tests.conftest import CANARY
from tests.examples import up_to
from tests.raw_server import RESET, STALL, RawServer, Step, again, http, stream, unused_port
from tests.streams import (
    ASKED,
    OTHER,
    Json,
    answer,
    as_events,
    block,
    chunked,
    end,
    fallback,
    message,
    messages,
    sse,
    start,
    text,
    words,
)


@dataclass
class Outcome:
    """What came of a conversation, and all that was told of it."""

    exchange: Exchange
    told: list[ExchangeEvent] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    server: RawServer | None = None

    @property
    def shown(self) -> str:
        return "".join(h.text for h in self.told if isinstance(h, TextWritten))

    @property
    def summary(self) -> tuple[Status, Verdict | None, int | None, str | None]:
        failure = self.exchange.error
        return self.exchange.status, self.exchange.verdict, self.exchange.exit_code, failure.type if failure else None

    @property
    def hint(self) -> str | None:
        return self.exchange.error.hint if self.exchange.error else None

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]


def asking(
    url: str,
    *,
    body: Json | None = None,
    patience: Patience | None = None,
    watch: Any = None,
    save: Any = None,
    wait: bool = False,
    retries: int = 2,
    **plan: Any,
) -> Outcome:
    """Ask `url` over the real transport; waits between tries are noted and not waited, unless `wait`."""
    sent = {
        "model": ASKED,
        "max_tokens": 9,
        "stream": True,
        "messages": [{"role": "user", "content": "hi"}],
        **(body or {}),
    }
    limits = patience or Patience(5.0, 5.0)
    transport = Transport(Credential(CANARY))
    outcome = Outcome(Exchange(id="1", conversation_id="1", created_at="", requested_model=ASKED))

    def on_event(event: ExchangeEvent) -> None:
        outcome.told.append(event)
        if watch:
            watch(event)

    def pause(seconds: float) -> None:
        outcome.waits.append(seconds)
        if wait:
            time.sleep(seconds)

    def send(request: Request) -> Any:
        outcome.sent.append(request)
        return transport.send(request, limits)

    try:
        outcome.exchange = converse(
            Plan(
                endpoint=Endpoint(url),
                request=Endpoint(url).messages(sent, credit=plan.get("credit", False)),
                asked=RequestFacts(ASKED, host="127.0.0.1"),
                limits=Limits(retries, limits.deadline),
                **plan,
            ),
            outcome.exchange,
            send=send,
            on_event=on_event,
            save=save or (lambda _exchange: None),
            sleep=pause,
        )
    finally:
        transport.close()
    return outcome


def against(*answers: list[Step] | bytes, **more: Any) -> Outcome:
    with RawServer(*answers) as server:
        outcome = asking(server.url, **more)
        outcome.server = server
    return outcome


OK = stream(sse(*answer("Hel", "lo")), "request-id: req_1")
HALF = sse(start(), *words(0, "half")[:-1])
COMPLETE = (Status.COMPLETE, Verdict.AS_REQUESTED, 0, None)


def error(kind: str, status: str, *headers: str, code: str | None = None, words: str = "the API's words") -> bytes:
    inner = {"type": kind, "message": words, **({"details": {"error_code": code}} if code else {})}
    return http(json.dumps({"type": "error", "error": inner}).encode(), status, "application/json", *headers)


def test_an_answer() -> None:
    outcome = against(OK)
    assert outcome.summary == COMPLETE
    assert (outcome.exchange.text, outcome.shown) == ("Hello", "Hello")
    assert (outcome.exchange.reply.request_id, outcome.exchange.reply.message_id) == ("req_1", "msg_1")
    assert outcome.exchange.reply.usage == {"input_tokens": 9, "output_tokens": 5}
    assert isinstance(outcome.told[0], Started)
    assert outcome.exchange.reply.first_token_ms is not None
    assert outcome.server is not None
    (request,) = outcome.server.requests
    assert request.line == "POST /v1/messages HTTP/1.1"
    assert request.headers["x-api-key"] == CANARY
    assert json.loads(request.body)["model"] == ASKED


# What arrives, and how it ends: (answer, status, verdict, exit status, error type, text).
ENDINGS: dict[str, tuple[list[Step] | bytes, Status, Verdict | None, int, str | None, str]] = {
    "whole though a stream was asked for": (http(json.dumps(message(text("Hello"))).encode()), *COMPLETE, "Hello"),
    "whole, and called a stream": (
        http(json.dumps(message(text("x"))).encode(), "200 OK", "text/event-stream"),
        *COMPLETE,
        "x",
    ),
    "a stream called JSON": (stream(sse(*answer("x")), kind="application/json"), *COMPLETE, "x"),
    "a stream without a type": (stream(sse(*answer("x")), kind=""), *COMPLETE, "x"),
    "no event names, noise at the end": (
        stream(b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in answer("x")) + b"data: [DONE]\n\n"),
        *COMPLETE,
        "x",
    ),
    "a comment first": (stream(b": OPENROUTER PROCESSING\n\n" + sse(*answer("x"))), *COMPLETE, "x"),
    "lone CRs to the very end": (stream(sse(*answer("x"), end="\r")), *COMPLETE, "x"),
    "a torn byte order mark": ([stream(), b"\xef", 0.05, b"\xbb\xbf" + sse(*answer("x"))], *COMPLETE, "x"),
    "garbage after the end": (stream(sse(*answer("x")) + b"data: {{{\n\n"), *COMPLETE, "x"),
    "gzip": (
        http(gzip.compress(sse(*answer("zip"))), "200 OK", "text/event-stream", "content-encoding: gzip"),
        *COMPLETE,
        "zip",
    ),
    "an empty answer": (stream(sse(start(), *end())), *COMPLETE, ""),
    "refused": (
        stream(sse(start(), *end("refusal", stop_details={"category": "bio"}))),
        Status.REFUSED,
        Verdict.REFUSED,
        11,
        None,
        "",
    ),
    "refused in mid-answer": (
        stream(sse(start(), *words(0, "a"), *end("refusal"))),
        Status.REFUSED,
        Verdict.REFUSED,
        11,
        None,
        "",
    ),
    "max_tokens": (
        stream(sse(*answer("a", stop_reason="max_tokens"))),
        Status.TRUNCATED,
        Verdict.AS_REQUESTED,
        8,
        None,
        "a",
    ),
    "pause_turn": (
        stream(sse(*answer("a", stop_reason="pause_turn"))),
        Status.TRUNCATED,
        Verdict.AS_REQUESTED,
        8,
        None,
        "a",
    ),
    "tool_use": (
        stream(sse(*answer("a", stop_reason="tool_use"))),
        Status.TRUNCATED,
        Verdict.AS_REQUESTED,
        8,
        None,
        "a",
    ),
    "compaction": (
        stream(sse(*answer("a", stop_reason="compaction"))),
        Status.TRUNCATED,
        Verdict.AS_REQUESTED,
        8,
        None,
        "a",
    ),
    "end of context": (
        stream(sse(*answer("a", stop_reason="model_context_window_exceeded"))),
        Status.TRUNCATED,
        Verdict.AS_REQUESTED,
        8,
        None,
        "a",
    ),
    "max_tokens of another model": (
        stream(sse(*answer("a", model=OTHER, stop_reason="max_tokens"))),
        Status.TRUNCATED,
        Verdict.SUBSTITUTED,
        12,
        None,
        "a",
    ),
    "a stop reason of next year": (stream(sse(*answer("a", stop_reason="satisfied"))), *COMPLETE, "a"),
    "another model": (stream(sse(*answer("a", model=OTHER))), Status.COMPLETE, Verdict.SUBSTITUTED, 12, None, "a"),
    "no model": (stream(sse(*answer("a", model=None))), Status.COMPLETE, Verdict.UNVERIFIED, 13, None, "a"),
    "a fallback": (
        stream(sse(start(OTHER), *block(0, fallback()), *words(1, "a"), *end())),
        Status.COMPLETE,
        Verdict.FALLBACK,
        10,
        None,
        "a",
    ),
    "a start that was lost": (stream(sse(*answer("a")[1:])), Status.COMPLETE, Verdict.UNVERIFIED, 13, None, "a"),
    "cut": (stream(HALF), Status.INCOMPLETE, Verdict.UNVERIFIED, 7, "stream_ended", "half"),
    "cut before message_stop": (
        stream(sse(*answer("all")[:-1])),
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "stream_ended",
        "all",
    ),
    "stopped without a reason": (
        stream(sse(start(), *words(0, "a"), {"type": "message_stop"})),
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "stream_ended",
        "a",
    ),
    "cut after a handover": (
        stream(sse(start(), *words(0, "a"), *block(1, fallback()), *words(2, "b"))),
        Status.INCOMPLETE,
        Verdict.FALLBACK,
        7,
        "stream_ended",
        "ab",
    ),
    "cut, of another model": (
        stream(sse(start(OTHER), *words(0, "a"))),
        Status.INCOMPLETE,
        Verdict.SUBSTITUTED,
        7,
        "stream_ended",
        "a",
    ),
    "cut short of its length": (
        http(HALF, "200 OK", "text/event-stream").replace(b"content-length: ", b"content-length: 9"),
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "stream_ended",
        "half",
    ),
    "reset in mid-answer": (
        [stream(HALF), 0.2, RESET],
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "stream_ended",
        "half",
    ),
    "an error in mid-answer": (
        stream(HALF + sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})),
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "overloaded_error",
        "half",
    ),
    "an event that is no JSON": (
        stream(HALF + b"data: {{{\n\n"),
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "not_an_answer",
        "half",
    ),
    "an event beyond all size": (
        [stream(HALF + b"data: "), *([b"x" * (LIMIT // 8)] * 9)],
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "not_an_answer",
        "half",
    ),
    "a web page": (
        http(b"<!DOCTYPE html><title>Sign in</title>", "200 OK", "text/html"),
        Status.FAILED,
        None,
        5,
        "not_an_answer",
        "",
    ),
    "words": (http(b"error code: 1020", "200 OK", "text/plain"), Status.FAILED, None, 5, "not_an_answer", ""),
    "nothing": (http(b""), Status.FAILED, None, 5, "not_an_answer", ""),
    "a list": (http(b"[1, 2]"), Status.FAILED, None, 5, "not_an_answer", ""),
    "another API's object": (http(b'{"choices": []}'), Status.FAILED, None, 5, "not_an_answer", ""),
    "half of a whole answer": (
        http(json.dumps(message(text("x"))).encode()[:40]),
        Status.INCOMPLETE,
        Verdict.UNVERIFIED,
        7,
        "stream_ended",
        "",
    ),
    "absurdly deep": (http(b'{"content":' + b"[" * 100_000), Status.FAILED, None, 5, "not_an_answer", ""),
    "only message_stop": (stream(sse({"type": "message_stop"})), Status.FAILED, None, 5, "not_an_answer", ""),
    "a redirect": (
        http(b"", "307 Temporary Redirect", "text/html", "location: http://127.0.0.1:1/"),
        Status.FAILED,
        None,
        5,
        "not_an_answer",
        "",
    ),
    "a redirect that looks like an answer": (
        http(json.dumps(message(text("x"))).encode(), "302 Found"),
        Status.FAILED,
        None,
        5,
        "not_an_answer",
        "",
    ),
    "an error in a 200": (
        http(b'{"type":"error","error":{"type":"invalid_request_error","message":"no"}}'),
        Status.FAILED,
        None,
        4,
        "invalid_request_error",
        "",
    ),
    "an error event alone": (
        stream(sse({"type": "error", "error": {"type": "authentication_error", "message": "no"}})),
        Status.FAILED,
        None,
        3,
        "authentication_error",
        "",
    ),
    "400": (error("invalid_request_error", "400 Bad Request"), Status.FAILED, None, 4, "invalid_request_error", ""),
    "401": (error("authentication_error", "401 Unauthorized"), Status.FAILED, None, 3, "authentication_error", ""),
    "404": (error("not_found_error", "404 Not Found"), Status.FAILED, None, 4, "not_found_error", ""),
    "an error whose body breaks off": (
        error("authentication_error", "401 Unauthorized").replace(b"content-length: ", b"content-length: 9"),
        Status.FAILED,
        None,
        3,
        "authentication_error",
        "",
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_endings(name: str) -> None:
    steps, status, verdict, code, kind, answered = ENDINGS[name]
    outcome = against(steps)
    assert outcome.summary == (status, verdict, code, kind)
    assert outcome.exchange.text == answered
    assert outcome.server is not None
    assert len(outcome.server.requests) == 1, "it was sent again"
    if status is not Status.REFUSED:
        assert outcome.shown == answered


def test_an_error_in_a_stream_has_the_status_of_its_response() -> None:
    for body in (HALF, b""):
        event = sse({"type": "error", "error": {"type": "invalid_request_error", "message": "no"}})
        failure = against(stream(body + event)).exchange.error
        assert failure is not None
        assert (failure.type, failure.status, failure.message) == ("invalid_request_error", 200, "no")


# What is tried again, and what is not: (answers, retries, status, exit status, error type).
BUSY = error("overloaded_error", "529 Overloaded")
RETRIES: dict[str, tuple[list[list[Step] | bytes], int, Status, int, str | None]] = {
    "overloaded once": ([BUSY, OK], 1, Status.COMPLETE, 0, None),
    "overloaded for good": ([BUSY], 2, Status.FAILED, 5, "overloaded_error"),
    "an internal error": ([error("api_error", "500 Error"), OK], 1, Status.COMPLETE, 0, None),
    "a gateway's page": ([http(b"<h1>Bad</h1>", "502 Bad Gateway", "text/html"), OK], 1, Status.COMPLETE, 0, None),
    "408": ([error("timeout_error", "408 Timeout"), OK], 1, Status.COMPLETE, 0, None),
    "409": ([error("conflict_error", "409 Conflict"), OK], 1, Status.COMPLETE, 0, None),
    "rate limited": ([error("rate_limit_error", "429 Slow", "retry-after: 3"), OK], 1, Status.COMPLETE, 0, None),
    "rate limited for an hour": (
        [error("rate_limit_error", "429 Slow", "retry-after: 3600")],
        0,
        Status.FAILED,
        5,
        "rate_limit_error",
    ),
    "a spend limit": (
        [error("rate_limit_error", "429 Slow", "retry-after: 3", code="enforced_spend_limit_reached")],
        0,
        Status.FAILED,
        3,
        "rate_limit_error",
    ),
    "x-should-retry: false": (
        [error("overloaded_error", "529 Overloaded", "x-should-retry: false")],
        0,
        Status.FAILED,
        5,
        "overloaded_error",
    ),
    "x-should-retry: true": (
        [error("invalid_request_error", "400 Bad", "x-should-retry: true"), OK],
        1,
        Status.COMPLETE,
        0,
        None,
    ),
    "an overloaded error in a 200": (
        [stream(sse({"type": "error", "error": {"type": "overloaded_error"}})), OK],
        1,
        Status.COMPLETE,
        0,
        None,
    ),
    "closed before a response": ([[], OK], 1, Status.COMPLETE, 0, None),
    "reset before a response": ([[RESET], OK], 1, Status.COMPLETE, 0, None),
    "ended before the answer began": ([stream(b": wait\n\n"), OK], 0, Status.FAILED, 6, "stream_ended"),
    "an empty stream": ([stream(), OK], 1, Status.COMPLETE, 0, None),
    "always closed before a response": ([[]], 2, Status.FAILED, 6, "connection"),
    "always an empty stream": ([stream()], 2, Status.FAILED, 6, "stream_ended"),
    "a broken whole answer is paid already": (
        [http(json.dumps(message(text("x"))).encode()).replace(b"content-length: ", b"content-length: 9")],
        0,
        Status.INCOMPLETE,
        7,
        "stream_ended",
    ),
}


@pytest.mark.parametrize("name", RETRIES)
def test_retries(name: str) -> None:
    answers, retries, status, code, kind = RETRIES[name]
    outcome = against(*answers)
    assert outcome.exchange.reply.retries == len(outcome.of(Retrying)) == len(outcome.waits) == retries
    failure = outcome.exchange.error
    assert (outcome.exchange.status, outcome.exchange.exit_code) == (status, code)
    assert (failure.type if failure else None) == kind
    assert outcome.server is not None
    assert len(outcome.server.requests) == retries + 1


def test_what_the_api_asks_to_wait_is_waited_for() -> None:
    outcome = against(error("rate_limit_error", "429 Slow", "retry-after: 3"), OK)
    assert outcome.waits == [3.0]
    assert outcome.of(Retrying) == [Retrying(1, 3.0, "rate limited (429)")]


def test_a_wait_that_is_too_long_is_named() -> None:
    outcome = against(error("rate_limit_error", "429 Slow", "retry-after: 3600"))
    assert "60 minutes" in (outcome.hint or "")
    spent = against(error("rate_limit_error", "429 Slow", "retry-after: 9", code="enforced_spend_limit_reached"))
    assert "waiting does not help" in (spent.hint or "")


def test_no_retries() -> None:
    outcome = against(BUSY, retries=0)
    assert (outcome.exchange.exit_code, outcome.waits) == (5, [])


def test_a_wait_past_the_deadline_is_not_begun() -> None:
    answer_ = error("rate_limit_error", "429 Slow", "retry-after: 20")
    outcome = against(answer_, patience=Patience(5, 5, time.monotonic() + 10))
    assert (outcome.exchange.exit_code, outcome.waits) == (5, [])


def test_a_request_that_is_sent_again_is_not_encoded_again() -> None:
    outcome = against(BUSY, BUSY, OK)
    assert outcome.summary == COMPLETE
    assert len(outcome.sent) == 3
    assert all(request is outcome.sent[0] for request in outcome.sent)


def test_an_endpoint_without_fallbacks_is_asked_again_without_them_once() -> None:
    words_ = "fallbacks: Extra inputs are not permitted"
    refusal = error("invalid_request_error", "400 Bad", words=words_)
    outcome = against(refusal, OK, body={"fallbacks": "default"})
    assert outcome.summary == COMPLETE
    assert outcome.server is not None
    first, second = outcome.server.requests
    assert json.loads(first.body)["fallbacks"] == "default"
    assert "fallbacks" not in json.loads(second.body)
    assert "anthropic-beta" in first.headers
    assert "anthropic-beta" not in second.headers
    assert [note for note in outcome.of(Noted) if "fallbacks" in note.text]
    always = against(refusal, body={"fallbacks": "default"})
    assert always.server is not None
    assert (always.exchange.exit_code, len(always.server.requests)) == (4, 2)


# -- silence


def quick(first: float = 0.3, between: float = 0.3, deadline: float | None = None) -> Patience:
    return Patience(first, between, None if deadline is None else time.monotonic() + deadline)


SILENCE: dict[str, tuple[list[Step], float | None, Status, int, str]] = {
    "before a response": ([STALL], None, Status.FAILED, 6, "timeout"),
    "after the headers": ([stream(), STALL], None, Status.FAILED, 6, "stalled"),
    "in mid-answer": ([stream(HALF), STALL], None, Status.INCOMPLETE, 7, "stalled"),
    "in a whole answer": ([http(b"x" * 99)[:-50].replace(b"x", b"{", 1), STALL], None, Status.FAILED, 6, "stalled"),
    "the deadline, before a response": ([STALL], 0.2, Status.FAILED, 6, "timeout"),
    "the deadline, in mid-answer": ([stream(HALF), STALL], 1.0, Status.INCOMPLETE, 7, "stalled"),
    "the deadline, while bytes keep coming": (
        [stream(HALF), *again(1000, b": ping\n\n", 0.02)],
        1.0,
        Status.INCOMPLETE,
        7,
        "stalled",
    ),
    "the deadline, while headers keep coming": (
        [b"HTTP/1.1 200 OK\r\n", *again(400, b"x-a: b\r\n", 0.05)],
        0.4,
        Status.FAILED,
        6,
        "timeout",
    ),
}


@pytest.mark.parametrize("name", SILENCE)
def test_silence_ends_it_and_it_is_not_asked_twice(name: str) -> None:
    steps, deadline, status, code, kind = SILENCE[name]
    first, between = (60.0, 60.0) if deadline else (0.3, 60.0) if steps[0] == STALL else (60.0, 0.3)
    before = time.monotonic()
    outcome = against(steps, patience=quick(first, between, deadline))
    assert time.monotonic() - before < 15
    failure = outcome.exchange.error
    assert (outcome.exchange.status, outcome.exchange.exit_code) == (status, code)
    assert failure is not None
    assert failure.type == kind
    assert outcome.server is not None
    assert len(outcome.server.requests) == 1
    assert outcome.exchange.text == ("half" if status is Status.INCOMPLETE else "")


def test_pings_keep_a_slow_answer_alive() -> None:
    slow: list[Step] = [stream(HALF), *again(60, sse({"type": "ping"}), 0.02), sse(*answer("")[-2:])]
    assert against(slow, patience=quick(60, 1)).summary == COMPLETE  # all the pings together take longer


# -- what is told


def test_a_hand_over_is_told_in_its_place() -> None:
    events = [start(), *words(0, "a"), *block(1, fallback()), *words(2, "b"), *end()]
    outcome = against(stream(sse(*events)))
    assert outcome.told[1:] == [
        TextWritten(ASKED, "a"),
        HandedOver(ASKED, OTHER, "cyber", True),
        TextWritten(OTHER, "b"),
    ]
    first = against(stream(sse(start(OTHER), *block(0, fallback()), *words(1, "b"), *end())))
    assert first.told[1:] == [HandedOver(ASKED, OTHER, "cyber", False), TextWritten(OTHER, "b")]


def test_a_whole_answer_is_told_alike() -> None:
    body = message({"type": "thinking", "thinking": "hm", "signature": "s"}, text("a"), fallback(), text("b"))
    outcome = against(http(json.dumps(body).encode()))
    assert outcome.told[1:] == [
        ThinkingWritten("hm"),
        TextWritten(ASKED, "a"),
        HandedOver(ASKED, OTHER, "cyber", True),
        TextWritten(OTHER, "b"),
    ]


def test_text_that_is_refused_is_withdrawn() -> None:
    outcome = against(stream(sse(start(), *words(0, "a"), *end("refusal"))))
    assert outcome.told[-1] == Withdrawn(ASKED, "a")
    assert outcome.exchange.routing.withdrawn_text == "a"


def test_half_an_emoji_is_held_back_until_the_other_half_comes() -> None:
    whole = against([stream(sse(*answer("a\ud83d", "\ude00b")[:3])), 0.05, sse(*answer("a\ud83d", "\ude00b")[3:])])
    assert whole.shown == whole.exchange.text == "a😀b"
    cut = against([stream(sse(start(), *words(0, "a\ud83d")[:-1])), 0.05, RESET])
    assert cut.shown == cut.exchange.text == "a\ufffd"
    apart = against(stream(sse(start(), *words(0, "a\ud83d"), *words(1, "\ude00"), *end())))
    assert apart.shown == apart.exchange.text == "a\ufffd\ufffd"


def test_text_in_the_chunk_of_a_bad_event_is_shown() -> None:
    outcome = against(stream(HALF + b"data: nonsense\n\n"))
    assert outcome.shown == "half"


@settings(max_examples=up_to(40), deadline=None)
@given(messages, st.lists(st.integers(0, 5000), max_size=4), st.booleans())
def test_what_is_shown_is_what_is_kept(body: Json, cuts: list[int], whole: bool) -> None:
    data = sse(*as_events(body)[: None if whole else -1])
    steps: list[Step] = [stream()]
    for piece in chunked(data, cuts):
        steps += [piece, 0.001]
    outcome = against(steps)
    kept = outcome.exchange.text + (outcome.exchange.routing.withdrawn_text or "")
    assert outcome.shown == kept
    assert whole or outcome.exchange.verdict is not Verdict.AS_REQUESTED
    assert whole is (outcome.exchange.status is not Status.INCOMPLETE)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.lists(st.sampled_from(sse(*answer("x")).splitlines(keepends=True))).map(b"".join))
def test_any_bytes_end_in_an_exchange(body: bytes) -> None:
    outcome = against(stream(body), retries=0)
    exchange = outcome.exchange
    assert exchange.status is not Status.PENDING
    assert (exchange.error is None) is (exchange.status in (Status.COMPLETE, Status.TRUNCATED, Status.REFUSED))
    assert (exchange.verdict is None) is (exchange.status is Status.FAILED)
    if exchange.status is Status.FAILED:
        assert exchange.exit_code in (1, 3, 4, 5, 6)


# -- saving and signals


@pytest.mark.slow  # by default, of a process that is killed: test_signals
def test_what_arrives_is_saved_at_least_every_second() -> None:
    saved: list[tuple[float, str]] = []
    begun = time.monotonic()
    pieces: list[Step] = []
    for number in range(12):
        event = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": str(number)}}
        pieces += [sse(event), 0.2]
    against([stream(HALF), *pieces], save=lambda exchange: saved.append((time.monotonic() - begun, exchange.text)))
    moments = [0.0, *(moment for moment, _text in saved)]
    assert len(saved) >= 2
    assert all(b - a < 1.2 for a, b in pairwise(moments))
    assert saved[0][1].startswith("half")
    assert len(saved[-1][1]) > len(saved[0][1])


def test_a_signal_in_mid_answer_keeps_what_came() -> None:
    def stop(event: ExchangeEvent) -> None:
        if isinstance(event, TextWritten):
            raise Interrupted(signal.SIGINT)

    outcome = against([stream(HALF), STALL], watch=stop)
    assert outcome.summary == (Status.INTERRUPTED, Verdict.UNVERIFIED, 130, "interrupted")
    assert (outcome.exchange.text, outcome.exchange.signal) == ("half", signal.SIGINT)


NO_FIT = Problem(ExitCode.NO_FIT, "first")
CHECKS = (lambda _: None, lambda _: NO_FIT, lambda _: Problem(ExitCode.NO_FIT, "second"))


def test_the_first_problem_that_is_found_with_an_answer_counts() -> None:
    outcome = against(OK, checks=CHECKS)
    assert (outcome.exchange.problem, outcome.exchange.exit_code) == (NO_FIT, ExitCode.NO_FIT)


@pytest.mark.parametrize("first", [Started, TextWritten], ids=["at once", "in mid-answer"])
def test_an_answer_that_cannot_be_written_is_exit_1_whatever_else_is_wrong(first: type[Any]) -> None:
    def full(event: ExchangeEvent) -> None:
        if isinstance(event, first):
            raise FileError("stdout cannot be written: no space", hint="make room")

    outcome = against(OK, watch=full, checks=CHECKS)
    assert outcome.exchange.exit_code is ExitCode.UNEXPECTED


def test_a_signal_counts_before_any_problem() -> None:
    def stop(event: ExchangeEvent) -> None:
        if isinstance(event, TextWritten):
            raise Interrupted(signal.SIGTERM)

    assert against(OK, watch=stop, checks=CHECKS).exchange.exit_code == BySignal(signal.SIGTERM)


def test_a_signal_before_the_answer_leaves_no_verdict() -> None:
    def stop(event: ExchangeEvent) -> None:
        if isinstance(event, Retrying):
            raise Interrupted(signal.SIGTERM)

    outcome = against(BUSY, watch=stop)
    assert outcome.summary == (Status.INTERRUPTED, None, 143, "interrupted")


def test_a_closed_stdout_ends_it_and_a_reroute_already_seen_is_kept() -> None:
    def leave(event: ExchangeEvent) -> None:
        if isinstance(event, TextWritten) and event.model == OTHER:
            raise ReaderGone("stdout is closed")

    events = [start(), *words(0, "a"), *block(1, fallback()), *words(2, "b")]
    outcome = against([stream(sse(*events)), STALL], watch=leave)
    assert outcome.summary == (Status.INTERRUPTED, Verdict.FALLBACK, 141, "interrupted")


# -- the network


def test_nobody_listens() -> None:
    outcome = asking(f"http://127.0.0.1:{unused_port()}")
    assert outcome.summary == (Status.FAILED, None, 6, "connection")
    assert outcome.exchange.reply.retries == 2


def test_a_name_that_does_not_exist() -> None:
    outcome = asking("http://no-such-host.invalid", retries=0)
    assert outcome.summary == (Status.FAILED, None, 6, "connection")


def test_a_setting_that_forbids_the_request_ends_the_exchange_too() -> None:
    outcome = asking("ftp://127.0.0.1")
    assert outcome.exchange.status is Status.FAILED
    assert outcome.exchange.exit_code == ExitCode.USAGE
    assert outcome.exchange.error is not None
    assert "https://" in outcome.exchange.error.message


@pytest.mark.parametrize("name", ["400", "a web page", "cut", "a redirect"])
def test_the_key_stands_nowhere(name: str) -> None:
    outcome = against(ENDINGS[name][0])
    assert CANARY not in repr(outcome.exchange) + repr(outcome.told)


def test_accepted_fallback() -> None:
    events = [start(OTHER), *block(0, fallback()), *words(1, "a"), *end()]
    assert against(stream(sse(*events)), accept_fallback=True).exchange.exit_code == 0
    cut = against(stream(sse(*events[:-1])), accept_fallback=True)
    assert cut.exchange.exit_code == 7
