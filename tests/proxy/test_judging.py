"""A call and its answer as an exchange."""

import pytest

from avow.exchange.exchange import LONGEST_TRACEPARENT, Status
from avow.proxy.answer import Answer, abandoned, unreachable, unread
from avow.proxy.call_observer import Call
from avow.proxy.judging import begun, end_of, why_withheld
from avow.proxy.question import ClientQuestion
from avow.proxy.session_tracker import CallEnd, Placement
from avow.routing.verdict import Verdict
from tests import streams
from tests.proxy.calls import JUDGING, Told, answered, declined, overloaded, read

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("header", "around", "kept"),
    [
        (None, None, None),
        (None, PARENT, PARENT),
        (PARENT, "00-1-2-01", PARENT),
        ("", PARENT, PARENT),
        ("x" * 9000, None, "x" * LONGEST_TRACEPARENT),
    ],
    ids=["none", "around", "header", "empty", "long"],
)
def test_the_trace_it_is_part_of(header: str | None, around: str | None, kept: str | None) -> None:
    """What the request names comes before the environment."""
    call = Call(1, 0.0, 0.0, {} if header is None else {"traceparent": header}, None)
    place = Placement(1, "#1", None)
    assert begun(call, ClientQuestion(None), place, JUDGING._replace(traceparent=around)).traceparent == kept


def test_a_session_with_an_id_is_one_conversation_in_every_run_and_one_without_only_in_its_own() -> None:
    def of(session: str | None, place: str, run: str) -> tuple[str, str | None]:
        question = ClientQuestion(None, session=session)
        exchange = begun(Call(1, 0.0, 0.0, {}, None), question, Placement(1, place, None), JUDGING._replace(run=run))
        return exchange.conversation_id, exchange.session

    assert of("s", "s", "one") == of("s", "s", "two")
    without = [of(None, place, run) for place, run in (("#1", "one"), ("#2", "one"), ("#1", "two"))]
    assert len({conversation for conversation, _session in without}) == 3
    assert [session for _conversation, session in without] == ["#1", "#2", "#1"]


@pytest.mark.parametrize(
    ("answer", "status", "verdict", "code"),
    [
        (answered(), Status.COMPLETE, Verdict.AS_REQUESTED, 0),
        (answered("claude-opus-4-8"), Status.COMPLETE, Verdict.SUBSTITUTED, 12),
        (declined(), Status.REFUSED, Verdict.REFUSED, 11),
        (answered(stop_reason="tool_use"), Status.COMPLETE, Verdict.AS_REQUESTED, 0),
        (answered(stop_reason="pause_turn"), Status.COMPLETE, Verdict.AS_REQUESTED, 0),
        (answered(stop_reason="max_tokens"), Status.TRUNCATED, Verdict.AS_REQUESTED, 8),
        (read(streams.sse(streams.start())), Status.INCOMPLETE, Verdict.UNVERIFIED, 7),
        (read(streams.sse({"type": "ping"})), Status.INCOMPLETE, Verdict.UNVERIFIED, 7),
        (overloaded(), Status.FAILED, None, 5),
        (read(b"<html>"), Status.FAILED, None, 5),
        (unreachable("DNS"), Status.FAILED, None, 6),
        (abandoned(), Status.INTERRUPTED, None, 7),
        (unread("garbage"), Status.FAILED, Verdict.UNVERIFIED, 13),
    ],
)
def test_status_verdict_and_exit_status(answer: Answer, status: Status, verdict: Verdict | None, code: int) -> None:
    told = Told()
    told.ask(answer)
    (exchange,) = told.exchanges()
    assert (exchange.status, exchange.verdict, exchange.exit_code) == (status, verdict, code)
    assert (exchange.source, exchange.client, exchange.base_url) == ("proxy", "script/1", JUDGING.base_url)
    assert (exchange.error is None) is (status in (Status.COMPLETE, Status.REFUSED, Status.TRUNCATED))
    assert (why_withheld(exchange) is None) is (code == 0)


