"""The exchange: its exit status, its JSON, its id and its price."""

import json
import re
import time
from itertools import product

import pytest

from avow.errors import Failure
from avow.exchange.exchange import SCHEMA, Exchange, Status, as_json, derived_id, new_id, timestamp
from avow.exchange.outcome import exit_code, priced
from avow.exit_codes import SIGPIPE, BySignal, ExitCode
from avow.routing.verdict import Evidence, Hop, Outcome, Routing, Segment, Verdict
from avow.wire.blocks import Attachment
from tests.changing import changed

A, B = "claude-fable-5-2", "claude-opus-4-8"
V, S, X = Verdict, Status, ExitCode

CASES: dict[str, tuple[Status, Verdict | None, int]] = {
    "as requested": (S.COMPLETE, V.AS_REQUESTED, 0),
    "fallback": (S.COMPLETE, V.FALLBACK, 10),
    "substituted": (S.COMPLETE, V.SUBSTITUTED, 12),
    "unverified": (S.COMPLETE, V.UNVERIFIED, 13),
    "refused": (S.REFUSED, V.REFUSED, 11),
    "truncated": (S.TRUNCATED, V.AS_REQUESTED, 8),
    "truncated fallback": (S.TRUNCATED, V.FALLBACK, 10),
    "truncated substitute": (S.TRUNCATED, V.SUBSTITUTED, 12),
    "truncated, unverified": (S.TRUNCATED, V.UNVERIFIED, 13),
    "incomplete, unverified": (S.INCOMPLETE, V.UNVERIFIED, 7),
    "incomplete fallback": (S.INCOMPLETE, V.FALLBACK, 7),
    "incomplete substitute": (S.INCOMPLETE, V.SUBSTITUTED, 7),
    "failed, nobody knows why": (S.FAILED, None, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_exit_status(name: str) -> None:
    status, verdict, code = CASES[name]
    assert exit_code(status, verdict) == code


@pytest.mark.parametrize("code", [1, 3, 4, 5, 6])
def test_a_failure_ends_in_the_status_of_its_error(code: int) -> None:
    assert exit_code(S.FAILED, None, failed_with=ExitCode(code)) == code


def test_accepting_a_fallback_accepts_nothing_else() -> None:
    assert exit_code(S.COMPLETE, V.FALLBACK, accept_fallback=True) is X.OK
    assert exit_code(S.TRUNCATED, V.FALLBACK, accept_fallback=True) is X.TRUNCATED
    assert exit_code(S.INCOMPLETE, V.FALLBACK, accept_fallback=True) is X.INCOMPLETE
    for verdict in (V.SUBSTITUTED, V.UNVERIFIED, V.REFUSED):
        assert exit_code(S.COMPLETE, verdict, accept_fallback=True) is not X.OK


@pytest.mark.parametrize(
    ("status", "verdict", "problem", "code"),
    [
        (S.COMPLETE, V.AS_REQUESTED, X.NO_FIT, 9),
        (S.COMPLETE, V.FALLBACK, X.NO_FIT, 9),
        (S.COMPLETE, V.UNVERIFIED, X.NO_FIT, 9),
        (S.TRUNCATED, V.AS_REQUESTED, X.NO_FIT, 9),
        (S.INCOMPLETE, V.UNVERIFIED, X.NO_FIT, 7),
        (S.INCOMPLETE, V.UNVERIFIED, X.UNEXPECTED, 1),
        (S.COMPLETE, V.SUBSTITUTED, X.UNEXPECTED, 1),
    ],
    ids=str,
)
def test_a_problem_found_afterwards(status: Status, verdict: Verdict, problem: ExitCode, code: int) -> None:
    assert exit_code(status, verdict, problems=[problem]) == code


def test_of_several_problems_the_gravest_counts() -> None:
    assert exit_code(S.INCOMPLETE, V.UNVERIFIED, problems=[X.NO_FIT, X.UNEXPECTED]) is X.UNEXPECTED


def test_a_signal_is_the_exit_status() -> None:
    stopped = EXCHANGE._replace(status=S.INTERRUPTED, exit_code=BySignal(2))
    assert (stopped.signal, stopped.reader_is_gone, as_json(stopped)["exit_code"]) == (2, False, 130)
    assert EXCHANGE._replace(exit_code=BySignal(SIGPIPE)).reader_is_gone
    assert EXCHANGE._replace(exit_code=X.UNVERIFIED).signal is None


@pytest.mark.parametrize(("status", "verdict"), list(product(Status, Verdict)), ids=str)
def test_only_a_whole_answer_of_the_requested_model_is_0(status: Status, verdict: Verdict) -> None:
    if status in (S.INTERRUPTED, S.PENDING):
        return
    good = status in (S.COMPLETE, S.REFUSED) and verdict is V.AS_REQUESTED
    assert (exit_code(status, verdict) is X.OK) is good


EXCHANGE = Exchange(
    id="0198", conversation_id="0199", created_at="2026-11-23T17:00:00.123Z", requested_model=A, status=S.COMPLETE
)
KEYS = [
    "schema",
    "id",
    "number",
    "conversation_id",
    "created_at",
    "status",
    "verdict",
    "rerouted",
    "exit_code",
    "withheld",
    "simulated",
    "requested_model",
    "served_model",
    "strength",
    "category",
    "explanation",
    "recommended_model",
    "hops",
    "evidence",
    "prompt",
    "system",
    "template",
    "attachments",
    "text",
    "segments",
    "withdrawn_text",
    "stop_reason",
    "usage",
    "cost_usd",
    "fallback",
    "retries",
    "retry_of",
    "source",
    "timing",
    "request_id",
    "message_id",
    "base_url",
    "error",
]
ROUTING = Routing(
    V.FALLBACK,
    B,
    "cyber",
    hops=(Hop(A, Outcome.DECLINED, "cyber"), Hop(B, Outcome.SERVED, usage={"output_tokens": 3}, cost_usd=0.5)),
    evidence=(Evidence("model", B, "weak"),),
    segments=(Segment(A, "a"), Segment(B, "b")),
    withdrawn_text="w",
)


def test_every_key_is_always_there_in_the_order_of_the_documentation() -> None:
    assert list(as_json(EXCHANGE)) == KEYS
    assert list(as_json(EXCHANGE._replace(routing=ROUTING, error=Failure("x", 1, "y"), withheld=True))) == KEYS


def test_an_exchange_as_json() -> None:
    file = Attachment("a.txt", "text", "text/plain", 3, "ab", b"abc")
    found = as_json(
        changed(
            EXCHANGE,
            routing=ROUTING,
            exit_code=ExitCode.FALLBACK,
            attachments=(file,),
            fallback_policy=(B,),
            first_token_ms=4,
            total_ms=9,
            error=Failure("stalled", None, "words"),
        )
    )
    assert found["schema"] == SCHEMA == "avow.answer/1"
    assert (found["status"], found["verdict"], found["rerouted"], found["exit_code"]) == (
        "complete",
        "fallback",
        True,
        10,
    )
    assert found["hops"] == [
        {"model": A, "outcome": "declined", "category": "cyber", "error": None, "usage": None, "cost_usd": None},
        {
            "model": B,
            "outcome": "served",
            "category": None,
            "error": None,
            "usage": {"output_tokens": 3},
            "cost_usd": 0.5,
        },
    ]
    assert found["evidence"] == [{"field": "model", "value": B, "strength": "weak"}]
    assert (found["text"], found["withdrawn_text"]) == ("ab", "w")
    assert found["segments"] == [{"model": A, "text": "a"}, {"model": B, "text": "b"}]
    assert found["attachments"] == [{"name": "a.txt", "type": "text/plain", "size": 3, "sha256": "ab"}]
    assert found["fallback"] == {"policy": [B], "by": "server"}
    assert found["timing"] == {"first_token_ms": 4, "total_ms": 9}
    assert found["error"] == {"type": "stalled", "status": None, "message": "words"}
    assert json.loads(json.dumps(found)) == found


def test_nothing_of_a_withheld_answer_is_shown() -> None:
    found = as_json(EXCHANGE._replace(routing=ROUTING, withheld=True))
    assert (found["text"], found["segments"], found["withdrawn_text"], found["withheld"]) == (None, [], None, True)
    assert found["verdict"] == "fallback"


def test_the_bytes_of_a_file_are_in_no_repr() -> None:
    assert "SECRET" not in repr(Attachment("a", "text", "text/plain", data=b"SECRET"))


def test_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    ids = [new_id(now) for now in (0.001, 1_795_000_000.0, 1_795_000_000.001, 1_900_000_000.0)]
    assert ids == sorted(ids)
    for value in ids:
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", value)
    assert int(ids[1].replace("-", "")[:12], 16) == 1_795_000_000_000
    assert len({new_id(1.0) for _ in range(1000)}) == 1000
    assert abs(int(new_id().replace("-", "")[:12], 16) / 1000 - time.time()) < 5


def test_what_another_program_wrote_always_gets_the_same_id() -> None:
    """Histories hold these ids: with others, the same answer would be imported twice."""
    assert derived_id("claude-code", "s1") == "7ee59a5d-2c5d-8a23-8fa7-203d87492472"
    assert derived_id(None, "\ud800") == derived_id("None", "?")


def test_moments_have_milliseconds_and_are_in_utc() -> None:
    assert timestamp(1_795_453_200.1234) == "2026-11-23T17:00:00.123Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"


USAGE = {"input_tokens": 1_000_000, "output_tokens": 0}
PRICES = {A: {"input": 10.0, "output": 50.0}, B: {"input": 5.0, "output": 25.0}}


def test_each_hop_is_priced_at_its_own_models_rate() -> None:
    routing, cost, floor = priced(Routing(hops=(Hop(B, Outcome.SERVED, usage=USAGE),)), PRICES)
    assert (routing.hops[0].cost_usd, cost, floor) == (5.0, 5.0, 5.0)


def test_the_price_of_a_decline_is_not_guessed_and_neither_is_the_total() -> None:
    hops = (Hop(A, Outcome.DECLINED, usage=USAGE), Hop(B, Outcome.SERVED, usage=USAGE))
    routing, cost, floor = priced(Routing(hops=hops), PRICES)
    assert ([hop.cost_usd for hop in routing.hops], cost, floor) == ([None, 5.0], None, 5.0)


def test_a_model_that_was_skipped_costs_nothing() -> None:
    hops = (Hop(A, Outcome.SKIPPED), Hop(B, Outcome.SERVED, usage=USAGE))
    assert priced(Routing(hops=hops), PRICES)[1:] == (5.0, 5.0)


def test_nothing_ran_and_nothing_is_known() -> None:
    assert priced(Routing(), PRICES)[1:] == (None, 0.0)
    assert priced(Routing(hops=(Hop("our-own", Outcome.SERVED, usage=USAGE),)), {})[1:] == (None, 0.0)
