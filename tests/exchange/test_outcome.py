"""What was found becomes the exchange: what came another way counts, and what was asked here decides."""

import pytest

from avow.errors import ExchangeError, Failure
from avow.exchange.exchange import Exchange, Problem, Status
from avow.exchange.outcome import ExchangeState, ended, exit_code, so_far
from avow.exit_codes import BySignal, ExitCode, ExitStatus
from avow.routing.verdict import Attempt, RequestFacts, Verdict
from avow.wire.message import whole

MODEL = "claude-fable-5-2"
BEGUN = Exchange("id", "c", "2026-11-28T10:00:00.000Z", MODEL)
REFUSED = Attempt(MODEL, whole({"model": MODEL, "content": [], "stop_reason": "refusal", "usage": {}}))
ANSWERED = Attempt(
    MODEL, whole({"model": MODEL, "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"})
)
FAILED = Attempt(MODEL, None, Failure("overloaded_error", 529, "busy"))
ERROR = ExchangeError(Failure("overloaded_error", 529, "busy"), ExitCode.UNAVAILABLE)


@pytest.mark.parametrize(
    ("found", "status", "verdict", "code", "hops"),
    [
        (ExchangeState((REFUSED,)), Status.REFUSED, Verdict.REFUSED, 11, ["declined"]),
        (ExchangeState((REFUSED,), (ANSWERED,)), Status.COMPLETE, Verdict.AS_REQUESTED, 0, ["declined", "served"]),
        (ExchangeState((REFUSED,), (REFUSED,)), Status.REFUSED, Verdict.REFUSED, 11, ["declined", "declined"]),
        (ExchangeState((REFUSED,), (FAILED,), ERROR), Status.FAILED, Verdict.REFUSED, 5, ["declined", "skipped"]),
        (ExchangeState((FAILED,), (), ERROR), Status.FAILED, None, 5, ["skipped"]),
        (ExchangeState((), (ANSWERED,)), Status.COMPLETE, Verdict.AS_REQUESTED, 0, ["served"]),
    ],
)
def test_what_came_of_it(
    found: ExchangeState, status: Status, verdict: Verdict | None, code: int, hops: list[str]
) -> None:
    exchange = ended(so_far(BEGUN, found, RequestFacts(MODEL), {}), found, accept_fallback=False, require="weak")
    assert (exchange.status, exchange.verdict, exchange.exit_code) == (status, verdict, code)
    assert [str(hop.outcome) for hop in exchange.routing.hops] == hops
    assert exchange.routing.moved_to is None


def message_of(reason: str | None, *texts: str, model: str = MODEL) -> Attempt:
    content = [{"type": "text", "text": words} for words in texts]
    return Attempt(model, whole({"model": model, "content": content, "stop_reason": reason}))


HALF, CUT = message_of(None, "hi"), message_of("max_tokens", "hi")
BROKE = ExchangeError(Failure("stream_ended", None, "it broke"), ExitCode.INCOMPLETE, hint="try again")
UNSHOWN = ExchangeError(Failure("unexpected", None, "a bug"), ExitCode.UNEXPECTED)
BAD_FIT = Problem(ExitCode.NO_FIT, "it does not fit")


@pytest.mark.parametrize(
    ("found", "require", "status", "code", "error"),
    [
        (ExchangeState((), (HALF,), BROKE), "weak", Status.INCOMPLETE, 7, ("stream_ended", "it broke", "try again")),
        (ExchangeState((), (HALF,)), "weak", Status.INCOMPLETE, 7, None),
        (ExchangeState((), (CUT,)), "weak", Status.TRUNCATED, 8, None),
        (ExchangeState((), (ANSWERED,), UNSHOWN), "weak", Status.COMPLETE, 1, None),
        (ExchangeState((), (ANSWERED,), ERROR), "weak", Status.COMPLETE, 0, None),
        (ExchangeState((), (ANSWERED,), problem=BAD_FIT), "weak", Status.COMPLETE, 9, None),
        (ExchangeState((), (ANSWERED,)), "strong", Status.COMPLETE, 13, None),
        (ExchangeState((), (REFUSED,)), "strong", Status.REFUSED, 11, None),
        (ExchangeState(), "weak", Status.FAILED, 1, None),
        (
            ExchangeState((), (HALF,), signal=15, stop_words="ended by SIGTERM"),
            "weak",
            Status.INTERRUPTED,
            BySignal(15),
            ("interrupted", "ended by SIGTERM", None),
        ),
    ],
    ids=(
        *("incomplete", "incomplete without an error", "truncated", "a bug", "late", "no fit", "unproven"),
        *("refused", "nothing", "a signal"),
    ),
)
def test_how_it_ends(
    found: ExchangeState, require: str, status: Status, code: ExitStatus, error: tuple[str, str, str | None] | None
) -> None:
    host = "gateway.example"
    exchange = so_far(BEGUN, found, RequestFacts(MODEL, host=host), {})
    exchange = ended(exchange, found, accept_fallback=False, require=require)
    assert (exchange.status, exchange.exit_code, exchange.problem) == (status, code, found.problem)
    assert (exchange.error and (exchange.error.type, exchange.error.message, exchange.error.hint)) == error


def test_each_hop_is_priced_by_its_own_model_and_the_users_prices_come_first() -> None:
    """One million tokens in, so that the price is the rate."""
    usage = {"input_tokens": 1_000_000, "output_tokens": 0}
    other = "claude-haiku-4-5"
    moved = Attempt(other, whole({"model": other, "content": [], "stop_reason": "end_turn", "usage": usage}))
    prices = {MODEL: {"input": 70.0}, other: {"input": 3.5}}
    found = so_far(BEGUN, ExchangeState((), (REFUSED, moved)), RequestFacts(MODEL), prices)
    assert [hop.cost_usd for hop in found.routing.hops] == [None, 3.5]
    assert (found.reply.cost_usd, found.reply.cost_floor_usd) == (None, 3.5)


def test_only_a_fallback_may_be_accepted() -> None:
    codes = {verdict: exit_code(Status.COMPLETE, verdict, accept_fallback=True) for verdict in Verdict}
    assert codes == {
        Verdict.AS_REQUESTED: 0,
        Verdict.FALLBACK: 0,
        Verdict.REFUSED: 11,
        Verdict.SUBSTITUTED: 12,
        Verdict.UNVERIFIED: 13,
    }
    assert exit_code(Status.COMPLETE, Verdict.FALLBACK) == 10


def test_the_answer_is_the_last_message_after_those_it_went_on_from() -> None:
    def texts(*attempts: Attempt) -> list[str]:
        found = so_far(BEGUN, ExchangeState((), attempts), RequestFacts(MODEL), {})
        return [block["text"] for block in found.reply.content]

    first, last = message_of("refusal", "a", "b"), message_of("end_turn", "c")
    assert texts(first, last) == ["c"]
    assert texts(first._replace(continued=True), FAILED, last) == ["a", "b", "c"]
    assert texts(first, FAILED) == ["a", "b"]
    assert texts(FAILED) == []
