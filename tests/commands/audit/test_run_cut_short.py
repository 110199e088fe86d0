"""`avow audit run` cut short by a fault, a signal or a kill: it can be gone on with, and nothing is asked twice."""

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.commands.audit.stored import HONEST, LOOK, OTHER, SWAPPED, asked, cards_asked, kept_in, stored
from tests.running import PATIENCE_S, Started, run, start

FAULTS = {
    "429 for an hour": ("retry_hour", 5),
    "overloaded": ("overloaded", 5),
    "a spend limit": ("spend_limit", 3),
    "401": ("unauthorised", 3),
    "404": ("unknown_model", 4),
    "a web page": ("html", 5),
    "cut": ("cut", 7),
    "hang-up": ("hangup", 7),
    "an error in the midst": ("error_midway", 7),
}
BY_DEFAULT = {("429 for an hour", "replies"), ("cut", "repeat")}
"""Both parts; the rest is slow."""


@pytest.mark.parametrize(
    ("fault", "status", "part"),
    [
        pytest.param(*FAULTS[name], part, id=f"{name}-{part}", marks=marks)
        for name in FAULTS
        for part in ("replies", "repeat")
        for marks in [() if (name, part) in BY_DEFAULT else pytest.mark.slow]
    ],
)
def test_a_fault_leaves_a_look_that_can_be_gone_on_with(home: Path, fault: str, status: int, part: str) -> None:
    """The fault comes to the eighth request of the look, or of the repeat."""
    answers = HONEST if part == "replies" else SWAPPED
    before = 7 if part == "replies" else 27
    with Simulator([answers] * before + [fault]) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", *LOOK, "--seed", "5", base_url=simulator.base_url, AVOW_RETRIES="0")
        assert ran.status == status
        assert ran.out == b""
        assert any(line.endswith("to go on: avow audit run default") for line in ran.lines)
        look = kept_in(home).record.runs[0]
        assert (len(look.all_replies), look.result, len(asked(simulator))) == (before, None, before + 1)
        assert b"look 1 under way" in run(home, "audit", "list").out
        simulator.play(answers)
        again = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url)
        requests = asked(simulator)
    whole = 20 if part == "replies" else 40
    assert (again.status, again.json["look"], again.json["replies"]) == (0 if whole == 20 else 15, 1, 20)
    assert len(requests) == whole + 1  # only the one that got no reply was asked again
    answered = [card for place, card in enumerate(cards_asked(requests)) if place != before]
    assert set(Counter(answered[:20]).values()) == {5}
    (taken,) = kept_in(home).record.runs
    slots = [(each.arm, each.order) for each in taken.replies]
    assert (taken.seed, len(set(slots)), len(taken.all_replies)) == (5, 20, whole)


def started(home: Path, simulator: Simulator, pace: str, *, until: Callable[[], bool]) -> Started:
    """A look under way, as far as `until` says."""
    process = start(home, "audit", "run", "--pace", pace, "--yes", "--seed", "5", base_url=simulator.base_url)
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


def replies_kept(home: Path) -> int:
    runs = kept_in(home).record.runs
    return len(runs[0].all_replies) if runs else 0


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="SIGINT"),
        pytest.param(signal.SIGTERM, id="SIGTERM", marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, id="SIGKILL", marks=pytest.mark.slow),
    ],
)
def test_a_signal_between_two_requests_loses_nothing(home: Path, number: signal.Signals) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        process = started(home, simulator, "3000", until=lambda: replies_kept(home) == 1)
        process.send_signal(number)
        _out, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -number
        assert (b"to go on: avow audit run default" in said) == (number != signal.SIGKILL)
        assert run(home, "audit", "run", *LOOK, base_url=simulator.base_url).status == 0
        assert set(Counter(cards_asked(asked(simulator))).values()) == {5}
    assert len(kept_in(home).record.runs) == 1


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.slow), pytest.param(signal.SIGKILL, id="SIGKILL")],
)
def test_a_signal_in_the_midst_of_a_reply_asks_that_one_again_and_no_other(home: Path, number: signal.Signals) -> None:
    with Simulator([HONEST] * 2 + ["stalled"]) as simulator:
        stored(home, simulator.base_url)
        process = started(home, simulator, "0", until=lambda: replies_kept(home) == 2 and len(asked(simulator)) == 3)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -number
        simulator.play(HONEST)
        ran = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url)
        cards = cards_asked(asked(simulator))
    assert (ran.status, ran.json["replies"], len(cards)) == (0, 20, 21)
    assert cards[2] == cards[3]
    assert set(Counter([*cards[:2], *cards[3:]]).values()) == {5}


def test_a_kill_between_a_reply_and_its_save_asks_that_one_again_and_no_other(home: Path) -> None:
    """A history that another process has locked holds avow up there, with the whole reply in its hands."""
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        process = started(home, simulator, "0.3", until=lambda: replies_kept(home) >= 2)
        with closing(sqlite3.connect(home / "data" / "history.db", timeout=10)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            answered, end = 0, time.monotonic() + PATIENCE_S
            while answered < 10:  # for 0.3 s without a break: the reply is there, and cannot be kept
                assert time.monotonic() < end
                time.sleep(0.03)
                answered = answered + 1 if len(asked(simulator)) > replies_kept(home) else 0
            saved = replies_kept(home)
            process.kill()
            process.communicate(timeout=PATIENCE_S)
        first = kept_in(home).record.runs[0].replies
        assert (process.returncode, len(first), len(asked(simulator))) == (-signal.SIGKILL, saved, saved + 1)
        ran = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url)
        cards = cards_asked(asked(simulator))
    replies = kept_in(home).record.runs[0].replies
    assert (ran.status, ran.json["replies"], len(cards)) == (0, 20, 21)
    assert cards[saved] == cards[saved + 1]
    assert set(Counter([*cards[:saved], *cards[saved + 1 :]]).values()) == {5}
    assert replies[:saved] == first
    assert len({each.request_id for each in replies}) == 20


def test_a_look_under_way_is_gone_on_with_as_it_was_begun(home: Path) -> None:
    with Simulator([HONEST] * 3 + ["cut"]) as simulator:
        stored(home, simulator.base_url)
        run(home, "audit", "run", *LOOK, "--against", OTHER, "--seed", "5", base_url=simulator.base_url)
        simulator.play(HONEST)
        for wrong in (["--against", "claude-opus-5"], ["--seed", "6"]):
            assert run(home, "audit", "run", *LOOK, *wrong, base_url=simulator.base_url).status == 2
        assert len(asked(simulator)) == 4
        ran = run(home, "audit", "run", *LOOK, "--json", "--seed", "5", base_url=simulator.base_url)
    assert (ran.status, ran.json["against"]) == (0, OTHER)


def test_two_processes_do_not_take_one_look(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        process = started(home, simulator, "3000", until=lambda: replies_kept(home) == 1)
        other = run(home, "audit", "run", *LOOK, base_url=simulator.base_url)
        process.kill()
        process.communicate()
    assert (other.status, len(asked(simulator))) == (2, 1)
    assert "another process is continuing it" in other.lines[0]