def test_a_call_that_cannot_be_read_is_not_believed() -> None:
    told = Told()
    told.ask(answered(), model=None)
    (exchange,) = told.exchanges()
    assert (exchange.requested_model, exchange.verdict) == ("", Verdict.UNVERIFIED)


def test_what_a_session_asks_after_its_client_switched() -> None:
    told = Told()
    told.ask(declined())
    told.ask(answered("claude-opus-5"), "claude-opus-5")
    told.ask(answered("claude-opus-5"), "claude-opus-5")
    _refused, first, later = told.exchanges()
    for exchange in (first, later):
        assert (exchange.requested_model, exchange.verdict) == (streams.ASKED, Verdict.FALLBACK)
        assert exchange.fallback_by == "client"
        assert "session.moved" in [piece.field for piece in exchange.routing.evidence]
        assert not exchange.routing.is_sticky
    assert [hop.model for hop in first.routing.hops] == [streams.ASKED, "claude-opus-5"]
    assert first.conversation_id == later.conversation_id


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (answered(), CallEnd.WHOLE),
        (answered(stop_reason="max_tokens"), CallEnd.WHOLE),
        (declined(), CallEnd.REFUSED),
        (read(streams.sse(*streams.answer("Hello")[:-1])), CallEnd.NONE),
        (overloaded(), CallEnd.NONE),
    ],
    ids=["whole", "truncated", "refused", "cut off", "an error"],
)
def test_what_a_repeated_request_may_replace(answer: Answer, end: CallEnd) -> None:
    """Only a call that gave no whole answer counts as repeated by the next one of the same body."""
    assert end_of(answer) is end


def test_accept_fallback() -> None:
    told = Told(JUDGING._replace(accept_fallback=True))
    told.ask(declined())
    told.ask(answered("claude-opus-5"), "claude-opus-5")
    assert [exchange.exit_code for exchange in told.exchanges()] == [11, 0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (declined(), f"{streams.ASKED} declined: cyber; no model answered"),
        (answered("claude-opus-4-8"), f"substituted: requested {streams.ASKED}, answered by claude-opus-4-8"),
        (answered(stop_reason="max_tokens"), f"requested {streams.ASKED}; the answer is truncated (max_tokens)"),
        (read(streams.sse(streams.start())), f"requested {streams.ASKED}; the answer is incomplete"),
    ],
)
def test_why_an_answer_is_withheld(answer: Answer, words: str) -> None:
    told = Told(JUDGING._replace(hold=True))
    told.ask(answer)
    (exchange,) = told.exchanges()
    assert exchange.withheld
    assert why_withheld(exchange) == words


def test_an_error_is_not_withheld() -> None:
    """`--hold` passes it on: there is no answer that could be taken for the requested model's."""
    told = Told(JUDGING._replace(hold=True))
    told.ask(overloaded())
    (exchange,) = told.exchanges()
    assert (exchange.exit_code, exchange.withheld) == (5, False)


def test_nothing_said_is_left_without_text() -> None:
    told = Told(keep_text=True)
    told.ask(answered(), text="zebra")
    (kept,) = told.exchanges()
    assert (kept.question.prompt, kept.text) == ("zebra", "Hello")
    assert kept.question.user_content == ({"type": "text", "text": "zebra"},)
    told = Told()
    told.ask(answered(), text="zebra")
    assert "zebra" not in str(told.exchanges())
    assert "Hello" not in str(told.recorder.rows)


def test_a_refusals_explanation_is_text() -> None:
    """The API may repeat the prompt in it."""
    details = {"type": "refusal", "category": "cyber", "explanation": "zebra"}
    answer = read(streams.sse(streams.start(), *streams.end("refusal", stop_details=details)))
    explained = {}
    for keep_text in (True, False):
        told = Told(keep_text=keep_text)
        told.ask(answer)
        (exchange,) = told.exchanges()
        explained[keep_text] = (exchange.routing.category, exchange.routing.explanation)
    assert explained == {True: ("cyber", "zebra"), False: ("cyber", None)}
