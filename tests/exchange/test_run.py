"""A plan becomes an exchange: over the real transport, against a server that says and does what each case needs."""

import gzip
import json
import signal
import time
from itertools import pairwise
from typing import Any

import pytest

from avow.errors import FileError, Interrupted, ReaderGone
from avow.exchange.exchange import (
    ExchangeEvent,
    Problem,
    Retrying,
    Started,
    Status,
    TextWritten,
)
from avow.exit_codes import BySignal, ExitCode
from avow.routing.verdict import Verdict
from avow.wire.sse import LIMIT
from tests.conftest import CANARY
from tests.exchange.asking import BUSY, COMPLETE, HALF, OK, against, asking, error
from tests.raw_server import RESET, STALL, Step, http, stream, unused_port
from tests.streams import (
    ASKED,
    OTHER,
    answer,
    block,
    end,
    fallback,
    message,
    sse,
    start,
    text,
    words,
)


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
