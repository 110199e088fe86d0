"""`avow run --batch`, as a process: contract §10 on batches, sentence by sentence."""

import json
import re
import signal
import sqlite3
import time
import urllib.request
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.scenarios import load
from avow.simulator.server import Simulator
from tests.run.stand_in import MODEL
from tests.running import Ran, in_pty, rows, run, start

BATCHES = "/v1/messages/batches"


def prompts(home: Path, *lines: str) -> str:
    path = home / "f.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def batched(home: Path, sim: Simulator, *arguments: str, lines: str = "abc", **more: Any) -> Ran:
    return run(home, "run", prompts(home, *lines), *arguments, base_url=sim.base_url, **more)


def made(sim: Simulator) -> list[dict[str, Any]]:
    """The bodies of the requests that made batches."""
    return [r.json for r in sim.requests if (r.method, r.path) == ("POST", BATCHES)]


def direct(sim: Simulator) -> list[dict[str, Any]]:
    """Those of ordinary requests."""
    return [r.json for r in sim.requests if r.path == "/v1/messages"]


def of_somebody_else(sim: Simulator) -> str:
    """The id of a batch of three items that another program makes."""
    params = {"model": MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    return str(_asked(sim, "POST", "", {"requests": [{"custom_id": str(n), "params": params} for n in range(3)]})["id"])


def at_the_api(sim: Simulator) -> list[dict[str, Any]]:
    """The batches that it has, the newest first."""
    found: list[dict[str, Any]] = _asked(sim, "GET", "")["data"]
    return found


def _asked(sim: Simulator, method: str, path: str, body: Any = None) -> Any:
    headers = {"x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{sim.base_url}{BATCHES}{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


# -- the same as without --batch ----------------------------------------------------------------------------------


def test_the_same_items_go_through_one_batch_at_half_the_price(home: Path) -> None:
    with Simulator() as sim:
        junit, out = home / "j.xml", home / "o.jsonl"
        ran = batched(home, sim, "--batch", "--junit", str(junit), "-O", str(out))
        plain = batched(home, sim, "--no-history")
    assert (ran.status, ran.out) == (0, b"")
    assert re.fullmatch(r"avow: run 1: 3 items: 3 as_requested; \$\d+\.\d+", ran.lines[-1])
    events = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(e["prompt"], e["item"]["index"], e["run"]) for e in events] == [("a", 0, 1), ("b", 1, 1), ("c", 2, 1)]
    assert all(e["cost_usd"] == pytest.approx(p["cost_usd"] / 2) for e, p in zip(events, plain.events, strict=True))
    assert {key for e in events for key in e} == {key for e in plain.events for key in e}
    assert {e["timing"]["total_ms"] for e in events} == {None}  # nobody knows how long its turn took
    assert junit.read_text().count("<testcase") == 3
    (body,) = made(sim)
    assert [one["custom_id"] for one in body["requests"]] == [e["id"] for e in events]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one["custom_id"]) for one in body["requests"])
    assert all({"stream", "fallbacks"}.isdisjoint(one["params"]) for one in body["requests"])
    assert all("fallbacks" not in row["params"] for row in rows(home))
    assert len(direct(sim)) == 3  # those of the plain run


def test_what_is_not_answered_is_failed_and_asked_again_by_resume(home: Path) -> None:
    with Simulator("batch_errored") as sim:
        ran = batched(home, sim, "--batch")
        sim.play("requested")
        again = batched(home, sim, "--batch", "--resume")
    assert (ran.status, [e["status"] for e in ran.events]) == (5, ["complete", "failed", "complete"])
    assert ran.events[1]["error"] == {
        "type": "errored", "status": None, "message": "api_error: Internal server error",
    }  # fmt: skip
    assert (again.status, [len(body["requests"]) for body in made(sim)]) == (0, [3, 1])
    assert again.events[1]["retry_of"] == ran.events[1]["id"]
    assert again.lines[-1].startswith("avow: run 1: 3 items: 3 as_requested")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["expired", "canceled", "unknown", "missing"])
def test_other_ends_are_failed_with_their_type(home: Path, kind: str) -> None:
    with Simulator(f"batch_{kind}") as sim:
        ran = batched(home, sim, "--batch")
    expected = kind if kind in ("expired", "canceled") else "not_an_answer"
    assert (ran.status, ran.events[1]["status"], ran.events[1]["error"]["type"]) == (5, "failed", expected)
    assert [e["status"] for e in ran.events] == ["complete", "failed", "complete"]


