"""What a run may cost."""

from hypothesis import given
from hypothesis import strategies as st

from avow.exchange.exchange import Reply
from avow.models.catalogue import models
from avow.models.pricing import price
from avow.routing.verdict import Hop, Outcome, Routing
from avow.run.budget import Budget, MaxUsage, charge_of, cost_of, dearest, most_of, reservation
from tests.history.making import answered

STEPS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.booleans()), max_size=60)


@given(STEPS, st.floats(0, 5))
def test_no_sequence_ends_over_the_limit(steps: list[tuple[float, float, bool]], limit: float) -> None:
    """Each step reserves, costs at most what it reserved, and lets the oldest end or not."""
    budget, under_way = Budget(limit), []
    for amount, part, ends in steps:
        if budget.reserve(amount):
            under_way.append((amount, amount * part))
        if ends and under_way:
            budget.settle(*under_way.pop(0))
        assert budget.spent <= limit + 1e-6
    for one in under_way:
        budget.settle(*one)
    assert budget.spent <= limit + 1e-6


@given(STEPS, st.floats(0, 5), st.floats(0, 1))
def test_a_wrong_reservation_passes_the_limit_by_no_more_than_it_was_wrong(
    steps: list[tuple[float, float, bool]], limit: float, over: float
) -> None:
    budget = Budget(limit)
    for amount, _part, _ends in steps:
        if budget.reserve(amount):
            # A retry that was paid, tokens that were not counted. What is reserved at nothing is paid for already.
            budget.settle(amount, amount + over if amount else 0.0)
    assert budget.spent <= limit + over + 1e-6


def test_what_is_under_way_counts_until_it_has_ended() -> None:
    budget = Budget(1.0)
    assert budget.reserve(0.6)
    assert not budget.reserve(0.6)
    budget.settle(0.6, 0.1)
    assert budget.reserve(0.6)


def test_without_a_limit_all_may_go() -> None:
    assert Budget(None).reserve(1e9)


def test_a_model_without_a_price_counts_as_the_dearest() -> None:
    most = MaxUsage(1000, 1000)
    usage = {"input_tokens": 1000, "output_tokens": 1000}
    assert cost_of("house-model", most, {}) == (dearest(usage), True)
    assert cost_of("house-model", most, {"house-model": {"input": 1, "output": 1}}) == (0.002, False)


def test_no_known_model_costs_more_than_the_dearest() -> None:
    for usage in ({"input_tokens": 100, "output_tokens": 10}, {"input_tokens": 1, "output_tokens": 64_000}):
        costs = [price(model.id, usage) for model in models()]
        assert dearest(usage) == max(cost for cost in costs if cost is not None)


def test_filling_the_cache_costs_more_than_being_asked_and_reading_it_less() -> None:
    def of(cached: str | None) -> float:
        return cost_of("claude-opus-5", MaxUsage(1_000_000, 0, cached), {})[0]

    assert (of("read"), of(None), of("ephemeral_5m_input_tokens"), of("ephemeral_1h_input_tokens")) == (
        (0.5, 5.0, 6.25, 10.0)
    )


def test_every_model_that_may_follow_is_reserved_for() -> None:
    prices = {name: {"input": 1.0, "output": 1.0} for name in ("a", "b")}
    assert reservation(("a", "b"), MaxUsage(1000, 1000), prices) == (0.004, False)
    assert reservation(("a", ""), MaxUsage(0, 1000), prices)[1] is True


def test_tokens_are_counted_high() -> None:
    found = most_of("x" * 1000, "y" * 1000, [("image/png", 10), ("text/plain", 2000), ("application/pdf", None)], 64)
    assert found == MaxUsage(500 + 1000 + 5000 + 1000 + 50_000, 64)


def test_what_ended_is_charged_by_what_is_known() -> None:
    hops = (
        Hop("claude-fable-5-2", Outcome.DECLINED, usage={"input_tokens": 5, "output_tokens": 5}),
        Hop("house", Outcome.SERVED, usage={"input_tokens": 5, "output_tokens": 5}),
    )
    exchange = answered("a", "b")._replace(routing=Routing(hops=hops), reply=Reply(cost_floor_usd=0.25))
    charge, guessed = charge_of(exchange, {})
    assert (charge, guessed) == (0.25 + dearest({"input_tokens": 5, "output_tokens": 5}), True)
    assert charge_of(exchange._replace(reply=Reply(cost_usd=0.5)), {}) == (0.5, False)
