"""`avow audit baseline`, in a real process."""

import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from avow.audit.cards import SHIPPED, made
from avow.simulator.server import Simulator
from tests.commands.audit.stored import HONEST, LOOK, MODEL, QUICK, asked, bodies, cards_asked, kept_in, store
from tests.in_part import in_part
from tests.running import PATIENCE_S, in_pty, rows, run, start


def test_three_calls_make_a_baseline(home: Path) -> None:
    with Simulator("picks") as simulator:
        first = run(home, "audit", "baseline", "-m", "fable", *QUICK, base_url=simulator.base_url)
        assert (first.status, len(asked(simulator))) == (0, 20)
        assert b"Next, best on another day" in first.out
        run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        third = run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        assert (third.status, len(asked(simulator))) == (0, 60)
        assert b"The baseline is complete." in third.out
        fourth = run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        requests = asked(simulator)
    assert (fourth.status, len(requests)) == (2, 60)
    assert "the baseline default is complete: 60 replies" in fourth.lines[0]
    assert set(Counter(cards_asked(requests)).values()) == {15}
    assert {body["model"] for body in bodies(requests)} == {MODEL}
    kept = kept_in(home)
    assert sorted({each.sitting for each in kept.record.baseline}) == [1, 2, 3]
    assert [each["source"] for each in rows(home)] == ["audit"] * 60
    assert not kept.record.one_sitting
    assert {each.request_id for each in kept.record.baseline} == {each["request_id"] for each in rows(home)}


def test_all_in_one_sitting_is_labelled_so(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        ran = run(home, "audit", "baseline", "now", "--all-now", *LOOK, "--json", "--looks", "2",
                  base_url=simulator.base_url)  # fmt: skip
        assert (ran.status, len(asked(simulator))) == (0, 60)
        shown = run(home, "audit", "show", "now").out.decode()
        kept = kept_in(home, "now")  # of nearly ten thousand shuffles a few hundred do
        store(home).save(replace(kept, record=replace(kept.record, draws=624)))
        looked = run(home, "audit", "run", "now", *LOOK, base_url=simulator.base_url).out.decode()
    assert ran.json["one_sitting"] is True
    assert (ran.json["replies"], ran.json["complete"], ran.json["looks"]) == (60, True, 2)
    assert "60 of 60 replies in one sitting" in shown
    assert "The baseline is of one sitting" in looked


def test_cards_of_your_own_stay_the_same(home: Path) -> None:
    with Simulator("picks") as simulator:
        run(home, "audit", "baseline", "--cards", "8", *QUICK, base_url=simulator.base_url)
        run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        cards = set(cards_asked(asked(simulator)))
    assert cards == {card.text for card in made(8)}
    assert not cards & {card.text for card in SHIPPED}


def test_a_seed_repeats_an_order(home: Path, tmp_path: Path) -> None:
    orders = []
    for folder in (home, tmp_path):
        with Simulator("picks") as simulator:
            run(folder, "audit", "baseline", "--seed", "4", *QUICK, base_url=simulator.base_url)
            orders.append(cards_asked(asked(simulator)))
    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])
    assert kept_in(home).seeds == (4,)


def test_a_sitting_that_was_cut_is_gone_on_with(home: Path) -> None:
    with Simulator(["picks"] * 6 + ["retry_hour"]) as simulator:
        ran = run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        assert (ran.status, len(kept_in(home).record.baseline)) == (5, 6)
        assert ran.lines[-1] == "avow: note: what arrived is kept; to go on: avow audit baseline default"
        simulator.play("picks")
        again = run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        cards = cards_asked(asked(simulator))
    assert (again.status, len(cards), len(kept_in(home).record.baseline)) == (0, 21, 20)
    assert cards[6] == cards[7]
    assert set(Counter([*cards[:6], *cards[7:]]).values()) == {5}


def test_it_is_not_gone_on_with_in_another_way(home: Path) -> None:
    with Simulator("picks") as simulator:
        run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        for wrong in (["-m", "opus"], ["--looks", "5"], ["--all-now"], ["--cards", "1"]):
            ran = run(home, "audit", "baseline", *QUICK, *wrong, base_url=simulator.base_url)
            assert (ran.status, len(asked(simulator))) == (2, 20), wrong
            assert "another NAME" in ran.lines[1]


@pytest.mark.parametrize(
    ("scenario", "status"),
    in_part(
        {
            "refused": ("refused", 11),
            "substituted": ("picks_substituted", 12),
            "declared": ("picks_declared", 13),
            "unnamed": ("unnamed", 13),
        },
        ["refused"],
    ),
)
def test_exit_statuses_of_what_is_no_baseline(home: Path, scenario: str, status: int) -> None:
    with Simulator(scenario) as simulator:
        ran = run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
    assert (ran.status, ran.out.count(b"20 of them were refused, answered by another model")) == (status, 1)


def test_it_says_what_it_costs_and_asks(home: Path) -> None:
    with Simulator("picks") as simulator:
        piped = run(home, "audit", "baseline", base_url=simulator.base_url)
        assert (piped.status, simulator.requests) == (2, [])
        assert any("--yes" in line for line in piped.lines)
        pty = in_pty(home, "audit", "baseline", "--pace", "0", base_url=simulator.base_url)
        pty.until("Send it? [y/N]")
        assert "20 requests, about" in pty.text
        assert "it takes 0 s or more" in pty.text
        pty.send("y\n")
        assert pty.end() == 0
        assert len(simulator.requests) == 20


@pytest.mark.parametrize(
    ("number", "whole"),
    [
        pytest.param(signal.SIGINT, True, id="SIGINT between two replies"),
        pytest.param(signal.SIGKILL, False, id="SIGKILL in the midst of one"),
        pytest.param(signal.SIGINT, False, id="SIGINT in the midst of one", marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, True, id="SIGKILL between two replies", marks=pytest.mark.slow),
    ],
)
def test_a_signal_leaves_a_sitting_that_can_be_gone_on_with(home: Path, number: signal.Signals, whole: bool) -> None:
    with Simulator(["picks"] * 2 + ["stalled"]) as simulator:
        pace, reached = ("3000", 1) if whole else ("0", 3)
        process = start(home, "audit", "baseline", "--pace", pace, "--yes", base_url=simulator.base_url)
        end = time.monotonic() + PATIENCE_S
        while len(asked(simulator)) < reached or replies_kept(home) < min(reached, 2):
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(number)
        _out, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -number
        assert (b"to go on: avow audit baseline default" in said) == (number != signal.SIGKILL)
        simulator.play("picks")
        again = run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        cards = cards_asked(asked(simulator))
    assert (again.status, len(kept_in(home).record.baseline)) == (0, 20)
    if not whole:  # the one that no whole reply came to, and no other, is asked again
        assert cards[2] == cards[3]
        del cards[2]
    assert set(Counter(cards).values()) == {5}


def replies_kept(home: Path) -> int:
    kept = store(home).load("default")
    return len(kept.record.baseline) if kept else 0


def test_a_folder_that_cannot_be_written_sends_nothing(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "audits").write_bytes(b"a file in its place")
    with Simulator("picks") as simulator:
        ran = run(home, "audit", "baseline", *QUICK, base_url=simulator.base_url)
        assert (ran.status, simulator.requests) == (2, [])
    assert "audits" in ran.lines[0]