def test_what_is_refused_is_asked_again_under_the_fallback(home: Path) -> None:
    with Simulator([load("fallback")]) as sim:
        ran = batched(home, sim, "--batch", lines="a")
    hops = [(hop["model"], hop["outcome"]) for hop in ran.events[0]["hops"]]
    assert hops == [(MODEL, "declined"), (MODEL, "declined"), ("claude-opus-4-8", "served")]
    assert (ran.status, ran.events[0]["verdict"]) == (10, "fallback")
    assert [body["fallbacks"] for body in direct(sim)] == ["default"]
    (row,) = rows(home)
    assert (row["status"], row["moved_to"]) == ("complete", None)


def test_without_a_fallback_a_refusal_stays(home: Path) -> None:
    with Simulator("batch_refused") as sim:
        ran = batched(home, sim, "--batch", "--fallback", "none", "--unordered")
        again = batched(home, sim, "--batch", "--fallback", "none", "--resume")
    events = sorted(ran.events, key=lambda e: e["item"]["index"])
    assert (ran.status, [e["verdict"] for e in events]) == (11, ["as_requested", "refused", "as_requested"])
    assert (again.status, len(made(sim)), direct(sim)) == (11, 1, [])
    assert again.events == events


# -- once ---------------------------------------------------------------------------------------------------------


def test_a_batch_whose_making_was_not_heard_of_is_found_again(home: Path) -> None:
    with Simulator() as sim:
        before = of_somebody_else(sim)
        sim.play("batch_lost")
        ran = batched(home, sim, "--batch")
    assert (ran.status, len(made(sim))) == (0, 2), ran.err
    assert not [r for r in sim.requests if before in r.path]


def test_a_batch_of_somebody_else_is_not_taken_for_its_own(home: Path) -> None:
    """The run was killed before it heard of its batch; somebody else's, of the same size, is older than that."""
    with Simulator() as sim:
        batched(home, sim, "--batch", "--detach")
        own = at_the_api(sim)[0]["id"]
        with closing(sqlite3.connect(home / "data" / "history.db")) as connection, connection:
            connection.execute("UPDATE batch SET id = NULL")
        sim.requests.clear()
        other = of_somebody_else(sim)
        with closing(sqlite3.connect(home / "data" / "history.db")) as connection, connection:
            connection.execute("UPDATE batch SET id = ?", (other,))
        ran = batched(home, sim, "--resume")
    assert (ran.status, [e["status"] for e in ran.events]) == (0, ["complete"] * 3), ran.err
    assert f"avow: note: batch {other}: none of the results of the batch is of this run" in ran.lines
    assert own in "".join(r.path for r in sim.requests)
    assert len(made(sim)) == 1  # the other's


@pytest.mark.slow  # it is looked for three times, in four seconds
def test_one_that_is_not_found_is_asked_again_with_a_word(home: Path) -> None:
    with Simulator() as sim, Simulator() as empty:
        batched(home, sim, "--batch", "--detach")
        with closing(sqlite3.connect(home / "data" / "history.db")) as connection, connection:
            connection.execute(
                "UPDATE batch SET id = NULL, base_url = ?, created_at = '2026-01-01T00:00:00.000Z'", (empty.base_url,)
            )
        ran = batched(home, empty, "--batch", "--resume")
    assert (ran.status, len(made(empty))) == (0, 1), ran.err
    words = "a batch of 3 items that may have been created is not in the API's list, so it is asked again"
    assert [line for line in ran.lines if line.startswith(f"avow: note: {words}")] != []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_that_is_killed_and_resumed_sends_one_batch_and_keeps_each_answer_once(home: Path) -> None:
    import random

    chosen = random.Random(7)
    path = prompts(home, *(f"p{number}" for number in range(60)))
    with Simulator("batch_slow:6") as sim:
        for _ in range(10):
            process = start(home, "run", path, "--batch", "--resume", base_url=sim.base_url)
            time.sleep(chosen.uniform(0.15, 1.6))
            process.kill()
            process.communicate()
        ran = run(home, "run", path, "--batch", "--resume", base_url=sim.base_url, timeout=150)
        assert len(at_the_api(sim)) == 1
    assert (ran.status, len(ran.events)) == (0, 60), ran.err
    done = [row["prompt"] for row in rows(home) if row["status"] == "complete"]
    assert sorted(done) == sorted(f"p{number}" for number in range(60))
    assert direct(sim) == []


# -- the key ------------------------------------------------------------------------------------------------------


