"""The permutation test against one written from the formulas, and the same on every Python."""

import random

import pytest

from avow.audit.cards import made
from avow.audit.effect import excess_tv, would_have_seen
from avow.audit.plan import orders
from avow.audit.replies import Arm, sample_of
from avow.audit.share import share_interval
from avow.audit.statistic import p_values
from tests.audit import made_up
from tests.audit.made_up import CARDS, Cards, Rows


def samples(seed: int, sizes: tuple[int, int, int], *, cards: int = 4) -> list[Cards]:
    """Baseline, now and the named model's, of two made-up models; a third of now is the other's."""
    draw = random.Random(seed)
    one, other = made_up.models(draw)
    k, n, r = sizes
    drawn = [
        made_up.replies(one, draw, per_card=k),
        made_up.replies(one, draw, per_card=n, swapped=other, share=1 / 3),
        made_up.replies(other, draw, per_card=r),
    ]
    return [dict(list(sample_of(each, CARDS).items())[:cards]) for each in drawn]


@pytest.mark.parametrize("seed", range(2))
def test_each_shuffle_gives_what_the_formulas_give(seed: int) -> None:
    """With the shuffles that `random.Random(seed).sample` makes, both p are equal to the last bit."""
    from tests.audit import independent

    baseline, now, named = samples(seed, (15, 5, 5))
    draw = random.Random(seed)
    pools = {card: now[card] + baseline[card] for card in now}

    def statistics(chosen: dict[str, list[int]]) -> tuple[float, float]:
        omnibus = directed = 0.0
        for card, pool in pools.items():
            mine = [pool[i] for i in chosen[card]]
            rest = [row for i, row in enumerate(pool) if i not in chosen[card]]
            omnibus += independent.omnibus(rest, mine)
            directed += independent.directed(rest, mine, named[card])
        return omnibus, directed

    observed = statistics({card: list(range(5)) for card in pools})
    shuffled = [statistics({card: draw.sample(range(20), 5) for card in sorted(pools)}) for _ in range(39)]
    expected = tuple((1 + sum(each[i] >= observed[i] - 1e-9 for each in shuffled)) / 40 for i in (0, 1))
    assert p_values(baseline, now, named, seed=seed, draws=39) == expected


@pytest.mark.parametrize("seed", range(2))
def test_p_is_that_of_all_ways_to_shuffle(seed: int) -> None:
    from tests.audit import independent

    baseline, now, named = samples(seed, (5, 3, 4), cards=2)
    exact = independent.exact_p(baseline, now, named)
    found = p_values(baseline, now, named, seed=seed)
    assert found.omnibus == pytest.approx(exact[0], abs=0.02)
    assert found.directed == pytest.approx(exact[1], abs=0.02)


def test_the_same_seed_gives_the_same_p_and_another_seed_nearly_so() -> None:
    baseline, now, named = samples(3, (15, 5, 5))
    found = [p_values(baseline, now, named, seed=seed, draws=1999) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    assert found[0].omnibus == pytest.approx(found[2].omnibus, abs=0.03)


def test_the_order_of_the_cards_changes_nothing() -> None:
    baseline, now, named = samples(4, (15, 5, 5))
    turned = [dict(reversed(each.items())) for each in (baseline, now, named)]
    assert p_values(*turned, seed=9, draws=199) == p_values(baseline, now, named, seed=9, draws=199)


def test_without_a_named_model_on_every_card_there_is_no_directed_p() -> None:
    baseline, now, named = samples(4, (15, 5, 5))
    both = p_values(baseline, now, named, seed=9, draws=199)
    lacking = p_values(baseline, now, {**named, "card-2": []}, seed=9, draws=199)
    assert lacking == (both.omnibus, None)
    assert p_values(baseline, now, None, seed=9, draws=199) == lacking


def test_equal_replies_give_a_p_of_one() -> None:
    """No shuffle moves anything, so each reaches what was seen, rounding or not."""
    same = {"card-1": [("1", "b", "red", "cat", "rome", "tails")] * 5}
    assert p_values({"card-1": same["card-1"] * 3}, same, None, seed=1, draws=99).omnibus == 1.0


def test_nothing_in_common_gives_the_least_p() -> None:
    now = {card: [("1", "b", "red", "cat", "rome", "tails")] * 5 for card in CARDS}
    baseline = {card: [("2", "c", "blue", "dog", "oslo", "heads")] * 15 for card in CARDS}
    assert p_values(baseline, now, None, seed=1).omnibus == 0.0001


def plain_samples() -> list[Cards]:
    """Three samples that no rounding of any library has a part in."""
    draw = random.Random(5)

    def rows(size: int, most: int) -> Rows:
        return [tuple(str(draw.randrange(most)) for _ in range(6)) for _ in range(size)]

    return [{card: rows(size, most) for card in CARDS} for size, most in ((15, 4), (5, 5), (5, 6))]


def test_every_python_gives_the_same_bits() -> None:
    """Figures from CPython 3.11; those of 3.12 and 3.13 are the same (`sum` of floats is not: 3.12 changed it)."""
    baseline, now, named = plain_samples()
    sizes = {card: len(rows) for card, rows in now.items()}
    order = next(orders(CARDS, (Arm.REQUESTED, Arm.AGAINST), 7))
    assert p_values(baseline, now, named, seed=7) == (0.0352, 0.0384)
    assert excess_tv(baseline, now) == -0.0023563811489508077
    assert would_have_seen(baseline, sizes, named, floor=0.1, seed=7) == (0.997, 0.043, 0.0)
    assert share_interval(baseline, now, named) == (0.4, 0.25, 0.7)
    assert " ".join(f"{slot.card[-1]}{slot.arm[0]}" for slot in order) == (
        "1a 4a 2r 2a 2a 2r 4r 3r 1a 2r 4a 1r 3a 2r 4a 2a 3r 4r 3a 3r "
        "2a 4r 1a 3a 4a 2r 1r 1r 4r 2a 3a 4a 3r 1a 4r 1r 1r 3a 1a 3r"
    )
    assert made(7)[0].text == (
        "Answer with one line of six comma-separated picks and nothing else, in this order: a ra"
        "ndom whole number from 6 to 214, a first name, a shape, a colour, tea or coffee, apple or pear."
    )
