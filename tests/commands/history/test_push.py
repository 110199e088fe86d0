"""`avow history push` against a real server: nothing lost, nothing twice by id, and no text in any byte."""

import json
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from avow.errors import Failure
from avow.exchange.exchange import Exchange, Status
from tests.benchmarks.make_history import fill
from tests.canary import CANARY
from tests.history.making import answered, kept, rerouted
from tests.running import Ran, measured, rows, run, start
from tests.telemetry.collector import BEFORE, HALF, UNANSWERED, Collector, Plan, as_proto, attribute, spans_in

SAID = "the quick brown fox"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def history(home: Path, *exchanges: Exchange) -> list[str]:
    """The ids of what was put into the history."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    kept(home / "data" / "history.db", *exchanges)
    return [exchange.id for exchange in exchanges]


def push(home: Path, url: str, *arguments: str, headers: str = "") -> Ran:
    return run(home, "history", "push", *arguments, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_HEADERS=headers)


def test_all_is_sent_once_and_without_text(home: Path) -> None:
    failed = answered(SAID, SAID, status=Status.FAILED, error=Failure("overloaded_error", 529, SAID), system=SAID)
    ids = history(home, answered(SAID, SAID), rerouted(SAID), failed, answered(source="proxy"))
    history(home, answered(simulated=True))
    with Collector() as collector:
        first = push(home, collector.url, headers=f"authorization=Bearer%20{CANARY}")
        again = push(home, collector.url)
        ((path, headers, body),) = collector.requests
    assert (first.status, again.status) == (0, 0), first.err
    assert first.lines == ["avow: note: 4 exchanges sent"]
    assert (path, headers["content-type"]) == ("/v1/traces", "application/json")
    assert headers["authorization"] == f"Bearer {CANARY}"
    assert "x-api-key" not in headers
    assert sorted(collector.ids) == sorted(ids)
    assert b"quick" not in body
    assert CANARY.encode() not in body
    assert [attribute(span, "avow.source") for span in collector.taken if attribute(span, "avow.source")] == ["proxy"]


@pytest.mark.parametrize("protocol", ["http/json", "http/protobuf"])
def test_compressed(home: Path, protocol: str) -> None:
    """The length on the way is that of what is sent."""
    ids = history(home, answered(SAID), rerouted(SAID))
    with Collector() as collector:
        more: dict[str, Any] = {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
        ran = run(home, "history", "push", **{ENDPOINT: collector.url, **more})
        ((_path, headers, body),) = collector.requests
    assert ran.status == 0, ran.err
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) < len(body)
    assert headers["user-agent"].startswith("avow/")
    assert b"quick" not in body
    assert sorted(collector.ids) == sorted(ids)


def test_where_opentelemetry_is_disabled_all_waits(home: Path) -> None:
    ids = history(home, answered())
    with Collector() as collector:
        ran = run(home, "history", "push", OTEL_SDK_DISABLED="true", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert ran.status == 0
        assert ran.lines == [
            "avow: note: OTEL_SDK_DISABLED is true, so nothing is sent; what waits goes with a later push"
        ]
        assert collector.requests == []
        assert push(home, collector.url).status == 0
    assert collector.ids == ids


def test_a_damaged_row_is_told(home: Path) -> None:
    ids = history(home, answered(), answered())
    with closing(sqlite3.connect(home / "data" / "history.db")) as connection, connection:
        connection.execute("UPDATE exchange SET hops = 'x' WHERE number = 1")
    with Collector() as collector:
        ran = push(home, collector.url)
    assert ran.lines == [
        "avow: note: exchange 1 is damaged and is not sent; see `avow history repair`",
        "avow: note: 1 exchange sent",
    ]
    assert collector.ids == ids[1:]


@pytest.mark.parametrize(
    "plan",
    [
        BEFORE,
        UNANSWERED,
        HALF,
        (429, {"retry-after": "0.01"}, b""),
        503,
        (200, {}, b'{"partialSuccess":{"rejectedSpans":"1","errorMessage":"the quick brown fox"}}'),
    ],
    ids=str,
)
def test_a_receiver_that_fails_at_this_point(home: Path, plan: Plan) -> None:
    ids = history(home, *(answered() for _ in range(3)))
    with Collector(plan) as collector:
        ran = push(home, collector.url)
    assert ran.status == 0, ran.err
    assert set(collector.ids) == set(ids)
    assert len({span["spanId"] for span in collector.taken}) == 6
    assert b"quick" not in ran.err
    if isinstance(plan, tuple) and plan[0] == 200:
        assert "avow: note: the collector left out 1 span of what it acknowledged" in ran.err.decode()


@pytest.mark.parametrize("plan", [(503, {"retry-after": "3600"}, b""), (429, {"retry-after": "61"}, b"")], ids=str)
def test_one_that_stays_down_leaves_them_waiting(home: Path, plan: Plan) -> None:
    ids = history(home, answered(), answered())
    with Collector(always=plan) as collector:
        ran = push(home, collector.url)
        assert ran.status == 6, ran.err
        assert b"cannot be reached" in ran.err
        assert len(collector.requests) == 1
        collector.always = None
        assert push(home, collector.url).status == 0
    assert collector.ids == ids


@pytest.mark.slow  # four seconds of new tries; by default without them: test_push_alone
def test_one_that_is_not_there(home: Path) -> None:
    history(home, answered())
    ran = push(home, "http://127.0.0.1:9")
    assert ran.status == 6
    assert b"waits for the next push" in ran.err


def test_a_row_that_is_refused_stands_alone(home: Path) -> None:
    ids = history(home, *(answered() for _ in range(9)))
    with Collector(poison=frozenset({ids[4]})) as collector:
        ran = push(home, collector.url)
        assert ran.status == 1
        assert "refused 1 exchange for good; not sent again: 5" in ran.err.decode()
        assert sorted(collector.ids) == sorted({*ids} - {ids[4]})
        count = len(collector.requests)
        assert push(home, collector.url).status == 0
        assert len(collector.requests) == count


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (404, "it answers 404"),
        ((307, {"location": "/elsewhere"}, b""), "it answers 307"),
        ((200, {"content-type": "text/html"}, b"<html>the quick brown fox"), "it answers with a web page"),
    ],
    ids=["not there", "elsewhere", "a login page"],
)
def test_one_that_takes_nothing_marks_nothing(home: Path, plan: Plan, words: str) -> None:
    ids = history(home, answered(), answered())
    with Collector(always=plan) as collector:
        ran = push(home, collector.url)
        assert ran.status == 1
        assert f"the collector rejects everything: {words}" in ran.err.decode()
        assert b"quick" not in ran.err
        assert len(collector.requests) == 1
        collector.taken.clear()
        collector.always = None
        assert push(home, collector.url).status == 0
    assert collector.ids == ids


def test_a_dry_run_does_not_stay(home: Path) -> None:
    ran = push(home, "http://127.0.0.1:1", "--dry-run", "--follow")
    assert (ran.status, ran.out) == (2, b"")
    assert b"so --follow has no meaning" in ran.err


def test_a_dry_run_prints_and_sends_nothing(home: Path) -> None:
    ids = history(home, answered(SAID), rerouted(SAID))
    with Collector() as collector:
        ran = push(home, collector.url, "--dry-run")
        (line,) = ran.out.splitlines()
        as_proto(json.loads(line))
        assert [attribute(span, "avow.id") for span in spans_in(line) if attribute(span, "avow.id")] == ids
        assert collector.requests == []
        assert b"quick" not in ran.out
        assert push(home, collector.url, "--since", "2030-01-01").lines == ["avow: note: 0 exchanges sent"]
        assert push(home, collector.url).status == 0
    assert collector.ids == ids


PARTIAL: Plan = (200, {}, b'{"partialSuccess":{"rejectedSpans":"0","errorMessage":"the quick brown fox"}}')
TROUBLES: tuple[Plan, ...] = (BEFORE, 200, UNANSWERED, HALF, 200, (429, {"retry-after": "0.01"}, b""), 503, PARTIAL)


@pytest.mark.parametrize(("count", "kills"), [(450, 2), pytest.param(2000, 10, marks=pytest.mark.slow)])
def test_killed_again_and_again_nothing_is_lost(home: Path, count: int, kills: int) -> None:
    """Every row is there once by id, though the receiver dies too, at every point of a request; the first kill comes
    when nothing has arrived yet."""
    ids = history(home, *(answered() for _ in range(count)))
    troubles = TROUBLES if kills > 2 else (BEFORE,)  # after each that it lives to see it waits up to a second
    with Collector(*troubles) as collector:
        for kill in range(kills):
            process = start(home, "history", "push", env={ENDPOINT: collector.url})
            until = time.monotonic() + 20
            while _met(collector) < kill + 1 and process.poll() is None and time.monotonic() < until:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert push(home, collector.url).status == 0
        assert collector.plans == []
    assert set(collector.ids) == set(ids)
    spans = {span["spanId"]: span for span in collector.taken}
    assert len(spans) == 2 * count
    assert all(spans[span["spanId"]] == span for span in collector.taken)


@pytest.mark.slow
def test_memory_is_bounded(home: Path) -> None:
    """Of twelve times as many rows no more are held at a time."""
    most = []
    for count in (500, 6000):
        place = home / str(count)
        (place / "data").mkdir(parents=True)
        fill(place / "data" / "history.db", count)
        with Collector() as collector:
            (place / "config").mkdir()
            (place / "config" / "config.toml").write_text(f'[telemetry]\nendpoint = "{collector.url}"\n')
            _out, memory = measured(place, "history", "push")
        assert len(collector.ids) == count
        most.append(memory)
    assert most[1] < most[0] + 10_000_000, most


def _met(collector: Collector) -> int:
    """How many requests reached it, read or not."""
    return len(collector.requests) + (BEFORE not in collector.plans)


def test_it_follows(home: Path) -> None:
    first = history(home, answered())
    with Collector() as collector:
        process = start(home, "history", "push", "--follow", env={ENDPOINT: collector.url})
        try:
            _until(lambda: collector.ids == first)
            second = history(home, answered())
            _until(lambda: collector.ids == first + second)
        finally:
            process.send_signal(signal.SIGINT)
            _out, err = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert err.decode() in ("avow: note: 1 exchange sent\n", "avow: note: 2 exchanges sent\n")  # it may not have heard


def test_one_that_it_follows_is_down(home: Path) -> None:
    """It says once that it cannot reach it, and pauses as long as it is asked to."""
    ids = history(home, answered())
    busy: Plan = (503, {"retry-after": "61"}, b"")
    with Collector(busy) as collector:
        process = start(home, "history", "push", "--follow", env={ENDPOINT: collector.url})
        assert process.stderr is not None
        told = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert told == b"avow: note: the collector cannot be reached: it answers 503; it is tried again\n"
        assert len(collector.requests) == 1
        assert push(home, collector.url).status == 0
    assert collector.ids == ids


def test_a_trace_s_child(home: Path) -> None:
    """What TRACEPARENT says when it is asked is kept with the row."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    run(home, "--simulate", "requested", "hi", TRACEPARENT=parent)
    assert [row["traceparent"] for row in rows(home)] == [parent]


def _until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    assert is_so()
