"""Effect sizes against scipy, the floor, and the chance to see a difference."""

import random
from dataclasses import replace

import pytest

from avow.audit.effect import LOWEST_FLOOR, excess_tv, floor_of, would_have_seen
from tests.audit import made_up
from tests.audit.made_up import CARDS
from tests.audit.test_statistic import samples


@pytest.mark.parametrize("sizes", [(15, 5, 5), (11, 3, 5), (40, 4, 1), (5, 15, 5)])
def test_the_excess_is_that_of_the_formula(sizes: tuple[int, int, int]) -> None:
    from tests.audit import independent

    baseline, now, _ = samples(1, sizes)
    assert excess_tv(baseline, now) == pytest.approx(independent.excess(baseline, now), abs=1e-12)


def test_the_excess_of_two_samples_of_one_model_is_nought_on_average() -> None:
    """Exactly so over all shuffles, whatever the replies."""
    baseline, now, _ = samples(2, (4, 2, 1), cards=1)
    (card,) = now
    pool = now[card] + baseline[card]
    found = []
    for one in range(6):
        for two in range(one + 1, 6):
            mine = [pool[one], pool[two]]
            rest = [row for place, row in enumerate(pool) if place not in (one, two)]
            found.append(excess_tv({card: rest}, {card: mine}))
    assert sum(each or 0 for each in found) == pytest.approx(0, abs=1e-12)


def test_a_card_without_replies_adds_nothing() -> None:
    baseline, now, _ = samples(3, (15, 5, 5))
    assert excess_tv({**baseline, "card-1": []}, now) == excess_tv(baseline, {**now, "card-1": []})
    assert excess_tv({}, now) is None


def test_the_floor_is_a_tenth_at_least() -> None:
    draw = random.Random(4)
    twenty = made_up.replies(made_up.models(draw)[0], draw)
    steady = [replace(each, sitting=sitting) for sitting in (1, 2, 3) for each in twenty]
    assert floor_of(steady, CARDS, one_sitting=False) == LOWEST_FLOOR


def test_the_floor_is_above_what_sittings_differ_by() -> None:
    from tests.audit import independent

    draw = random.Random(5)
    one, other = made_up.models(draw)
    baseline = [
        *made_up.replies(one, draw, sitting=1),
        *made_up.replies(one, draw, sitting=2),
        *made_up.replies(other, draw, sitting=3),
    ]
    floor = floor_of(baseline, CARDS, one_sitting=False)
    others, third = made_up.sampled(baseline[:40]), made_up.sampled(baseline[40:])
    assert floor == pytest.approx(independent.excess(others, third) + 0.05)
    assert floor > 0.2
    assert floor_of(baseline, CARDS, one_sitting=True) == LOWEST_FLOOR
    assert floor_of(baseline[:20], CARDS, one_sitting=False) == LOWEST_FLOOR
    second = made_up.sampled(baseline[20:40])
    two = [independent.excess(*pair) + 0.05 for pair in ((second, third), (third, second))]
    assert floor_of(baseline[20:], CARDS, one_sitting=False) == pytest.approx(max(two))


def test_what_would_have_been_seen_is_what_a_resampling_with_other_code_sees() -> None:
    from tests.audit import independent

    baseline, now, named = samples(6, (15, 5, 5))
    sizes = {card: len(rows) for card, rows in now.items()}
    found = would_have_seen(baseline, sizes, named, floor=0.2, seed=1)
    draw = random.Random(99)
    for share, chance in zip((1, 1 / 2, 1 / 6), found, strict=True):
        looks = [
            {
                card: [draw.choice(named[card] if draw.random() < share else rows) for _ in range(5)]
                for card, rows in baseline.items()
            }
            for _ in range(25)
        ]
        reached = sum(independent.excess(baseline, look) >= 0.2 for look in looks) / 25
        assert chance == pytest.approx(reached, abs=0.3)
    assert found.full_swap > found.half > found.sixth
    assert found == would_have_seen(baseline, sizes, named, floor=0.2, seed=1)
