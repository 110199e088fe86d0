"""`avow models` asks again as a question does: when it may help, as long as it is told, and says so."""

import json
from pathlib import Path

import pytest

from tests.raw_server import RESET, STALL, RawServer, Step, http
from tests.running import run

LISTED = http(b'{"data": [{"id": "claude-opus-5"}]}')


def refused(status: str, kind: str, *headers: str) -> bytes:
    body = {"type": "error", "error": {"type": kind, "message": "not now"}}
    return http(json.dumps(body).encode(), status, "application/json", *headers)


BUSY = refused("429 Too Many Requests", "rate_limit_error", "retry-after-ms: 50")
DOWN = refused("529 Overloaded", "overloaded_error", "retry-after-ms: 50")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([[BUSY], LISTED], ["rate limited (429); retrying in 0.1 s (retry 1)"]),
        ([[DOWN], [BUSY], LISTED], ["overloaded (529)", "rate limited (429)"]),
        ([[RESET], LISTED], ["no connection"]),
    ],
    ids=["429", "529, then 429", "reset"],
)
def test_what_may_pass_is_asked_again(answers: list[list[Step] | bytes], words: list[str], home: Path) -> None:
    with RawServer(*answers) as server:
        ran = run(home, "models", base_url=server.url)
        assert len(server.requests) == len(answers)
    assert (ran.status, b"claude-opus-5" in ran.out) == (0, True)
    assert len(ran.lines) == len(words)
    assert all(f"avow: note: {word}" in line for word, line in zip(words, ran.lines, strict=True))


@pytest.mark.parametrize(
    ("answer", "status", "asked"),
    [
        ([DOWN], 5, 3),
        ([refused("429 Too Many Requests", "rate_limit_error", "retry-after: 3600")], 5, 1),
        ([refused("401 Unauthorized", "authentication_error")], 3, 1),
        ([refused("500 Internal Server Error", "api_error", "x-should-retry: false")], 5, 1),
        ([http(b"<h1>Sign in</h1>", kind="text/html")], 5, 1),
        ([STALL], 6, 1),
    ],
    ids=["at most twice", "an hour is too long", "a wrong key", "told not to", "a web page", "it may be under way"],
)
def test_what_will_not_help_is_not_asked_again(answer: list[Step], status: int, asked: int, home: Path) -> None:
    with RawServer(answer) as server:
        ran = run(home, "models", base_url=server.url, AVOW_TIMEOUT="0.5")
        assert len(server.requests) == asked
    assert (ran.status, ran.out) == (status, b"")
    assert sum(line.startswith("avow: error: ") for line in ran.lines) == 1


def test_the_settings_say_how_often(home: Path) -> None:
    with RawServer([DOWN]) as server:
        ran = run(home, "models", base_url=server.url, AVOW_RETRIES="0")
        assert (ran.status, len(server.requests)) == (5, 1)
        run(home, "models", base_url=server.url, AVOW_RETRIES="3")
        assert len(server.requests) == 5


def test_a_wait_that_is_too_long_is_told(home: Path) -> None:
    with RawServer(refused("429 Too Many Requests", "rate_limit_error", "retry-after: 3600")) as server:
        ran = run(home, "models", base_url=server.url)
    assert "avow: note: the API asks to wait 60 minutes; ask again then" in ran.lines
