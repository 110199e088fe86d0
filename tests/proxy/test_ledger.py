"""The ledger: sessions, retries, side requests, and what a client does about a refusal."""

import json
from typing import Any

import pytest

from avow.proxy.ledger import End, Ledger, Moved, Place
from avow.proxy.question import ClientQuestion, read

FABLE, OPUS, SONNET = "claude-fable-5", "claude-opus-5", "claude-sonnet-5"
NOTICE = {"type": "text", "text": "<system-reminder>declined</system-reminder>"}


class Book:
    """A ledger, with numbers given by itself."""

    def __init__(self, session: str | None = "s1") -> None:
        self.ledger = Ledger()
        self.number = 0
        self.headers = {"x-claude-code-session-id": session} if session else {}

    def begin(self, model: str, *texts: str, notice: bool = False, **more: Any) -> Place:
        self.number += 1
        return self.ledger.begin(self.number, self.question(model, *texts, notice=notice, **more))

    def question(self, model: str, *texts: str, notice: bool = False, **more: Any) -> ClientQuestion:
        turns: list[Any] = [
            {"role": "assistant" if n % 2 else "user", "content": [{"type": "text", "text": text}]}
            for n, text in enumerate(texts or ("hi",))
        ]
        if notice:
            turns[-1]["content"].append(NOTICE)
        return read(json.dumps({"model": model, "messages": turns, **more}).encode(), self.headers)

    def ask(self, model: str, *texts: str, end: End = End.WHOLE, **more: Any) -> Place:
        place = self.begin(model, *texts, **more)
        self.ledger.end(place.number, end)
        return place

    @property
    def answers(self) -> list[int]:
        """The numbers of those that count by themselves."""
        return [number for number in range(1, self.number + 1) if self.ledger.is_answer(number)]


@pytest.fixture(params=["s1", None], ids=["with a session's id", "without"])
def book(request: pytest.FixtureRequest) -> Book:
    return Book(request.param)


def test_a_plain_conversation(book: Book) -> None:
    first = book.ask(FABLE)
    second = book.ask(FABLE, "hi", "hello", "more")
    assert first.session == second.session
    assert second == Place(2, first.session, FABLE)
    assert book.answers == [1, 2]


def test_without_an_id_other_beginnings_are_other_sessions() -> None:
    book = Book(None)
    assert {book.ask(FABLE, text).session for text in ("a", "b", "a")} == {"#1", "#2"}


def test_a_client_that_asks_another_model_after_a_refusal(book: Book) -> None:
    book.ask(FABLE, end=End.REFUSED)
    place = book.ask(OPUS)
    assert (place.requested_model, place.moved, place.declined) == (FABLE, Moved(FABLE, OPUS, 2, 1), (1,))
    assert book.answers == [2]


def test_all_that_the_session_asks_of_that_model_from_then_on(book: Book) -> None:
    book.ask(FABLE, end=End.REFUSED)
    book.ask(OPUS)
    later = book.ask(OPUS, "hi", "hello", "more")
    assert (later.requested_model, later.moved, later.declined) == (FABLE, Moved(FABLE, OPUS, 2, 1), ())
    back = book.ask(FABLE, "hi", "hello", "more", "yes", "and")
    assert (back.requested_model, back.moved) == (FABLE, None)
    chosen = book.ask(SONNET, "hi", "hello", "more", "yes", "and", "yes", "now")
    assert (chosen.requested_model, chosen.moved) == (SONNET, None)


def test_other_sessions_are_not_moved() -> None:
    book = Book("s1")
    book.ask(FABLE, end=End.REFUSED)
    book.ask(OPUS)
    book.headers = {"x-claude-code-session-id": "s2"}
    assert book.ask(OPUS).moved is None


def test_another_model_without_a_refusal_is_the_user_s_own_choice(book: Book) -> None:
    book.ask(FABLE)
    assert book.ask(OPUS).moved is None
    assert book.ask(OPUS, "hi", "hello", "more").requested_model == OPUS


def test_neither_is_another_question_after_a_refusal() -> None:
    book = Book("s1")
    book.ask(FABLE, "hi", end=End.REFUSED)
    place = book.ask(OPUS, "something else")
    assert (place.moved, place.declined) == (None, ())
    assert book.answers == [1, 2]


