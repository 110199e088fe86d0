"""The promise by brute force: whatever the policy, the form and the flags, a rerouted answer shows."""

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.scenarios import names
from avow.simulator.server import Simulator
from tests.expectations import ASKED, FIRST, SECOND, SERVER, WITH_ARGUMENT
from tests.running import environment, rows

POLICIES = [
    ("--fallback-by", by, "--fallback", policy)
    for by in ("server", "client")
    for policy in ("default", "none", f"{FIRST},{SECOND}")
]
Way = tuple[tuple[str, ...], str, tuple[str, ...]]
FORMS = ("text", "json", "jsonl")
FLAGS = [("--quiet",), ("--quiet", "--hold"), ("--accept-fallback",), ("--quiet", "--hold", "--accept-fallback")]
EVERY: list[Way] = list(itertools.product(POLICIES, FORMS, FLAGS))
FEW: list[Way] = [
    (POLICIES[number % len(POLICIES)], form, flags)
    for number, (form, flags) in enumerate(itertools.product(FORMS, FLAGS))
]
"""Each form with each flag once, each policy twice: for scenarios in which only the requested model writes."""
ALWAYS = {"litellm_fallback", "bifrost_fallback", "ngrok_switch", "openrouter_switch", "substituted"}
"""Scenarios in which another model answers whatever the policy: it is the gateway that reroutes."""


def _cases(name: str) -> list[Way]:
    expected = SERVER[name]
    another = expected.category is not None or expected.verdict in ("fallback", "substituted")
    return EVERY if another or expected.error == ("overloaded_error", 529) else FEW


@pytest.mark.parametrize("name", [name for name, _summary in names()])
def test_a_reroute_shows_whatever_is_asked_for(name: str, home: Path) -> None:
    cases = _cases(name)
    # Only where nothing comes: a busy machine may well need a moment for an answer.
    patience = ("--timeout", "0.2") if "--timeout" in SERVER[name].arguments else ()
    arguments = [
        [*policy, "--output", form, *flags, "--retries", "0", *patience, "rebase or merge?"]
        for policy, form, flags in cases
    ]
    played = {**WITH_ARGUMENT, "long": "long:20", "slow": "slow:0.001"}.get(name, name)
    with Simulator(played, record=False) as simulator:
        runs = _run_all(arguments, home, simulator.base_url)
    kept = rows(home)
    assert len(runs) == len(kept) == len(cases), "every exchange is kept"
    for (policy, form, flags), (status, out, err), row in zip(cases, runs, kept, strict=True):
        where = f"{' '.join((*policy, form, *flags))}: status {status}, stderr {err!r}"
        _check_one(name, form, flags, status, out, err, row, where)
        assert cases is EVERY or not row["rerouted"], (
            f"{name} reroutes: it belongs to those played in every way; {where}"
        )
        if name in ALWAYS or (policy == POLICIES[0] and SERVER[name].verdict == "fallback"):
            assert row["rerouted"], where


def _run_all(arguments: list[list[str]], home: Path, base_url: str) -> list[tuple[int, str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.many_runs"],
        input=json.dumps(arguments).encode(),
        capture_output=True,
        env=environment(home, base_url),
        cwd=Path(__file__).parent.parent,
        check=True,
        timeout=110,
    )
    found: list[tuple[int, str, str]] = [tuple(one) for one in json.loads(done.stdout)]
    return found


def _check_one(
    name: str, form: str, flags: tuple[str, ...], status: int, out: str, err: str, row: dict[str, Any], where: str
) -> None:
    assert "Traceback" not in err, where
    assert status == row["exit_code"], where
    written_by_another = "(Written by the stand-in for claude-opus" in (row["text"] or "")
    rerouted = bool(row["rerouted"])
    assert rerouted or not written_by_another, f"another model wrote it, and history does not say so: {where}"
    told = [line for line in err.splitlines() if line.startswith(("avow: fallback: ", "avow: substituted: "))]
    assert len(told) == int(rerouted), where
    if rerouted:
        assert row["served_model"] != ASKED, where
        accepted = "--accept-fallback" in flags and row["verdict"] == "fallback"
        assert accepted or status in (7, 10, 12), where
    if status == 0 and "--accept-fallback" not in flags:
        assert (row["verdict"], row["status"]) == ("as_requested", "complete"), where
    if form != "text":
        body = json.loads(out.splitlines()[-1] if form == "jsonl" else out)
        body = body.get("answer", body)
        assert body["rerouted"] is rerouted, where
        assert (body["verdict"], body["exit_code"]) == (row["verdict"], status), where
        assert body["served_model"] == row["served_model"], where
        withheld = "--hold" in flags and status != 0
        assert (body["withheld"], body["text"] is None) == (withheld, withheld), where
        if withheld:
            assert not body["segments"], where
            for secret in (row["text"], row["withdrawn_text"]):
                assert not secret or json.dumps(secret)[1:40] not in out, where
    elif "--hold" in flags and status != 0:
        assert out == "", where
