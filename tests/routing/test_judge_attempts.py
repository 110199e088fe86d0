"""The verdict where avow itself asked more than one model."""

from avow.routing.judge import judge
from avow.routing.verdict import Attempt, Evidence, Hop, Pin, RequestFacts, Verdict, reasons
from avow.wire.message import whole
from tests.routing.judging import GONE, OVERLOADED, SERVED, SKIPPED, refused, segments
from tests.streams import (
    ASKED,
    OTHER,
    THIRD,
    fallback,
    message,
    start,
    text,
    words,
)
from tests.wire.test_message import folded


def test_a_client_side_fallback() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, whole(message(text("x"), model=OTHER)))])
    assert (routing.verdict, routing.served_model, routing.category) == (Verdict.FALLBACK, OTHER, "bio")
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [(ASKED, GONE), (OTHER, SERVED)]
    done = {"model": ASKED, "outcome": "declined", "then": OTHER}
    assert Evidence("avow.attempts[0]", done, "strong") in routing.evidence
    assert reasons(routing) == (f"{ASKED} declined: bio",)


def test_each_attempt_says_which_model_was_asked_then() -> None:
    attempts = [refused(), refused(model=THIRD), Attempt(OTHER, whole(message(text("x"), model=OTHER)))]
    evidence = judge(RequestFacts(ASKED), attempts).evidence
    done = [item.value for item in evidence if item.field.startswith("avow.attempts")]
    assert done == [
        {"model": ASKED, "outcome": "declined", "then": THIRD},
        {"model": THIRD, "outcome": "declined", "then": OTHER},
    ]


def test_the_partial_text_of_a_decline_is_withdrawn_or_goes_on() -> None:
    second = Attempt(OTHER, whole(message(text("new"), model=OTHER)))
    anew = judge(RequestFacts(ASKED), [refused(text("half ")), second])
    assert (segments(anew), anew.withdrawn_text) == ([(OTHER, "new")], "half ")
    on = judge(RequestFacts(ASKED), [refused(text("half "))._replace(continued=True), second])
    assert (segments(on), on.withdrawn_text) == ([(ASKED, "half "), (OTHER, "new")], None)


def test_all_of_a_clients_chain_declined() -> None:
    first = refused(text("a"))._replace(continued=True)
    routing = judge(RequestFacts(ASKED), [first, refused(text("b"), model=OTHER)])
    assert (routing.verdict, routing.text, routing.withdrawn_text) == (Verdict.REFUSED, "", "ab")
    assert [hop.outcome for hop in routing.hops] == [GONE, GONE]


def test_an_overloaded_model_then_another() -> None:
    attempts = [Attempt(ASKED, failure=OVERLOADED), Attempt(OTHER, whole(message(text("x"), model=OTHER)))]
    routing = judge(RequestFacts(ASKED), attempts)
    assert routing.verdict is Verdict.FALLBACK
    assert routing.hops[0] == Hop(ASKED, SKIPPED, error=OVERLOADED)
    assert reasons(routing) == (f"{ASKED} skipped: overloaded_error",)


def test_a_client_side_fallback_then_a_server_side_one_are_two_hops() -> None:
    second = Attempt(THIRD, whole(message(fallback(THIRD, OTHER), text("x"), model=OTHER)))
    routing = judge(RequestFacts(ASKED), [Attempt(ASKED, failure=OVERLOADED), second])
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [(ASKED, SKIPPED), (THIRD, GONE), (OTHER, SERVED)]
    assert routing.verdict is Verdict.FALLBACK


def test_a_refusal_stands_where_the_next_model_cannot_be_had() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, failure=OVERLOADED)])
    assert routing.verdict is Verdict.REFUSED
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [(ASKED, GONE), (OTHER, SKIPPED)]


def test_which_model_avow_moved_to_after_a_decline() -> None:
    answered = Attempt(OTHER, whole(message(text("x"), model="echo")))
    assert judge(RequestFacts(ASKED), [refused(), answered]).moved_to == OTHER
    assert judge(RequestFacts(ASKED), [refused(), Attempt(THIRD, failure=OVERLOADED), answered]).moved_to == OTHER
    assert judge(RequestFacts(ASKED), [Attempt(ASKED, failure=OVERLOADED), answered]).moved_to is None, (
        "merely unavailable"
    )
    assert judge(RequestFacts(ASKED), [refused()]).moved_to is None


def test_another_model_than_the_one_avow_moved_to() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, whole(message(text("x"), model=THIRD)))])
    assert routing.verdict is Verdict.SUBSTITUTED


def test_a_cut_answer_after_avow_moved_is_a_fallback() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, folded(start(OTHER), *words(0, "a")))])
    assert routing.verdict is Verdict.FALLBACK


def test_a_conversation_that_stays_on_another_model() -> None:
    asked = RequestFacts(ASKED, pin=Pin(OTHER, 3))
    routing = judge(asked, [Attempt(OTHER, whole(message(text("x"), model=OTHER)))])
    assert routing.verdict is Verdict.FALLBACK
    assert Evidence("conversation.pinned", {"model": OTHER, "since_turn": 3}, "strong") in routing.evidence
    assert routing.pin == Pin(OTHER, 3)
    assert reasons(routing) == (f"this conversation stays on {OTHER} since turn 3",)


def test_a_model_that_avow_moved_to_hands_back_to_the_requested_one() -> None:
    """All names are the requested model's; but avow moved, so it did not answer of itself."""
    second = Attempt(OTHER, whole(message(fallback(OTHER, ASKED), text("x"), model=ASKED)))
    assert judge(RequestFacts(ASKED), [refused(), second]).verdict is Verdict.FALLBACK


def test_what_was_tried_after_the_answer_is_no_step_towards_it() -> None:
    """A refusal stands; the model that was asked after it cannot be had."""
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, failure=OVERLOADED)])
    assert [piece.field for piece in routing.evidence if piece.field.startswith("avow.")] == []
