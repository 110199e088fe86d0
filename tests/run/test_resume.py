"""A run that goes on where an earlier one ended."""

from pathlib import Path

from tests.run.asking import asked, file
from tests.run.stand_in import StandIn, answered
from tests.running import rows, run


def test_resume_asks_only_what_was_not_answered(home: Path) -> None:
    path = file(home, "a", "broken", "c")
    assert asked(home, path)[0].status == 4
    with StandIn(lambda prompt: answered("now")) as api:
        ran = run(home, "run", path, "--resume", base_url=api.base_url)
        assert api.asked == ["broken"]
    assert ran.status == 0
    assert ran.lines == ["avow: run 1: 3 items: 3 as_requested; $0.0014"]
    assert [(e["run"], e["text"]) for e in ran.events] == [(1, "answer to a"), (1, "now"), (1, "answer to c")]
    failed_row = next(row for row in rows(home) if row["status"] == "failed")
    assert ran.events[1]["retry_of"] == failed_row["id"]
    listed = run(home, "history", "list", "--run", "1", "--json")
    assert sorted(e["item"]["index"] for e in listed.json) == [0, 1, 2]
    assert run(home, "history", "stats", "--run", "1", "--json").json["total"]["as_requested"] == 3
    assert len(run(home, "history", "export", "--run", "1").events) == 3


def test_a_changed_item_is_asked_again_and_one_that_is_gone_counts_no_more(home: Path) -> None:
    asked(home, file(home, "a", "b", {"id": "x", "prompt": "c"}))
    ran, sent = asked(home, file(home, "new", "b", {"id": "x", "prompt": "changed"}), "--resume")
    assert sorted(sent) == ["changed", "new"]
    assert ran.lines[-1].startswith("avow: run 1: 3 items: 3 as_requested")
    listed = run(home, "history", "list", "--run", "1", "--json").json
    assert sorted(e["prompt"] for e in listed) == ["b", "changed", "new"]


def test_what_applies_to_all_asks_all_again(home: Path) -> None:
    path = file(home, "a", "b")
    asked(home, path)
    assert asked(home, path, "--resume", "--system", "be brief")[1] != []
    assert asked(home, path, "--resume", "1", "--system", "be brief")[1] == []


def test_what_is_believed_is_decided_anew(home: Path) -> None:
    path = file(home, "a")
    assert asked(home, path)[0].status == 0
    ran, sent = asked(home, path, "--resume", "--require", "strong")
    assert (ran.status, sent) == (13, [])


def test_the_same_prompt_twice_is_two_items(home: Path) -> None:
    path = file(home, "a", "a")
    asked(home, path)
    assert asked(home, path, "--resume")[1] == []
    assert asked(home, file(home, "a", "a", "a"), "--resume")[1] == ["a"]


def test_without_an_earlier_run_one_begins(home: Path) -> None:
    ran, sent = asked(home, file(home, "a"), "--resume")
    assert (ran.status, sent) == (0, ["a"])
    assert ran.lines[0] == "avow: note: there is no earlier run of this file: a new one begins"