def test_the_key_goes_to_no_other_origin(home: Path) -> None:
    with Simulator() as other:
        scenario = load("batch_elsewhere")
        elsewhere = replace(scenario, batch=replace(scenario.batch, elsewhere=other.base_url))
        with Simulator(elsewhere) as sim:
            ran = batched(home, sim, "--batch")
        assert other.requests == []
    assert (ran.status, len(ran.events)) == (0, 3)
    assert ran.lines[0].startswith("avow: note: the batch names 127.0.0.1 for its results, which gets no key")


# -- leaving and coming back --------------------------------------------------------------------------------------


def test_detach_leaves_at_once_and_resume_collects_without_asking_another_way(home: Path) -> None:
    with Simulator("batch_slow:1") as sim:
        left = batched(home, sim, "--batch", "--detach")
        (batch,) = at_the_api(sim)
        assert (left.status, left.out) == (0, b"")
        assert left.lines == [
            f"avow: note: run 1: 3 items are in {batch['id']}; `avow run {home}/f.txt --resume=1` collects, "
            "`avow run --cancel 1` cancels"
        ]
        assert {row["status"] for row in rows(home)} == {"pending"}
        ran = batched(home, sim, "--resume")
    assert (ran.status, [e["prompt"] for e in ran.events]) == (0, ["a", "b", "c"])
    assert (len(made(sim)), direct(sim)) == (1, [])


def test_ctrl_c_leaves_it_running_and_says_so(home: Path) -> None:
    with Simulator("batch_slow") as sim:
        process = start(home, "run", prompts(home, "a", "b"), "--batch", "-q", base_url=sim.base_url)
        while not any(r.method == "GET" and "msgbatch_" in r.path for r in sim.requests):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        (batch,) = at_the_api(sim)
    assert (process.returncode, out, batch["processing_status"]) == (-signal.SIGINT, b"", "in_progress")
    lines = err.decode().splitlines()
    assert lines[0].startswith(f"avow: note: run 1: 2 items are in {batch['id']}; `avow run ")
    assert lines[-1] == "avow: run 1: 2 items: 2 pending; $0.00"


def _made_here(home: Path) -> bool:
    """Whether the history knows a batch by the API's id."""
    with closing(sqlite3.connect(home / "data" / "history.db")) as connection, connection:
        return connection.execute("SELECT 1 FROM batch WHERE id IS NOT NULL").fetchone() is not None


def test_ctrl_c_promises_nothing_of_a_batch_of_the_stand_in(home: Path) -> None:
    process = start(home, "run", prompts(home, "a"), "--batch", "--simulate", "batch_slow")
    while not (rows(home) and _made_here(home)):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=20)
    assert "the simulator ends with avow" in err.decode().splitlines()[0]
    assert run(home, "run", f"{home}/f.txt", "--resume", "--simulate", "requested", "-q").status == 0


def test_ctrl_c_before_all_is_sent_says_how_to_go_on(home: Path) -> None:
    path = prompts(home, *map(str, range(3000)))
    with Simulator() as sim:
        process = start(home, "run", path, "--batch", base_url=sim.base_url)
        while not rows(home):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=60)
        assert made(sim) == []
    assert process.returncode == -signal.SIGINT
    assert err.decode().splitlines() == [
        f"avow: note: run 1: not all was sent; `avow run {path} --batch --resume=1` goes on"
    ]


def test_cancel_needs_no_file_and_resume_collects_what_had_ended(home: Path) -> None:
    with Simulator("batch_slow") as sim:
        batched(home, sim, "--batch", "--detach")
        cancelled = run(home, "run", "--cancel", "1", base_url=sim.base_url)
        ran = batched(home, sim, "--resume")
        nothing = run(home, "run", "--cancel", "1", base_url=sim.base_url)
    assert (cancelled.status, cancelled.out) == (0, b"")
    assert cancelled.lines[0].endswith(": is cancelled")
    assert [e["status"] for e in ran.events] == ["complete", "failed", "complete"]
    assert (ran.status, ran.events[1]["error"]["type"]) == (5, "canceled")
    assert (nothing.status, nothing.lines) == (0, ["avow: note: no item of run 1 is in a batch"])


def test_a_small_limit_is_said_as_it_is_typed(home: Path) -> None:
    ran = run(home, "run", prompts(home, "a"), "--batch", "--max-cost", "0.00001", "--simulate", "requested")
    assert (ran.status, "--max-cost $0.00001 ended it" in ran.err.decode()) == (14, True), ran.err


