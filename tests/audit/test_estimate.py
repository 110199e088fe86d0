"""What it will cost, before anything is sent."""

import pytest

from avow.audit.cards import SHIPPED
from avow.audit.estimate import dollars, estimate
from tests.audit.made_up import reply


def test_a_guess_from_the_cards() -> None:
    found = estimate({"claude-fable-5-1": 20}, SHIPPED, thinks=True, prices={})
    assert found.requests == 20
    assert 1500 < found.tokens_in < 2500
    assert (found.least_out, found.most_out) == (500, 4500)
    assert found.least_usd is not None
    assert found.most_usd is not None
    assert 0.03 < found.least_usd < 0.06
    assert 0.2 < found.most_usd < 0.3
    assert found.words().startswith("20 requests, about 1,")
    assert "500 to 4,500 out, about $0.0" in found.words()


def test_replies_of_before_are_a_better_guide() -> None:
    found = estimate({"claude-fable-5-1": 10}, SHIPPED, thinks=True, prices={}, seen=[reply()] * 3)
    assert (found.tokens_in, found.least_out, found.most_out) == (1100, 250, 250)
    assert found.least_usd == found.most_usd == pytest.approx(0.0235)


def test_two_models_have_their_own_prices() -> None:
    both = estimate({"claude-fable-5-1": 1, "claude-opus-4-8": 1}, SHIPPED, thinks=False, prices={}, seen=[reply()])
    assert both.least_usd == pytest.approx(0.00235 * 1.5)
    assert both.words().startswith("2 requests")


def test_an_unknown_price_is_said() -> None:
    found = estimate({"my-model": 1, "claude-opus-4-8": 1}, SHIPPED, thinks=False, prices={})
    assert found.least_usd is None
    assert found.words().endswith("price unknown")
    own = {"my-model": {"input": 1.0, "output": 2.0}}
    assert estimate({"my-model": 1}, SHIPPED, thinks=False, prices=own).least_usd is not None


def test_dollars() -> None:
    assert [dollars(usd) for usd in (0.0, 0.0024, 0.0512, 3)] == ["$0.00", "$0.0024", "$0.05", "$3.00"]
