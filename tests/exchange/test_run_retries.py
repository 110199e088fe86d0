"""Requests that are sent again: when, after how long, and without what."""

import json
import time

import pytest

from avow.endpoint.patience import Patience
from avow.exchange.exchange import (
    Noted,
    Retrying,
    Status,
)
from tests.exchange.asking import BUSY, COMPLETE, OK, against, error
from tests.raw_server import RESET, Step, http, stream
from tests.streams import (
    message,
    sse,
    text,
)

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
