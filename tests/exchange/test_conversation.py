"""Conversations: which turns are sent again, in which form, and to which model."""

import json
import urllib.error
import urllib.request
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import UsageError
from avow.exchange.conversation import OmittedTurn, path_to, pinned, replay, user_blocks
from avow.exchange.exchange import Exchange, Status
from avow.prompt.attachments import identify
from avow.routing.verdict import Pin, Routing, Segment, Verdict
from avow.simulator.server import Simulator
from avow.wire.blocks import Attachment
from avow.wire.json_value import JsonObject
from avow.wire.replay import has_handover
from tests import samples
from tests.changing import changed
from tests.wire import sdk_types

pytestmark = pytest.mark.sdk

FABLE, OPUS, SONNET = "claude-fable-5", "claude-opus-4-8", "claude-sonnet-5"
THINKING = {"type": "thinking", "thinking": "", "signature": "c2ln"}
HANDOVER = {"type": "fallback", "from": {"model": FABLE}, "to": {"model": OPUS}}
SYSTEM = "Be brief."


def text(words: str) -> JsonObject:
    return {"type": "text", "text": words}


def sdk_takes(message: JsonObject) -> None:
    """The official SDK's types accept it; blocks are looked at only where somebody goes through them."""
    taken = sdk_types.beta_message().validate_python(message, strict=True)
    content = taken["content"]
    assert isinstance(content, str) or len(list(content)) == len(message["content"])


def turn(
    number: int,
    *content: JsonObject,
    status: Status = Status.COMPLETE,
    verdict: Verdict | None = Verdict.AS_REQUESTED,
    served: str | None = FABLE,
    segments: tuple[Segment, ...] = (),
    pin: Pin | None = None,
    moved_to: str | None = None,
    **more: Any,
) -> Exchange:
    """Turn `number` of a conversation, answered by `content`."""
    given: dict[str, Any] = {
        "requested_model": FABLE,
        "sent_model": FABLE,
        "parent_id": f"id{number - 1}" if number > 1 else None,
        "created_at": f"2026-11-23T17:00:{number:02}.000Z",
        "prompt": f"question {number}",
        "user_content": (text(f"question {number}"),),
    }
    plain = Exchange(id=f"id{number}", conversation_id="c", created_at="", requested_model=FABLE)
    return changed(
        plain,
        status=status,
        content=content or (text(f"answer {number}"),),
        routing=Routing(verdict=verdict, served_model=served, segments=segments, pin=pin, moved_to=moved_to),
        **(given | more),
    )


def words(messages: tuple[JsonObject, ...]) -> list[str]:
    """The messages in short: role and the kinds or texts of their blocks."""
    return [
        f"{message['role'][0]}: " + " ".join(block.get("text", block["type"]) for block in message["content"])
        for message in messages
    ]


def test_turns_go_back_in_order() -> None:
    replayed = replay([turn(1), turn(2)], model=FABLE)
    assert words(replayed.messages) == ["u: question 1", "a: answer 1", "u: question 2", "a: answer 2"]
    assert replayed.left_out == ()


def test_nothing_before_the_first_turn() -> None:
    assert replay([], model=FABLE).messages == ()


LEFT_OUT = {
    "refused": (turn(2, status=Status.REFUSED, verdict=Verdict.REFUSED), "refused"),
    "refused, and the next model failed": (turn(2, status=Status.FAILED, verdict=Verdict.REFUSED), "refused"),
    "failed": (turn(2, status=Status.FAILED, verdict=None), "failed"),
    "incomplete": (turn(2, status=Status.INCOMPLETE, verdict=Verdict.UNVERIFIED), "incomplete"),
    "interrupted": (turn(2, status=Status.INTERRUPTED, verdict=None), "interrupted"),
    "pending": (turn(2, status=Status.PENDING, verdict=None), "never finished"),
    "redacted": (turn(2, prompt=None, user_content=()), "its text was not kept"),
}


