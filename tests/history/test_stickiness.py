"""Where a sticky turn comes from, as the history has it."""

from pathlib import Path

import pytest

from avow.history.stickiness import origin
from avow.history.store import History
from avow.simulator.server import Simulator
from avow.text.local_time import SECONDS, local
from tests.running import rows, run
from tests.zone import KOLKATA, zone


def asked(home: Path, *scenarios: str, model: str | None = None) -> list[list[str]]:
    with Simulator(list(scenarios)) as simulator:
        more = ("-m", model) if model else ()
        return [run(home, *more, "hello", base_url=simulator.base_url, TZ=KOLKATA).lines for _scenario in scenarios]


def test_a_sticky_turn_names_the_decline_it_comes_from(home: Path) -> None:
    *_before, lines = asked(home, "fallback", "sticky", "sticky")
    note = next(line for line in lines if "sticky since" in line)
    declined_at = rows(home)[0]["created_at"]
    with zone(KOLKATA):
        minute, second = local(declined_at), local(declined_at, SECONDS)
    assert f"sticky since {minute}, exchange 1: claude-fable-5-2 declined: frontier_llm" in note
    account = run(home, "why", TZ=KOLKATA).out.decode()
    assert f"Before that: exchange 1, {second} (" in account


def test_without_an_earlier_decline_nothing_is_made_up(home: Path) -> None:
    (lines,) = asked(home, "sticky")
    assert not any("sticky since" in line for line in lines)
    assert "Before that" not in run(home, "why").out.decode()


@pytest.mark.parametrize("scenario", ["fallback", "requested", "refused"])
def test_only_a_sticky_turn_has_an_origin(scenario: str, home: Path) -> None:
    asked(home, "fallback", scenario)
    with History.open(home / "data" / "history.db", read_only=True) as history:
        last = history.latest()
        assert last is not None
        assert not last.routing.is_sticky
        assert origin(history, last) is None


def test_another_models_decline_explains_nothing(home: Path) -> None:
    asked(home, "fallback", model="claude-opus-5-5")
    (lines,) = asked(home, "sticky")
    assert not any("sticky since" in line for line in lines)