@pytest.mark.parametrize("other", [("--batch",), ("--resume=1",), ("--dry-run",), ("--simulate", "requested")])
def test_cancel_stands_alone(home: Path, other: tuple[str, ...]) -> None:
    ran = run(home, "run", "--cancel", "1", *other)
    assert (ran.status, f"so {other[0].partition('=')[0]} has no meaning" in ran.err.decode()) == (2, True), ran.err


def test_what_is_gone_is_failed_and_asked_anew(home: Path) -> None:
    with Simulator() as sim:
        batched(home, sim, "--batch", "--detach")
        _asked(sim, "DELETE", f"/{at_the_api(sim)[0]['id']}")
        gone = batched(home, sim, "--resume")
    assert (gone.status, {e["error"]["message"] for e in gone.events}) == (
        5, {"the batch or its results no longer exist"},
    )  # fmt: skip


@pytest.mark.slow  # the second look is the first that tells; by default without a terminal: test_collect
def test_a_terminal_shows_what_is_waited_for(home: Path) -> None:
    with Simulator("batch_slow:2.5") as sim:
        path = prompts(home, "a", "b")
        pty = in_pty(home, "run", path, "--batch", base_url=sim.base_url, size=(10, 120))
        pty.until("2 of 2 processing; checked again in")
        assert pty.end() == 0
    assert [line[:1] for line in pty.text.splitlines()] == ["✓", "✓", "a"]


# -- money --------------------------------------------------------------------------------------------------------


def test_no_item_is_sent_that_could_take_the_sum_over_the_limit(home: Path) -> None:
    limit = ("--batch", "--max-tokens", "100", "--fallback", "none", "--max-cost")
    with Simulator() as sim:
        ran = batched(home, sim, *limit, "0.009")
        rest = batched(home, sim, *limit, "1", "--resume")
    sent = [len(body["requests"]) for body in made(sim)]
    assert (ran.status, rest.status, sum(sent), len(sent)) == (14, 0, 3, 2), (ran.err, rest.err)
    assert ran.lines[-1].endswith(f"{3 - sent[0]} not asked; ${sum(e['cost_usd'] for e in ran.events):.4f}")
    assert direct(sim) == []


def test_what_lies_in_a_batch_is_set_aside_before_anything_else_is_asked(home: Path) -> None:
    few = ("--max-tokens", "100", "--fallback", "none")
    with Simulator() as sim:
        batched(home, sim, "--batch", "--detach", *few)
        ran = batched(home, sim, "--resume", "--max-cost", "0.015", *few, lines="nabc")
    assert (ran.status, direct(sim)) == (14, []), ran.err


def test_what_is_paid_for_is_collected_whatever_the_limit(home: Path) -> None:
    with Simulator() as sim:
        batched(home, sim, "--batch", "--detach", "--fallback", "none")
        ran = batched(home, sim, "--resume", "--max-cost", "0.000001", "--fallback", "none")
    assert (ran.status, [e["status"] for e in ran.events], direct(sim)) == (0, ["complete"] * 3, []), ran.err


def test_a_dry_run_tells_half_the_price(home: Path) -> None:
    with Simulator() as sim:
        plain, half = (batched(home, sim, "--dry-run", "--fallback", "none", *more) for more in ((), ("--batch",)))
    assert made(sim) == []
    prices = [[float(one) for one in re.findall(rb"\$([0-9.]+)", ran.out)] for ran in (plain, half)]
    assert prices[1] == pytest.approx([one / 2 for one in prices[0]], abs=0.01)


# -- what cannot be done ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--detach",), "--detach is for --batch"),
        (("--batch", "--detach", "--simulate", "requested"), "the simulator ends with avow"),
        (("--batch", "--no-history"), "--batch needs the history"),
        (("--batch", "--speed", "fast"), "f.txt:1: batches do not take `speed`"),
        (("--cancel", "1"), "--cancel takes the number of a run, and no FILE"),
    ],
)
def test_a_wrong_line_sends_nothing(home: Path, arguments: tuple[str, ...], words: str) -> None:
    with Simulator() as sim:
        ran = batched(home, sim, *arguments)
        assert sim.requests == []
    assert (ran.status, words in ran.err.decode()) == (2, True), ran.err


def test_an_endpoint_without_batches_is_said_to_have_none(home: Path) -> None:
    with Simulator("unknown_model") as sim:
        ran = batched(home, sim, "--batch")
    assert (ran.status, made(sim)) == (4, [])
    assert b"may not offer the Message Batches API" in ran.err