@pytest.mark.parametrize(("second", "reason"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_turns_that_are_left_out_and_said(second: Exchange, reason: str) -> None:
    replayed = replay([turn(1), second, turn(3, THINKING, text("answer 3"))], model=FABLE)
    assert words(replayed.messages) == ["u: question 1", "a: answer 1", "u: question 3", "a: answer 3"]
    assert replayed.left_out == (OmittedTurn(2, reason),)


def test_a_truncated_turn_stays() -> None:
    replayed = replay([turn(1, status=Status.TRUNCATED)], model=FABLE)
    assert words(replayed.messages) == ["u: question 1", "a: answer 1"]


def test_an_empty_answer_leaves_its_question() -> None:
    replayed = replay([turn(1, THINKING), turn(2)], model=FABLE)
    assert words(replayed.messages) == ["u: question 1", "u: question 2", "a: answer 2"]


def test_turns_that_were_deleted_are_said() -> None:
    replayed = replay([turn(2, THINKING, text("answer 2"))], model=FABLE)
    assert replayed.left_out == (OmittedTurn(0, "deleted"),)
    assert words(replayed.messages) == ["u: question 2", "a: answer 2"]


THOUGHT = (THINKING, text("answer"))
KEPT = {
    "nothing changed": ({}, {}, True),
    "an alias of the same model": ({}, {"model": "anthropic/claude-fable-5"}, True),
    "another model is asked": ({}, {"model": OPUS}, False),
    "another system prompt": ({}, {"system": SYSTEM}, False),
    "the same system prompt": ({"system": SYSTEM}, {"system": SYSTEM}, True),
    "other tools": ({}, {"tools": [{"name": "f"}]}, False),
    "the same tools": ({"params": {"tools": [1]}}, {"tools": [1]}, True),
    "another model had been asked": ({"sent_model": OPUS, "served": OPUS}, {}, False),
    "another model answered without a word": ({"served": OPUS}, {}, False),
    "nothing says who answered": ({"served": None}, {}, False),
}


@pytest.mark.parametrize(("first", "now", "kept"), KEPT.values(), ids=KEPT)
def test_thinking_is_bound_to_its_model_and_past(first: dict[str, Any], now: dict[str, Any], kept: bool) -> None:
    common = {key: value for key, value in first.items() if key in ("system", "params")}
    turns = [turn(1, *THOUGHT, **first), turn(2, *THOUGHT, **common)]
    replayed = replay(turns, **{"model": FABLE, **now})
    expected = "a: thinking answer" if kept else "a: answer"
    assert words(replayed.messages)[1::2] == [expected, expected]


def test_thinking_before_a_change_stays() -> None:
    turns = [turn(1, *THOUGHT), turn(2, *THOUGHT, served=OPUS), turn(3, *THOUGHT)]
    assert words(replay(turns, model=FABLE).messages)[1::2] == ["a: thinking answer", "a: answer", "a: answer"]


def test_a_hand_over_in_mid_answer() -> None:
    second = turn(2, THINKING, text("one"), HANDOVER, THINKING, text("two"), verdict=Verdict.FALLBACK, served=OPUS)
    replayed = replay([turn(1, *THOUGHT), second, turn(3, *THOUGHT)], model=FABLE)
    assert words(replayed.messages)[1::2] == [
        "a: thinking answer",
        "a: one fallback thinking two",
        "a: thinking answer",
    ]
    assert any(has_handover(message["content"]) for message in replayed.messages)
    for message in replayed.messages:
        sdk_takes(message)


def test_an_answer_that_avow_let_another_model_finish() -> None:
    second = turn(
        1,
        THINKING,
        text("one"),
        THINKING,
        text("two"),
        verdict=Verdict.FALLBACK,
        served=OPUS,
        moved_to=OPUS,
        segments=(Segment(FABLE, "one"), Segment(OPUS, "two")),
    )
    assert words(replay([second], model=FABLE).messages)[1:] == ["a: one two"]


def test_attachments_come_back_in_their_places() -> None:
    files = (identify("a.png", samples.png()), identify("b.txt", b"b"))
    content = (text("before"), {"type": "attachment", "index": 1}, {"type": "attachment", "index": 0}, text("after"))
    asked = turn(1, user_content=content, attachments=files)
    assert [block["type"] for block in user_blocks(asked)] == ["text", "document", "image", "text"]
    replayed = replay([asked], model=FABLE)
    assert replayed.attachments == files
    sdk_takes(replayed.messages[0])


def test_an_attachment_without_its_bytes_is_named() -> None:
    lost = Attachment("lost.pdf", "pdf", "application/pdf", 10, "ab")
    asked = turn(1, user_content=({"type": "attachment", "index": 0},), attachments=(lost,))
    with pytest.raises(UsageError, match=r"lost\.pdf"):
        replay([asked], model=FABLE)


def test_a_turn_of_a_foreign_client_has_only_a_prompt() -> None:
    assert words(replay([turn(1, user_content=())], model=FABLE).messages)[0] == "u: question 1"


def test_path_to() -> None:
    first, second, third = turn(1), turn(2), turn(3)
    sibling = second._replace(id="retry")
    by_id = {exchange.id: exchange for exchange in (third, sibling, second, first)}
    assert path_to(third, by_id) == (first, second, third)
    assert path_to(sibling, by_id) == (first, sibling)
    assert path_to(third, {"id2": second}) == (second, third)
    assert path_to(third, {}) == (third,)


def test_a_path_that_bites_its_tail_ends() -> None:
    first = turn(1, parent_id="id2")
    second = turn(2)
    assert path_to(second, {"id1": first, "id2": second}) == (first, second)


NOON = 1795453200.0  # 2026-11-23T17:00:00Z
FELL_BACK = turn(2, verdict=Verdict.FALLBACK, served=OPUS, moved_to=OPUS)
ON_OPUS = turn(3, verdict=Verdict.FALLBACK, served=OPUS, pin=Pin(OPUS, 2), sent_model=OPUS)

PINS: dict[str, tuple[list[Exchange], Pin | None]] = {
    "no turn": ([], None),
    "no fallback": ([turn(1), turn(2)], None),
    "the turn before fell back": ([turn(1), FELL_BACK], Pin(OPUS, 2)),
    "and the one after stayed": ([turn(1), FELL_BACK, ON_OPUS], Pin(OPUS, 2)),
    "a turn that failed changes nothing": (
        [turn(1), FELL_BACK, turn(3, status=Status.FAILED, sent_model=OPUS)],
        Pin(OPUS, 2),
    ),
    "a turn went elsewhere since": ([turn(1), FELL_BACK, turn(3)], None),
    "everyone declined": ([turn(1), turn(2, verdict=Verdict.REFUSED, moved_to=OPUS)], None),
    "the API fell back": ([turn(1), turn(2, HANDOVER, text("x"), verdict=Verdict.FALLBACK, served=OPUS)], None),
    "avow went on to the requested model itself": ([turn(1), turn(2, verdict=Verdict.FALLBACK, moved_to=FABLE)], None),
    "the second to fall back counts": (
        [turn(1), FELL_BACK, turn(3, verdict=Verdict.FALLBACK, sent_model=OPUS, pin=Pin(OPUS, 2), moved_to=SONNET)],
        Pin(SONNET, 3),
    ),
}


@pytest.mark.parametrize(("turns", "expected"), PINS.values(), ids=PINS)
def test_which_model_a_conversation_stays_on(turns: list[Exchange], expected: Pin | None) -> None:
    assert pinned(turns, FABLE, NOON + 60) == expected


def test_a_pin_ends() -> None:
    turns = [turn(1), FELL_BACK]
    assert pinned(turns, FABLE, NOON + 2 + 3599) is not None
    assert pinned(turns, FABLE, NOON + 2 + 3600) is None


def test_a_question_for_another_model_is_not_pinned() -> None:
    assert pinned([turn(1), FELL_BACK], "claude-opus-5", NOON + 60) is None


# -- against the simulator, which answers a wrong replay with the API's own 400 ------------------------------------

BETAS = "server-side-fallback-2026-07-01"


def post(base_url: str, body: JsonObject, betas: str = BETAS) -> tuple[int, JsonObject]:
    """Status and body of a request to the simulator."""
    request = urllib.request.Request(
        f"{base_url}/v1/messages",
        json.dumps(body).encode(),
        {
            "x-api-key": "sk-ant-test",
            "anthropic-version": "2026-10-21",
            "anthropic-beta": betas,
            "content-type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def body(messages: tuple[JsonObject, ...], question: str, model: str = FABLE) -> JsonObject:
    return {
        "model": model,
        "max_tokens": 1000,
        "fallbacks": "default",
        "messages": [*messages, {"role": "user", "content": [text(question)]}],
    }


def asked(number: int, answer: JsonObject, model: str = FABLE, **more: Any) -> Exchange:
    """The turn that `answer` of the simulator makes."""
    status = Status.REFUSED if answer["stop_reason"] == "refusal" else Status.COMPLETE
    return turn(number, *answer["content"], status=status, served=answer["model"], sent_model=model, **more)


@pytest.mark.parametrize(
    "scenarios",
    [
        pytest.param(["requested", "thinking", "requested"], id="thinking"),
        pytest.param(["thinking", "handover", "thinking", "requested"], id="a handover in mid-answer"),
        pytest.param(["fallback", "thinking", "hops", "requested"], id="handovers before the answer"),
        pytest.param(["thinking", "sticky", "thinking", "requested"], id="a sticky turn"),
        pytest.param(["thinking", "declined", "thinking", "refused", "requested"], id="refusals"),
        pytest.param(["thinking", "tool_use", "thinking", "pause_turn", "requested"], id="calls nobody answers"),
        pytest.param(["empty", "markdown", "requested"], id="an empty answer"),
    ],
)
def test_the_stand_in_accepts_what_goes_back(scenarios: list[str]) -> None:
    turns: list[Exchange] = []
    with Simulator(scenarios) as sim:
        for number in range(1, len(scenarios) + 1):
            replayed = replay(turns, model=FABLE)
            status, answer = post(sim.base_url, body(replayed.messages, f"question {number}"))
            assert status == 200, answer
            turns.append(asked(number, answer))


def test_a_model_switch_and_a_changed_system_prompt_are_accepted() -> None:
    with Simulator("thinking") as sim:
        status, answer = post(sim.base_url, body((), "question 1"))
        first = asked(1, answer)
        assert status == 200
        assert "thinking" in {block["type"] for block in answer["content"]}
        for model, system in ((FABLE, None), (FABLE, SYSTEM), (OPUS, None)):
            request = body(replay([first], model=model, system=system).messages, "and now?", model)
            request = {key: value for key, value in request.items() if key != "fallbacks"}
            status, answer = post(sim.base_url, {**request, **({"system": system} if system else {})})
            assert status == 200, answer


def test_the_stand_in_would_have_said_so() -> None:
    """The same turn as it came is refused: what the tests above accept is no accident."""
    with Simulator(["handover", "requested"]) as sim:
        _status, answer = post(sim.base_url, body((), "question 1"))
        content = [{"type": "thinking", "thinking": "x", "signature": "eA=="}, *answer["content"]]
        raw = ({"role": "user", "content": [text("question 1")]}, {"role": "assistant", "content": content})
        status, error = post(sim.base_url, body(raw, "question 2"))
        assert (status, error["error"]["type"]) == (400, "invalid_request_error")
        replayed = replay([turn(1, *content, served=OPUS)], model=FABLE)
        assert any(has_handover(message["content"]) for message in replayed.messages)
        plain = {key: value for key, value in body(replayed.messages, "question 2").items() if key != "fallbacks"}
        assert post(sim.base_url, plain, betas="")[0] == 400, "an echoed block needs the beta"
        assert post(sim.base_url, plain)[0] == 200


BLOCKS = st.sampled_from(
    [THINKING, text(""), text("a"), text(" "), HANDOVER, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]
)


@given(
    st.lists(
        st.tuples(st.lists(BLOCKS, max_size=5), st.sampled_from(Status), st.sampled_from([FABLE, OPUS, None])),
        max_size=6,
    ),
)
def test_messages_are_always_acceptable(drawn: list[tuple[list[JsonObject], Status, str | None]]) -> None:
    turns = [
        changed(turn(number, served=served, status=status), content=tuple(content))
        for number, (content, status, served) in enumerate(drawn, 1)
    ]
    replayed = replay(turns, model=FABLE)
    roles = [message["role"] for message in replayed.messages]
    assert roles[:1] in ([], ["user"])
    assert all(one != "assistant" or other != "assistant" for one, other in pairwise(roles))
    assert all(message["content"] for message in replayed.messages)
    kept = {turn.id for turn in turns} - {f"id{left.turn}" for left in replayed.left_out}
    assert roles.count("user") == len(kept)
