"""A machine's clock that is set changes what stands on it, and nothing else: no wait, no duration, no order."""

import json
import time
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.faults.from_within import clock, set_clock, under_way
from tests.in_part import crossed, in_part
from tests.raw_server import STALL, RawServer, http, stream
from tests.running import Ran, row, rows, run, start
from tests.streams import answer, sse


def told(home: Path, *arguments: str, environ: dict[str, str], base_url: str | None = None) -> Ran:
    return run(home, *arguments, base_url=base_url, **environ)  # type: ignore[arg-type]


HOURS = {"5 hours forward": 18_000, "5 hours back": -18_000}


@pytest.mark.parametrize(("limit", "seconds"), crossed({"timeout": "--timeout", "deadline": "--deadline"}, HOURS))
def test_a_limit_is_neither_shortened_nor_stretched(limit: str, seconds: int, home: Path) -> None:
    with under_way("streamed", home, limit, "1", environ=clock(home)) as running:
        set_clock(home, seconds)
        ran = running.end()
    assert (ran.status, row(home)["error_type"]) == (7, "stalled")
    assert ran.seconds < 10
    assert 500 < row(home)["total_ms"] < 10_000


@pytest.mark.parametrize("seconds", in_part(HOURS, ("5 hours back",)))
def test_a_retry_waits_as_long_as_it_was_told(seconds: int, home: Path) -> None:
    busy = {"type": "error", "error": {"type": "rate_limit_error", "message": "later"}}
    again = http(json.dumps(busy).encode(), "429 Too Many Requests", "application/json", "retry-after: 1")
    with RawServer(again, stream(sse(*answer("Hello")))) as server:
        process = start(home, "hi", base_url=server.url, env=clock(home))
        until = time.monotonic() + 30
        while not server.requests and time.monotonic() < until:
            time.sleep(0.02)
        begun = time.monotonic()
        time.sleep(0.3)
        set_clock(home, seconds)
        out, _err = process.communicate(timeout=30)
        took = time.monotonic() - begun
    assert (process.returncode, out) == (0, b"Hello\n")
    assert took < 15
    assert 700 < row(home)["total_ms"] < 15_000


def test_the_last_exchange_is_the_last_one_made_whatever_its_time(home: Path) -> None:
    with Simulator("echo") as simulator:
        environ = clock(home)
        assert told(home, "first", base_url=simulator.base_url, environ=environ).status == 0
        set_clock(home, -18_000)
        assert told(home, "second", base_url=simulator.base_url, environ=environ).status == 0
        assert told(home, "--conversation", "2", "third", base_url=simulator.base_url, environ=environ).status == 0
        asked = [turn["content"] for turn in simulator.requests[-1].json["messages"] if turn["role"] == "user"]
        assert b"third" in told(home, "why", environ=environ).out
    first, second, third = rows(home)
    assert second["created_ms"] < first["created_ms"] - 17_000_000, "the clock was set"
    assert ["second" in str(asked[0]), "third" in str(asked[1])] == [True, True]
    assert third["parent_id"] == second["id"]


def test_the_clock_of_the_tests_is_the_one_that_the_program_reads(home: Path) -> None:
    environ = clock(home)
    set_clock(home, 86_400 * 3650)
    with RawServer([STALL]) as server:
        assert told(home, "--timeout", "0.3", "--retries", "0", "hi", base_url=server.url, environ=environ).status == 6
    assert row(home)["created_ms"] / 1000 > time.time() + 86_400 * 3600
