"""Answers that fall silent."""

import time

import pytest

from avow.endpoint.patience import Patience
from avow.exchange.exchange import (
    Status,
)
from tests.exchange.asking import COMPLETE, HALF, against
from tests.raw_server import STALL, Step, again, http, stream
from tests.streams import (
    answer,
    sse,
)


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
