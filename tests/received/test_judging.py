import json

import pytest

from avow.exchange.exchange import Status, as_json
from avow.proxy.judging import JudgingContext
from avow.proxy.question import ClientQuestion
from avow.received.judging import SameResult, judged
from tests.received.test_intake import BATCH, BODY, MESSAGE, OPUS, STREAM, Json, taken

JUDGING = JudgingContext("", "")


@pytest.mark.parametrize(
    ("data", "model", "expected"),
    [
        (BODY, OPUS, ("complete", "as_requested", 0)),
        (STREAM, "claude-fable-5-2", ("complete", "substituted", 12)),
        (BODY[:-20], OPUS, ("incomplete", "unverified", 7)),
        (STREAM[:-30], OPUS, ("incomplete", "unverified", 7)),
        (BODY.replace(b"end_turn", b"tool_use"), OPUS, ("complete", "as_requested", 0)),
        (BODY.replace(b"end_turn", b"max_tokens"), OPUS, ("truncated", "as_requested", 8)),
    ],
)
def test_who_answered(data: bytes, model: str, expected: tuple[object, ...]) -> None:
    [received] = taken(data)
    found = judged(received, ClientQuestion(model), JUDGING, 0)
    assert (str(found.status), found.verdict, found.exit_code) == expected
    assert found.source == "judge"


def test_a_batch_result_is_named_by_its_id() -> None:
    found = [judged(each, ClientQuestion(OPUS), JUDGING, n) for n, each in enumerate(taken(BATCH))]
    assert [each.exit_code for each in found] == [0, 4, 5, 5, 5]
    assert [as_json(each)["item"]["id"] for each in found] == ["a", "b", "c", "d", "e"]
    assert found[2].status is Status.FAILED
    assert json.dumps([as_json(each) for each in found])


@pytest.mark.parametrize(("host", "strength"), [("", "weak"), ("api.anthropic.com", "strong")])
def test_a_name_is_worth_what_it_is_worth_at_the_host(host: str, strength: str) -> None:
    [received] = taken(BODY)
    assert judged(received, ClientQuestion(OPUS), JudgingContext("", host), 0).routing.strength == strength


def test_answers_like_one_that_was_fine_need_no_judge() -> None:
    alike = SameResult()
    thinking = BODY.replace(
        b'"content": [', b'"content": [{"type": "thinking", "thinking": "t", "signature": "c2ln"}, '
    )
    twice = BODY.replace(b'"model"', b'"model": "claude-haiku-4-5", "model"')
    refused = BODY.replace(b"end_turn", b"refusal")
    novel = BODY.replace(b'"content": [', b'"content": [{"type": "novel"}, ')
    for data in (BODY, thinking, twice, refused, novel):
        [received] = taken(data)
        assert not alike.has(received)
        alike.add(received, judged(received, ClientQuestion(OPUS), JUDGING, 0))
    assert [alike.has(taken(data)[0]) for data in (BODY, thinking, twice, refused, novel)] == [True, *[False] * 4]
    other = BODY.replace(b"opus-4-8", b"opus-5")
    assert [alike.has(taken(data)[0]) for data in (other, BODY[:-20], STREAM[:-30])] == [False] * 3


@pytest.mark.parametrize(
    ("plain", "telling"),
    [
        ({"stop_details": None}, {"stop_details": {"type": "refusal", "category": "cyber"}}),
        ({"usage": {"iterations": []}}, {"usage": {"iterations": [{"type": "message", "model": "claude-opus-5"}]}}),
    ],
    ids=["stop details", "iterations"],
)
def test_what_tells_more_than_names_is_judged_each_time(plain: Json, telling: Json) -> None:
    alike = SameResult()
    [one], [other] = (taken(json.dumps({**MESSAGE, **more}).encode()) for more in (plain, telling))
    alike.add(one, judged(one, ClientQuestion(OPUS), JUDGING, 0))
    assert (alike.has(one), alike.has(other)) == (True, False)
