"""The share against an independent fit, and how often its interval holds the truth."""

import random

import pytest

from avow.audit.replies import EMPTY, OFF_FORMAT, TRUNCATED
from avow.audit.share import share_interval
from tests.audit import made_up
from tests.audit.test_statistic import samples as samples_of


@pytest.mark.parametrize("seed", range(2))
def test_the_interval_is_that_of_the_profile_likelihood(seed: int) -> None:
    from tests.audit import independent

    baseline, now, named = (made_up.on_format(sample) for sample in samples_of(seed, (15, 5, 5)))
    found = share_interval(baseline, now, named)
    assert found is not None
    best = independent.profile(baseline, now, named, found.estimate)
    for weight in (found.low, found.high):
        assert independent.profile(baseline, now, named, weight) >= best - 1.92
    for weight in (found.low - 1 / 40, found.high + 1 / 40):
        assert not 0 <= weight <= 1 or independent.profile(baseline, now, named, weight) < best - 1.92
    for weight in (found.estimate - 1 / 40, found.estimate + 1 / 40):
        assert not 0 <= weight <= 1 or independent.profile(baseline, now, named, weight) <= best


def test_replies_off_format_have_no_part_in_it() -> None:
    samples = [made_up.on_format(sample) for sample in samples_of(3, (15, 5, 5))]
    plain = share_interval(*samples)
    samples[1]["card-1"] += [OFF_FORMAT, EMPTY]
    assert share_interval(*samples) == plain
    assert share_interval(samples[0], {"card-1": [TRUNCATED]}, samples[2]) is None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("truth", [0.0, 0.5, 1.0])
def test_the_interval_holds_the_truth(truth: float) -> None:
    """40 looks with a repeat each; the interval is one of 95 %."""
    draw = random.Random(11)
    held = 0
    for _ in range(40):
        one, other = made_up.models(draw)
        base = [
            each for sitting in (1, 2, 3) for each in made_up.replies(one.session(draw, 0.1), draw, sitting=sitting)
        ]
        now = made_up.replies(one.session(draw, 0.1), draw, per_card=10, swapped=other.session(draw, 0.1), share=truth)
        named = made_up.replies(other.session(draw, 0.1), draw, per_card=10)
        found = share_interval(*(made_up.sampled(part) for part in (base, now, named)))
        held += found is not None and found.low <= truth <= found.high
    print(f"share {truth:.0%}: the interval held it in {held} of 40 runs")
    assert held >= 34


@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_all_or_nothing_is_told(truth: float) -> None:
    draw = random.Random(7)
    one, other = made_up.models(draw)
    parts = [
        made_up.replies(one, draw, per_card=15),
        made_up.replies(one, draw, swapped=other, share=truth),
        made_up.replies(other, draw),
    ]
    found = share_interval(*(made_up.sampled(part) for part in parts))
    assert found is not None
    assert found.low <= truth <= found.high
    assert found.high - found.low < 0.5


def test_no_replies_of_the_named_model_give_no_share() -> None:
    baseline, now, named = samples_of(1, (15, 5, 5))
    assert share_interval(baseline, now, {**named, "card-3": []}) is None
    assert share_interval({}, now, named) is None
