"""The promise by brute force: whatever the policy, the form and the flags, a rerouted answer shows."""

import itertools
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from avow.simulator.scenarios import names
from avow.simulator.server import Simulator
from tests.expectations import ASKED, FIRST, OF_ITS_KIND, SECOND, SERVER, WITH_ARGUMENT
from tests.in_part import in_part
from tests.pairwise import each_value
from tests.running import Ran, rows, run

Flags = tuple[str, ...]


class Way(NamedTuple):
    """How a question is asked."""

    by: str
    policy: str
    form: str
    flags: Flags

    @property
    def arguments(self) -> tuple[str, ...]:
        """The options that ask in this way."""
        return ("--fallback-by", self.by, "--fallback", self.policy, "--output", self.form, *self.flags)


BY = ("server", "client")
POLICIES = ("default", "none", f"{FIRST},{SECOND}")
FORMS = ("text", "json", "jsonl")
FLAGS: tuple[Flags, ...] = (
    ("--quiet",),
    ("--quiet", "--hold"),
    ("--accept-fallback",),
    ("--quiet", "--hold", "--accept-fallback"),
)
EVERY = [Way(*values) for values in itertools.product(BY, POLICIES, FORMS, FLAGS)]

QUESTION = "how do I undo a rebase?"
"""Nothing of it may be an answer: `a or b` is answered with one of both by scenarios that pick, and then what was
withheld would stand in the prompt."""

ALWAYS = {
    "litellm_fallback",
    "bifrost_fallback",
    "ngrok_switch",
    "openrouter_switch",
    "substituted",
    "picks_substituted",
}
"""Scenarios in which another model answers whatever the policy: it is the gateway that reroutes."""


def may_reroute(name: str) -> bool:
    """Whether another model than the one asked for is in play."""
    expected = SERVER[name]
    another = expected.category is not None or expected.verdict in ("fallback", "substituted")
    return another or expected.error == ("overloaded_error", 529)


SCENARIOS = [name for name, _summary in names()]
BY_DEFAULT = [name for name in SCENARIOS if may_reroute(name) or name not in OF_ITS_KIND]
"""The others are played by default in `test_scenarios`."""


def few(name: str) -> list[Way]:
    """Ways with any value of each option; of another scenario others, so that all of them meet any two values."""
    first = SCENARIOS.index(name) * 5 % len(EVERY)
    return each_value(EVERY[first:] + EVERY[:first])


def two(name: str) -> list[Way]:
    """Two of these few ways; all that reroute still meet any two values of the options."""
    return few(name)[:2]


def test_all_that_reroute_meet_any_two_values() -> None:
    tried = [way for name in SCENARIOS if may_reroute(name) for way in two(name)]
    met = {pair for way in tried for pair in itertools.combinations(enumerate(way), 2)}
    assert met == {pair for way in EVERY for pair in itertools.combinations(enumerate(way), 2)}


@pytest.mark.parametrize("name", in_part({name: name for name in SCENARIOS}, BY_DEFAULT))
def test_a_reroute_shows_whatever_is_asked_for(name: str, home: Path) -> None:
    _check(name, two(name) if may_reroute(name) else few(name)[:1], home)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_reroute_shows_in_every_way(name: str, home: Path) -> None:
    _check(name, EVERY if may_reroute(name) else few(name), home)


def _check(name: str, ways: list[Way], home: Path) -> None:
    # Only where nothing comes: a busy machine may well need a moment for an answer.
    patience = ("--timeout", "0.2") if "--timeout" in SERVER[name].arguments else ()
    played = {**WITH_ARGUMENT, "long": "long:20", "slow": "slow:0.001"}.get(name, name)
    with Simulator(played, record=False) as simulator:
        runs = [
            run(home, *way.arguments, "--retries", "0", *patience, QUESTION, base_url=simulator.base_url)
            for way in ways
        ]
    kept = rows(home)
    assert len(kept) == len(ways), "every exchange is kept"
    for way, ran, row in zip(ways, runs, kept, strict=True):
        where = f"{' '.join(way.arguments)}: status {ran.status}, stderr {ran.err!r}"
        _check_one(way, ran, row, where)
        assert may_reroute(name) or not row["rerouted"], (
            f"{name} reroutes: it belongs to those played in every way; {where}"
        )
        asked_for = (way.by, way.policy) == ("server", "default") and SERVER[name].verdict == "fallback"
        if name in ALWAYS or asked_for:
            assert row["rerouted"], where


def _check_one(way: Way, ran: Ran, row: dict[str, Any], where: str) -> None:
    assert "Traceback" not in ran.err.decode(), where
    assert ran.status == row["exit_code"], where
    written_by_another = "(Written by the simulator for claude-opus" in (row["text"] or "")
    rerouted = bool(row["rerouted"])
    assert rerouted or not written_by_another, f"another model wrote it, and history does not say so: {where}"
    told = [line for line in ran.lines if line.startswith(("avow: fallback: ", "avow: substituted: "))]
    assert len(told) == int(rerouted), where
    if rerouted:
        assert row["served_model"] != ASKED, where
        accepted = "--accept-fallback" in way.flags and row["verdict"] == "fallback"
        assert accepted or ran.status in (7, 10, 12), where
    if ran.status == 0 and "--accept-fallback" not in way.flags:
        assert (row["verdict"], row["status"]) == ("as_requested", "complete"), where
    withheld = "--hold" in way.flags and ran.status != 0
    if way.form != "text":
        _check_body(way, ran, row, where, withheld=withheld)
    elif withheld:
        assert ran.out == b"", where


def _check_body(way: Way, ran: Ran, row: dict[str, Any], where: str, *, withheld: bool) -> None:
    body = ran.events[-1] if way.form == "jsonl" else ran.json
    body = body.get("answer", body)
    assert body["rerouted"] is bool(row["rerouted"]), where
    assert (body["verdict"], body["exit_code"]) == (row["verdict"], ran.status), where
    assert body["served_model"] == row["served_model"], where
    assert (body["withheld"], body["text"] is None) == (withheld, withheld), where
    if withheld:
        assert not body["segments"], where
        for secret in (row["text"], row["withdrawn_text"]):
            assert not secret or json.dumps(secret)[1:40] not in ran.out.decode(), where