def test_claude_code_asks_again_with_a_notice_and_then_another() -> None:
    """Version 2.1.332: fable, fable with a notice, opus."""
    book = Book("s1")
    book.ask(FABLE, end=End.REFUSED)
    book.ask(FABLE, notice=True, end=End.REFUSED)
    assert book.answers == [1, 2]
    place = book.ask(OPUS)
    assert (place.requested_model, place.declined) == (FABLE, (1, 2))
    assert book.answers == [3]


def test_claude_code_allows_a_fallback_after_a_refusal(book: Book) -> None:
    """On the API's own host: fable, fable with `fallbacks`, and where that too is refused, opus."""
    book.ask(FABLE, end=End.REFUSED)
    second = book.ask(FABLE, fallbacks=[{"model": OPUS}], end=End.REFUSED)
    assert (second.requested_model, second.moved, second.declined) == (FABLE, None, (1,))
    assert book.answers == [2]
    third = book.ask(OPUS, end=End.REFUSED)
    assert (third.moved, third.declined) == (Moved(FABLE, OPUS, 3, 1), (1, 2))
    assert book.answers == [3]


def test_the_same_refusal_twice_counts_twice(book: Book) -> None:
    book.ask(FABLE, end=End.REFUSED)
    book.ask(FABLE, end=End.REFUSED)
    assert book.answers == [1, 2]


def test_a_second_switch_remembers_what_was_asked_first(book: Book) -> None:
    book.ask(FABLE, end=End.REFUSED)
    book.ask(OPUS, end=End.REFUSED)
    place = book.ask(SONNET)
    assert (place.requested_model, place.declined) == (FABLE, (1, 2))
    assert place.moved == Moved(FABLE, SONNET, 3, 1)
    assert book.answers == [3]


def test_a_repeat_is_a_retry_where_the_one_before_gave_no_whole_answer(book: Book) -> None:
    book.ask(FABLE, end=End.NONE)
    book.ask(FABLE, stream=False, end=End.NONE)
    assert book.ask(FABLE).retry_of == 2
    assert book.answers == [3]
    assert book.ledger.superseded == {1, 2}
    assert book.ask(FABLE).retry_of is None
    assert book.answers == [3, 4]


def test_a_retry_of_the_switch_still_has_the_refusal_before_it(book: Book) -> None:
    book.ask(FABLE, end=End.REFUSED)
    book.ask(OPUS, end=End.NONE)
    place = book.ask(OPUS)
    assert (place.retry_of, place.declined, place.requested_model) == (2, (1,), FABLE)
    assert book.answers == [3]


def test_requests_at_once_are_no_retries_of_each_other(book: Book) -> None:
    book.begin(FABLE)
    assert book.begin(FABLE).retry_of is None
    book.ledger.end(1, End.NONE)
    book.ledger.end(2, End.WHOLE)
    assert book.answers == [1, 2]


def test_side_requests() -> None:
    book = Book("s1")
    title: dict[str, Any] = {"output_config": {"format": {}}}
    book.headers["user-agent"] = "claude-cli/2.1.332 (external, cli)"
    assert book.ask(FABLE, **title).side
    assert not book.ask(FABLE, tools=[{"name": "t"}]).side
    assert book.ask(FABLE, "quota").side, "without the tools that its session has"
    assert book.answers == [1, 2, 3]


def test_without_a_model_nothing_is_moved() -> None:
    ledger = Ledger()
    place = ledger.begin(1, read(b"garbage", {}))
    ledger.end(1, End.WHOLE)
    ledger.end(1, End.WHOLE)
    assert (place.requested_model, place.moved, place.session) == (None, None, "#1")


def test_what_is_remembered_is_bounded() -> None:
    book = Book(None)
    book.ledger = Ledger(sessions=8, calls=4)
    for number in range(20):
        book.ask(FABLE, str(number))
    assert len(book.ledger._sessions) == len(book.ledger._by_prefix) == 8
    book.headers = {"x-claude-code-session-id": "s1"}
    for number in range(20):
        book.ask(FABLE, str(number))
    assert len(book.ledger._sessions["s1"].ended) == 4
