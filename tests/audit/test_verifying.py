"""A second person computes a record again: what agrees, and what was altered."""

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from avow.audit.record import AuditRecord, digest_of
from avow.audit.verifying import verify
from avow.wire.json_value import JsonObject
from tests.audit import made_up


def recorded(*, draws: int = 199, against: bool = False) -> AuditRecord:
    """Two looks: one without a difference and without a repeat, one that differs."""
    draw = random.Random(3)
    one, other = made_up.models(draw)
    base = made_up.record(one, draw, draws=draws, looks=2)
    first, calm = made_up.run(base, one, draw)
    second, alarm = made_up.run(base, one, draw, number=2, swapped=other, share=1.0, named=other if against else None)
    assert alarm.exit_code == 15
    return replace(base, runs=(replace(first, result=calm.as_json()), replace(second, result=alarm.as_json())))


RECORD = recorded().as_json()


@pytest.mark.parametrize("against", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_record_agrees_with_itself(against: bool) -> None:
    record = recorded(against=against).as_json()
    found = verify(record)
    assert (found.agrees, found.problems, found.exit_code) == (True, (), 15)
    assert found.as_json() == {**record["runs"][1]["result"], "agrees": True, "problems": []}


def test_another_process_without_network_or_history_finds_the_same_to_the_last_bit() -> None:
    code = (
        "import json, sys\nfrom avow.audit.verifying import verify\n"
        "found = verify(json.load(sys.stdin))\n"
        "assert not {'socket', 'httpcore', 'sqlite3'} & set(sys.modules)\n"
        "print(json.dumps(found.as_json()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(RECORD), capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout) == {**RECORD["runs"][1]["result"], "agrees": True, "problems": []}


def _every_reply(body: JsonObject) -> None:
    body["runs"][1]["replies"][:20] = body["runs"][0]["replies"]


def _p(body: JsonObject) -> None:
    body["runs"][1]["result"]["p"] = 0.5


def _finding(body: JsonObject) -> None:
    body["runs"][1]["result"]["result"] = "no_difference"


def _first_look(body: JsonObject) -> None:
    body["runs"][0]["result"]["excess_tv"] = 0.0


def _looks(body: JsonObject) -> None:
    body["looks"] = 1


def _a_look_less(body: JsonObject) -> None:
    del body["runs"][0]


def _card(body: JsonObject) -> None:
    body["cards"][0]["text"] = "Which model are you?"


def _extra(body: JsonObject) -> None:
    body["runs"][1]["result"]["proof"] = "yes"


CHANGES: dict[str, tuple[Callable[[JsonObject], None], str]] = {
    "every reply": (_every_reply, "look 2"),
    "p": (_p, "look 2: p is not"),
    "the finding": (_finding, "look 2: result is not"),
    "an earlier look": (_first_look, "look 1: excess_tv"),
    "looks planned": (_looks, "alpha"),
    "a look less": (_a_look_less, "not numbered"),
    "a card": (_card, "card card-1: the hash"),
    "a key more": (_extra, "look 2: the result is not"),
}


@pytest.mark.parametrize(("change", "words"), CHANGES.values(), ids=CHANGES)
def test_what_was_altered_is_noticed_with_and_without_a_new_digest(
    change: Callable[[JsonObject], None], words: str
) -> None:
    body = copy.deepcopy(RECORD)
    change(body)
    found = verify(body)
    assert (found.agrees, found.exit_code) == (False, 13)
    assert any("digest" in problem for problem in found.problems)
    body["digest"] = digest_of(body)
    forged = verify(body)
    assert forged.exit_code == 13
    assert any(words in problem for problem in forged.problems), forged.problems


def test_a_reply_that_decides_nothing_is_noticed_by_the_digest() -> None:
    body = copy.deepcopy(RECORD)
    body["baseline"][0]["request_id"] = "req_other"
    assert verify(body).problems == ("the digest is not that of this record: it was changed",)
    del body["digest"]
    assert not verify(body).agrees


def test_cost_is_taken_as_it_stands() -> None:
    body = copy.deepcopy(RECORD)
    body["runs"][1]["result"]["cost_usd"] = 77.0
    body["digest"] = digest_of(body)
    assert verify(body).agrees


def test_a_look_under_way_is_left_out() -> None:
    record = recorded()
    cut = replace(record, runs=(record.runs[0], replace(record.runs[1], replies=record.runs[1].replies[:9],
                                                        repeat=None, result=None)))  # fmt: skip
    found = verify(cut.as_json())
    assert (found.agrees, found.exit_code) == (True, 0)
    assert found.last == record.runs[0]
    none = verify(replace(record, runs=()).as_json())
    assert (none.agrees, none.last, none.result, none.exit_code) == (True, None, None, 0)


def test_text_that_no_file_can_hold_is_no_traceback() -> None:
    body = copy.deepcopy(RECORD)
    body["baseline"][0]["text"] = "\ud800, b, c, d, e, f"
    assert not verify(body).agrees
