"""`avow audit run`, in a real process: results, what is sent, and exit statuses."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.script import Scenario
from avow.simulator.server import Simulator
from tests.audit.test_result import KEYS
from tests.commands.audit.stored import (
    HONEST,
    LOOK,
    MODEL,
    OTHER,
    QUICK,
    SWAPPED,
    asked,
    bodies,
    cards_asked,
    kept_in,
    store,
    stored,
)
from tests.in_part import in_part
from tests.running import in_pty, rows, run

BODY = {
    "max_tokens": 1024,
    "stream": True,
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "low"},
}


def test_no_difference(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", *LOOK, "--json", "--seed", "7", base_url=simulator.base_url)
        requests = asked(simulator)
    assert (ran.status, list(ran.json)) == (0, KEYS)
    body = ran.json
    assert (body["name"], body["model"], body["against"], body["result"]) == ("default", MODEL, None, "no_difference")
    assert (body["replies"], body["declared"], body["off_format"]) == (20, 0, 0)
    assert (body["look"], body["looks"], body["exit_code"]) == (1, 13, 0)
    assert body["cost_usd"] > 0
    assert body["would_have_seen"] == {"full_swap": 0.99, "half": 0.35, "sixth": 0.0}
    assert set(Counter(cards_asked(requests)).values()) == {5}
    assert bodies(requests) == [{"model": MODEL, **BODY}] * 20
    assert all(request.header("anthropic-beta") is None for request in requests)


def test_a_swap_is_repeated_and_then_differs(home: Path) -> None:
    with Simulator(SWAPPED) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", *LOOK, base_url=simulator.base_url)
        assert len(asked(simulator)) == 40
    text = ran.out.decode()
    assert ran.status == 15
    assert text.startswith("Replies differ from your baseline of 11 Nov 2026 (p=.0016, excess TV .")
    for needed in (
        "the repeat agreed",
        "Cause unknown",
        "a full swap would have shown",
        "prompts that trigger a policy",
    ):
        assert needed in text
    assert "share of replies, baseline and now" in text
    look = kept_in(home).record.runs[0]
    assert look.repeat is not None
    assert (len(look.replies), len(look.repeat)) == (20, 20)


def test_held_against_a_named_model(home: Path) -> None:
    with Simulator(SWAPPED) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", "--against", "claude-opus-4-8", *LOOK, "--json", base_url=simulator.base_url)
        requests = asked(simulator)
    body = ran.json
    assert (ran.status, body["result"], body["against"]) == (15, "differs", OTHER)
    assert body["p_directed"] == body["repeat"]["p_directed"] == 0.0016
    assert body["share"]["low"] > 0.8
    assert Counter(request.json["model"] for request in requests) == {MODEL: 40, OTHER: 40}
    models = [request.json["model"] for request in requests[:40]]
    assert sum(one != other for one, other in pairwise(models)) > 10  # the arms are mixed
    assert {str(sorted((k, str(v)) for k, v in body.items() if k != "model")) for body in bodies(requests)} == {
        str(sorted((k, str(v)) for k, v in BODY.items()))
    }


def test_every_request_is_an_exchange_with_a_source_of_its_own(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        run(home, "hello", base_url=simulator.base_url)
        run(home, "audit", "run", *LOOK, base_url=simulator.base_url)
        kept = rows(home)
        stats = run(home, "history", "stats", "--json").json
        last = run(home, "why", "--json").json
        run(home, "retry", base_url=simulator.base_url)
        retried = simulator.requests[-1]
        continued = run(home, "-c", "and?", "--dry-run", base_url=simulator.base_url)
    assert Counter(each["source"] for each in kept) == {"avow": 1, "audit": 20}
    replies = kept_in(home).record.runs[0].replies
    assert {each["request_id"] for each in kept if each["source"] == "audit"} == {each.request_id for each in replies}
    assert all(each["verdict"] == "as_requested" and each["cost_usd"] for each in kept)
    assert (stats["total"]["requests"], [use["served"] for use in stats["models"]]) == (1, [1])
    assert [latency["answers"] for latency in stats["latency"]] == [1]
    assert last["number"] == 1
    assert b"hello" in retried.body
    assert b"hello" in continued.out


VOID: dict[str, tuple[list[str], dict[str, str], str]] = {
    "model": (["-m", "opus"], {}, "model"),
    "base URL": ([], {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}, "base_url"),
    "version": ([], {"AVOW_API_VERSION": "2026-10-21"}, "version"),
    "betas": ([], {"ANTHROPIC_CUSTOM_HEADERS": "anthropic-beta: files-api-2025-04-14"}, "betas"),
}


@pytest.mark.parametrize(("arguments", "environ", "field"), VOID.values(), ids=VOID)
def test_a_baseline_is_void_when_anything_differs(
    home: Path, arguments: list[str], environ: dict[str, str], field: str
) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        more: Any = {"ANTHROPIC_API_KEY": "sk-ant-test", "ANTHROPIC_BASE_URL": simulator.base_url, **environ}
        ran = run(home, "audit", "run", *LOOK, "--json", *arguments, **more)
        said = run(home, "audit", "run", *LOOK, *arguments, **more)
        assert simulator.requests == []
    assert (ran.status, ran.json["result"], ran.json["exit_code"], ran.json["p"]) == (2, "void", 2, None)
    assert [each["field"] for each in ran.json["differences"]] == [field]
    assert said.status == 2
    assert said.out.startswith(b"Void: ")
    assert kept_in(home).record.runs == ()


def test_another_effort_is_void_too(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        kept = stored(home, simulator.base_url)
        request = {**kept.record.conditions.request, "output_config": {"effort": "high"}}
        conditions = replace(kept.record.conditions, request=request)
        store(home).save(replace(kept, record=replace(kept.record, conditions=conditions)))
        ran = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url)
        assert simulator.requests == []
    assert ran.json["differences"] == [{"field": "effort", "baseline": "high", "now": "low"}]


def test_config_and_flags_of_ask_change_nothing(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(
        'fallback = "default"\nsystem = "x"\neffort = "max"\noptions = {temperature = 0.1}\nstop = ["a"]\n'
    )
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        assert run(home, "audit", "run", *LOOK, base_url=simulator.base_url).status == 0
        assert bodies(asked(simulator)) == [{"model": MODEL, **BODY}] * 20


def test_nothing_is_sent_without_a_baseline_or_beyond_the_plan(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        none = run(home, "audit", "run", *LOOK, base_url=simulator.base_url)
        stored(home, simulator.base_url, name="half", sittings=2)
        half = run(home, "audit", "run", "half", *LOOK, base_url=simulator.base_url)
        stored(home, simulator.base_url, name="one", looks=1)
        first = run(home, "audit", "run", "one", *LOOK, "--seed", "7", base_url=simulator.base_url)
        count = len(simulator.requests)
        second = run(home, "audit", "run", "one", *LOOK, base_url=simulator.base_url)
        assert len(simulator.requests) == count == 20
    assert (none.status, half.status, first.status, second.status) == (2, 2, 0, 2)
    assert none.lines[0] == "avow: error: there is no baseline default"
    assert half.lines[0] == "avow: error: the baseline half has 40 of 60 replies"
    assert "all 1 planned looks are used" in second.lines[0]


def test_a_bad_name_or_model_sends_nothing(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        for arguments in (
            ["../x"],
            ["--against", MODEL],
            ["--against", "claude-haiku-4-5"],
            ["--pace", "-1"],
            ["--pace", "nan"],
            ["--pace", "x"],
        ):
            ran = run(home, "audit", "run", *arguments, *([] if "--pace" in arguments else QUICK),
                      base_url=simulator.base_url)  # fmt: skip
            assert (ran.status, simulator.requests) == (2, []), arguments
            assert ran.lines[0].startswith("avow: error: ")
            assert arguments[0] != "--pace" or "--pace" in ran.lines[0]


def test_it_asks_before_it_sends(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        piped = run(home, "audit", "run", base_url=simulator.base_url)
        assert (piped.status, simulator.requests) == (2, [])
        assert any("--yes" in line for line in piped.lines)
        no = in_pty(home, "audit", "run", "--pace", "0", base_url=simulator.base_url)
        no.until("Send it? [y/N]")
        no.send("n\n")
        assert (no.end(), simulator.requests, kept_in(home).record.runs) == (2, [], ())
        yes = in_pty(home, "audit", "run", "--pace", "0", "--seed", "5", base_url=simulator.base_url, PAGER="cat")
        yes.until("Send it? [y/N]")
        yes.send("y\n")
        assert yes.end() == 0
        assert len(simulator.requests) == 20
    assert "audit default: 20 requests, about 2,200 tokens in and 500 out, about $0.04" in yes.text
    assert "a repeat, where one is needed: up to 20 requests more, $0.08 in all" in yes.text
    assert b"look 1 of 13 \xe2\x94\x81" in bytes(yes.raw)
    assert "No difference found" in yes.text


def test_the_price_of_the_named_model_is_in_the_sum(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", "--against", OTHER, base_url=simulator.base_url)
        assert simulator.requests == []
    said = "\n".join(ran.lines)
    for needed in ("40 requests", f"half of the requests go to {OTHER}", "up to 40 requests more"):
        assert needed in said


# -- declared events ------------------------------------------------------------------------------------------


DECLARED: dict[str, tuple[list[str | Scenario], int, int, str]] = {
    "one refusal in the midst": ([HONEST] * 7 + ["refused"] + [HONEST] * 20, 0, 1, "no_difference"),
    "one declared fallback": ([HONEST] * 7 + ["picks_declared"] + [HONEST] * 20, 0, 1, "no_difference"),
    "one substituted": ([HONEST] * 7 + ["picks_substituted"] + [HONEST] * 20, 12, 1, "no_difference"),
    "one without a name": ([HONEST] * 7 + ["unnamed"] + [HONEST] * 20, 0, 1, "no_difference"),
    "all refused": (["refused"], 11, 20, "not_measured"),
    "all fallbacks": (["picks_declared"], 13, 20, "not_measured"),
    "all substituted": (["picks_substituted"], 12, 20, "not_measured"),
}


@pytest.mark.parametrize(
    ("scenarios", "status", "declared", "result"),
    in_part(DECLARED, ("one substituted", "all refused")),
)
def test_declared_replies_leave_the_test(
    home: Path, scenarios: list[str | Scenario], status: int, declared: int, result: str
) -> None:
    with Simulator([*scenarios]) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url)
        assert len(asked(simulator)) == 20
    assert (ran.status, ran.json["result"], ran.json["exit_code"]) == (status, result, status)
    assert (ran.json["declared"], ran.json["replies"]) == (declared, 20 - declared)
    assert (ran.json["p"] is None) == (result == "not_measured")


def test_a_baseline_without_enough_replies_measures_nothing_and_sends_nothing(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        kept = stored(home, simulator.base_url)
        refused = tuple(replace(each, verdict="refused") for each in kept.record.baseline)
        store(home).save(replace(kept, record=replace(kept.record, baseline=refused)))
        ran = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url)
        assert simulator.requests == []
    assert (ran.status, ran.json["result"]) == (13, "not_measured")
    assert kept_in(home).record.runs == ()


def test_off_format_replies_stay(home: Path) -> None:
    with Simulator(["echo"] * 3 + ["empty"] + [HONEST] * 20) as simulator:
        stored(home, simulator.base_url)
        body = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url).json
    assert (body["replies"], body["declared"], body["off_format"]) == (20, 0, 4)


def test_no_key_no_request(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", *LOOK, ANTHROPIC_BASE_URL=simulator.base_url)
        assert (ran.status, simulator.requests, kept_in(home).record.runs) == (3, [], ())


def test_the_history_may_be_off(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", *LOOK, "--json", base_url=simulator.base_url, AVOW_HISTORY_ENABLED="false")
    assert (ran.status, ran.json["replies"], rows(home)) == (0, 20, [])


def test_the_pace_is_from_one_request_to_the_next(home: Path) -> None:
    with Simulator(HONEST) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", "--pace", "0.05", "--yes", "--seed", "5", base_url=simulator.base_url)
    assert ran.status == 0
    assert ran.seconds > 19 * 0.05
