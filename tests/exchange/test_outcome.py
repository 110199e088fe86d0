"""What was found becomes the exchange: what came another way counts, and what was asked here decides."""

import pytest

from avow.errors import ExchangeError, Failure
from avow.exchange.exchange import Exchange, Status
from avow.exchange.outcome import ExchangeState, ended, so_far
from avow.exit_codes import ExitCode
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
