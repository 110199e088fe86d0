"""What became of the items, as words and as an exit status."""

import pytest

from avow.errors import Failure
from avow.exchange.exchange import Exchange, Problem, Reply, Status
from avow.exit_codes import ExitCode
from avow.routing.verdict import Routing, Verdict
from avow.run.counts import AcceptanceRules, MinimumShare, RunCounts, code_of, counted_as
from tests.history.making import answered, asked, rerouted


def failed(code: ExitCode = ExitCode.UNREACHABLE) -> Exchange:
    return asked()._replace(status=Status.FAILED, exit_code=code, error=Failure("connection", None, "no network"))


def refused() -> Exchange:
    routing = Routing(verdict=Verdict.REFUSED, category="cyber")
    return asked()._replace(status=Status.REFUSED, routing=routing, exit_code=ExitCode.REFUSED)


def counts(*exchanges: Exchange, total: int | None = None, accept: bool = False) -> RunCounts:
    found = RunCounts(len(exchanges) if total is None else total, AcceptanceRules(accept))
    for exchange in exchanges:
        found.add(exchange)
    return found


def test_the_last_line() -> None:
    other = rerouted(category="frontier_llm")
    found = counts(answered(), answered(), rerouted(), other, other, refused(), failed(), total=9)
    parts = "2 as_requested, 3 fallback (frontier_llm 2, cyber 1), 1 refused, 1 failed, 2 not asked"
    assert found.line(12).startswith(f"avow: run 12: 9 items: {parts}; ")
    assert counts(answered()._replace(reply=Reply(cost_usd=3.2051))).line(None) == (
        "avow: run: 1 item: 1 as_requested; $3.21"
    )


def test_the_last_line_has_no_commas_in_its_numbers() -> None:
    """Scripts read it. The line is the contract's own."""
    priced = answered()._replace(reply=Reply(cost_usd=0.0))
    frontier, cyber = rerouted(category="frontier_llm")._replace(reply=Reply(cost_usd=3.21 / 77)), rerouted()
    no_more = [one._replace(reply=Reply(cost_usd=0.0)) for one in (*[cyber] * 4, *[refused()] * 7)]
    assert counts(*[priced] * 912, *[frontier] * 77, *no_more).line(12) == (
        "avow: run 12: 1000 items: 912 as_requested, 81 fallback (frontier_llm 77, cyber 4), 7 refused; $3.21"
    )


def test_a_part_that_has_no_price_makes_it_at_least() -> None:
    free = answered()._replace(reply=Reply(cost_floor_usd=0.5))
    assert counts(free, answered()._replace(reply=Reply(cost_usd=1.0))).cost() == "at least $1.50"
    assert counts(failed()).cost() == "$0.00"
    assert counts(refused()).cost() == "at least $0.00", "what a decline costs is not known"


def test_what_is_not_whole_counts_by_its_status() -> None:
    assert counted_as(rerouted()._replace(status=Status.INCOMPLETE)) == "incomplete"
    assert counted_as(rerouted()._replace(status=Status.TRUNCATED)) == "fallback"


@pytest.mark.parametrize(
    ("exchange", "accept", "code"),
    [
        (rerouted(), False, ExitCode.FALLBACK),
        (rerouted(), True, ExitCode.OK),
        (rerouted()._replace(exit_code=ExitCode.OK), False, ExitCode.FALLBACK),
        (failed(), False, ExitCode.UNREACHABLE),
        (asked(), False, ExitCode.INCOMPLETE),
    ],
)
def test_an_item_stands_for_the_status_that_it_has_now(exchange: Exchange, accept: bool, code: ExitCode) -> None:
    assert code_of(exchange, AcceptanceRules(accept)) is code


def test_a_name_alone_is_not_enough_where_more_is_required() -> None:
    weak = answered()
    strong = weak._replace(routing=weak.routing._replace(strength="strong"))
    assert code_of(weak, AcceptanceRules(require="strong")) is ExitCode.UNVERIFIED
    assert code_of(strong, AcceptanceRules(require="strong")) is ExitCode.OK


def test_a_problem_of_an_answer_counts_though_the_requested_model_gave_it() -> None:
    problem = Problem(ExitCode.NO_FIT, "it does not fit")
    unfit = answered()._replace(problem=problem, exit_code=ExitCode.NO_FIT)
    assert code_of(unfit, AcceptanceRules()) is ExitCode.NO_FIT
    assert not counts(answered(), unfit).all_as_requested
    assert counts(answered(), answered()).all_as_requested


def test_the_gravest_item_decides() -> None:
    assert counts(answered(), rerouted(), refused()).gate(None) is ExitCode.REFUSED
    assert counts(refused(), failed()).gate(None) is ExitCode.UNREACHABLE


@pytest.mark.parametrize(("percent", "code"), [(50, ExitCode.OK), (50.1, ExitCode.FALLBACK)])
def test_a_share_is_enough(percent: float, code: ExitCode) -> None:
    assert counts(answered(), rerouted()).gate(MinimumShare(percent)) is code
    assert counts(answered(), rerouted(), accept=True).gate(MinimumShare(percent)) is code


def test_a_share_of_what_was_not_all_asked_is_not_enough() -> None:
    assert counts(answered(), failed()).gate(MinimumShare(1)) is ExitCode.UNREACHABLE
    assert counts(answered(), rerouted(), failed()).gate(MinimumShare(1)) is ExitCode.UNREACHABLE
    assert counts(answered(), rerouted(), refused()).gate(MinimumShare(99)) is ExitCode.REFUSED
