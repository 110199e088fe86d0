"""Sessions, retries, side requests, and what a client does about a refusal."""

import json
from typing import Any

import pytest

from avow.proxy.question import ClientQuestion, read
from avow.proxy.session_tracker import CallEnd, Placement, SessionMove, SessionTracker

FABLE, OPUS, SONNET = "claude-fable-5", "claude-opus-5", "claude-sonnet-5"
NOTICE = {"type": "text", "text": "<system-reminder>declined</system-reminder>"}


class Calls:
    """A session tracker that numbers its calls."""

    def __init__(self, session: str | None = "s1") -> None:
        self.tracker = SessionTracker()
        self.number = 0
        self.headers = {"x-claude-code-session-id": session} if session else {}

    def begin(self, model: str, *texts: str, notice: bool = False, **more: Any) -> Placement:
        self.number += 1
        return self.tracker.begin(self.number, self.question(model, *texts, notice=notice, **more))

    def question(self, model: str, *texts: str, notice: bool = False, **more: Any) -> ClientQuestion:
        turns: list[Any] = [
            {"role": "assistant" if n % 2 else "user", "content": [{"type": "text", "text": text}]}
            for n, text in enumerate(texts or ("hi",))
        ]
        if notice:
            turns[-1]["content"].append(NOTICE)
        return read(json.dumps({"model": model, "messages": turns, **more}).encode(), self.headers)

    def ask(self, model: str, *texts: str, end: CallEnd = CallEnd.WHOLE, **more: Any) -> Placement:
        place = self.begin(model, *texts, **more)
        self.tracker.end(place.number, end)
        return place

    @property
    def answers(self) -> list[int]:
        """The numbers of those that count by themselves."""
        return [number for number in range(1, self.number + 1) if self.tracker.is_answer(number)]


@pytest.fixture(params=["s1", None], ids=["with a session's id", "without"])
def calls(request: pytest.FixtureRequest) -> Calls:
    return Calls(request.param)


def test_a_plain_conversation(calls: Calls) -> None:
    first = calls.ask(FABLE)
    second = calls.ask(FABLE, "hi", "hello", "more")
    assert first.session == second.session
    assert second == Placement(2, first.session, FABLE)
    assert calls.answers == [1, 2]


def test_without_an_id_other_beginnings_are_other_sessions() -> None:
    calls = Calls(None)
    assert {calls.ask(FABLE, text).session for text in ("a", "b", "a")} == {"#1", "#2"}


def test_a_client_that_asks_another_model_after_a_refusal(calls: Calls) -> None:
    calls.ask(FABLE, end=CallEnd.REFUSED)
    place = calls.ask(OPUS)
    assert (place.requested_model, place.moved, place.declined) == (FABLE, SessionMove(FABLE, OPUS, 2, 1), (1,))
    assert calls.answers == [2]


def test_all_that_the_session_asks_of_that_model_from_then_on(calls: Calls) -> None:
    calls.ask(FABLE, end=CallEnd.REFUSED)
    calls.ask(OPUS)
    later = calls.ask(OPUS, "hi", "hello", "more")
    assert (later.requested_model, later.moved, later.declined) == (FABLE, SessionMove(FABLE, OPUS, 2, 1), ())
    back = calls.ask(FABLE, "hi", "hello", "more", "yes", "and")
    assert (back.requested_model, back.moved) == (FABLE, None)
    chosen = calls.ask(SONNET, "hi", "hello", "more", "yes", "and", "yes", "now")
    assert (chosen.requested_model, chosen.moved) == (SONNET, None)


def test_other_sessions_are_not_moved() -> None:
    calls = Calls("s1")
    calls.ask(FABLE, end=CallEnd.REFUSED)
    calls.ask(OPUS)
    calls.headers = {"x-claude-code-session-id": "s2"}
    assert calls.ask(OPUS).moved is None


def test_another_model_without_a_refusal_is_the_user_s_own_choice(calls: Calls) -> None:
    calls.ask(FABLE)
    assert calls.ask(OPUS).moved is None
    assert calls.ask(OPUS, "hi", "hello", "more").requested_model == OPUS


def test_neither_is_another_question_after_a_refusal() -> None:
    calls = Calls("s1")
    calls.ask(FABLE, "hi", end=CallEnd.REFUSED)
    place = calls.ask(OPUS, "something else")
    assert (place.moved, place.declined) == (None, ())
    assert calls.answers == [1, 2]


def test_a_turn_without_words_asks_nothing_that_was_refused() -> None:
    calls = Calls("s1")
    calls.ask(FABLE, "hi", end=CallEnd.REFUSED)
    nothing = [{"role": "user", "content": [NOTICE]}]
    assert calls.ask(OPUS, messages=nothing).moved is None


def test_claude_code_asks_again_with_a_notice_and_then_another() -> None:
    """Version 2.1.332: fable, fable with a notice, opus."""
    calls = Calls("s1")
    calls.ask(FABLE, end=CallEnd.REFUSED)
    calls.ask(FABLE, notice=True, end=CallEnd.REFUSED)
    assert calls.answers == [1, 2]
    place = calls.ask(OPUS)
    assert (place.requested_model, place.declined) == (FABLE, (1, 2))
    assert calls.answers == [3]


def test_claude_code_allows_a_fallback_after_a_refusal(calls: Calls) -> None:
    """On the API's own host: fable, fable with `fallbacks`, and where that too is refused, opus."""
    calls.ask(FABLE, end=CallEnd.REFUSED)
    second = calls.ask(FABLE, fallbacks=[{"model": OPUS}], end=CallEnd.REFUSED)
    assert (second.requested_model, second.moved, second.declined) == (FABLE, None, (1,))
    assert calls.answers == [2]
    third = calls.ask(OPUS, end=CallEnd.REFUSED)
    assert (third.moved, third.declined) == (SessionMove(FABLE, OPUS, 3, 1), (1, 2))
    assert calls.answers == [3]


def test_the_same_refusal_twice_counts_twice(calls: Calls) -> None:
    calls.ask(FABLE, end=CallEnd.REFUSED)
    calls.ask(FABLE, end=CallEnd.REFUSED)
    assert calls.answers == [1, 2]


def test_a_second_switch_remembers_what_was_asked_first(calls: Calls) -> None:
    calls.ask(FABLE, end=CallEnd.REFUSED)
    calls.ask(OPUS, end=CallEnd.REFUSED)
    place = calls.ask(SONNET)
    assert (place.requested_model, place.declined) == (FABLE, (1, 2))
    assert place.moved == SessionMove(FABLE, SONNET, 3, 1)
    assert calls.answers == [3]


def test_a_repeat_is_a_retry_where_the_one_before_gave_no_whole_answer(calls: Calls) -> None:
    calls.ask(FABLE, end=CallEnd.NONE)
    calls.ask(FABLE, stream=False, end=CallEnd.NONE)
    assert calls.ask(FABLE).retry_of == 2
    assert calls.answers == [3]
    assert calls.tracker.superseded == {1, 2}
    assert calls.ask(FABLE).retry_of is None
    assert calls.answers == [3, 4]


def test_a_retry_of_the_switch_still_has_the_refusal_before_it(calls: Calls) -> None:
    calls.ask(FABLE, end=CallEnd.REFUSED)
    calls.ask(OPUS, end=CallEnd.NONE)
    place = calls.ask(OPUS)
    assert (place.retry_of, place.declined, place.requested_model) == (2, (1,), FABLE)
    assert calls.answers == [3]


def test_requests_at_once_are_no_retries_of_each_other(calls: Calls) -> None:
    calls.begin(FABLE)
    assert calls.begin(FABLE).retry_of is None
    calls.tracker.end(1, CallEnd.NONE)
    calls.tracker.end(2, CallEnd.WHOLE)
    assert calls.answers == [1, 2]


def test_side_requests() -> None:
    calls = Calls("s1")
    title: dict[str, Any] = {"output_config": {"format": {}}}
    calls.headers["user-agent"] = "claude-cli/2.1.332 (external, cli)"
    assert calls.ask(FABLE, **title).side
    assert not calls.ask(FABLE, tools=[{"name": "t"}]).side
    assert calls.ask(FABLE, "quota").side, "without the tools that its session has"
    assert calls.answers == [1, 2, 3]


def test_without_a_model_nothing_is_moved() -> None:
    tracker = SessionTracker()
    place = tracker.begin(1, read(b"garbage", {}))
    tracker.end(1, CallEnd.WHOLE)
    tracker.end(1, CallEnd.WHOLE)
    assert (place.requested_model, place.moved, place.session) == (None, None, "#1")


def test_what_is_remembered_is_bounded() -> None:
    calls = Calls(None)
    calls.tracker = SessionTracker(sessions=8, calls=4)
    for number in range(20):
        calls.ask(FABLE, str(number))
    assert len(calls.tracker._sessions) == len(calls.tracker._by_prefix) == 8
    calls.headers = {"x-claude-code-session-id": "s1"}
    for number in range(20):
        calls.ask(FABLE, str(number))
    assert len(calls.tracker._sessions["s1"].ended) == 4
    for session in ("s2", "s3", "s1", *"abcdefg"):
        calls.headers = {"x-claude-code-session-id": session}
        calls.ask(FABLE)
    assert {"s1", "g"} <= calls.tracker._sessions.keys(), "the one that was asked longest ago goes first"
    assert "s2" not in calls.tracker._sessions
