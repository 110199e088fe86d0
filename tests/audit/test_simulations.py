"""Known error rates: false alarms, power and many looks, simulated on made-up models from fixed seeds.

The figures are printed (`pytest -m slow -s -n 0 tests/audit/test_simulations.py`). Each run draws two models, takes a
baseline in three sittings and looks; replies are off format in 5 % of cases, a third of them are stock lines, so that
the picks of a reply depend on each other, and every sitting is a little different from the next.
"""

import random
from typing import NamedTuple

import pytest

from avow.audit.result import Finding
from tests.audit import made_up

ALPHA = 0.01
_LOOKS = 5  # of which each may spend that alpha
_DRAWS = 299  # p = 3/300 is the largest that is at most alpha


class Rates(NamedTuple):
    """Shares of the runs that asked for a repeat, and that said `differs`."""

    asked_again: float
    differs: float


def simulate(
    runs: int,
    seed: int,
    *,
    share: float = 0.0,
    noise: float = 0.1,
    against: bool = False,
    looks: int = _LOOKS,
    draws: int = _DRAWS,
) -> Rates:
    """So many audits of one look each, every one of other models; `share` of the replies of now are the other's."""
    draw = random.Random(seed)
    again = alarms = 0
    for _ in range(runs):
        one, other = made_up.models(draw)
        base = made_up.record(one, draw, noise=noise, draws=draws, looks=looks)
        _, result = made_up.run(
            base,
            one,
            draw,
            noise=noise,
            swapped=other if share else None,
            share=share,
            named=other if against else None,
        )
        again += result.repeat is not None
        alarms += result.finding is Finding.DIFFERS
    rates = Rates(again / runs, alarms / runs)
    print(
        f"{share:.0%} swapped, session noise {noise}, level {0.05 / looks:.4f}{', against' if against else ''}: "
        f"of {runs} runs {rates.asked_again:.4f} asked again, {rates.differs:.4f} said `differs`"
    )
    return rates


def many_looks(audits: int, seed: int, *, looks: int = 13) -> Rates:
    """Audits of 13 looks against one baseline with nothing changed: shares with any repeat, and with any alarm."""
    draw = random.Random(seed)
    again = alarms = 0
    for _ in range(audits):
        one, _ = made_up.models(draw)
        base = made_up.record(one, draw, draws=_DRAWS, looks=looks)
        results = [made_up.run(base, one, draw, number=number)[1] for number in range(1, looks + 1)]
        again += any(result.repeat is not None for result in results)
        alarms += any(result.finding is Finding.DIFFERS for result in results)
    rates = Rates(again / audits, alarms / audits)
    print(f"{audits} audits of {looks} looks: {rates.asked_again:.4f} asked again, {rates.differs:.4f} said `differs`")
    return rates


def test_made_up_models_differ_as_much_as_the_method_was_measured_with() -> None:
    draw = random.Random(1)
    distances = [made_up.total_variation(*made_up.models(draw)) for _ in range(30)]
    assert sum(distances) / 30 == pytest.approx(0.54, abs=0.04)


def test_a_few_of_each() -> None:
    """What the slow tests measure, in small."""
    assert simulate(12, 1).differs == 0
    assert simulate(6, 2, share=1.0).differs >= 5 / 6
    assert many_looks(1, 3).differs == 0


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_false_alarms_stay_below_the_level() -> None:
    """2,000 audits in which nothing changed. A repeat is asked for in about as many as the level says."""
    rates = simulate(2000, 11, draws=99)  # of 99 draws none may reach it: exactly .01, and soon done
    assert rates.differs <= ALPHA
    assert rates.asked_again <= ALPHA + 3 * (ALPHA * (1 - ALPHA) / 2000) ** 0.5


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("against", [False, True])
def test_false_alarms_stay_below_the_level_where_sessions_differ_a_lot(against: bool) -> None:
    """Then the first test alone would not keep its level; the floor and the repeat do."""
    assert simulate(40 if against else 300, 12, noise=0.4, against=against).differs <= ALPHA


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("looks", "half"), [(_LOOKS, 0.35), (13, 0.30)], ids=["level .01", "level .0038"])
def test_power(looks: int, half: float) -> None:
    """A full swap is found, by 20 replies and the repeat, in 95 of 100; half the replies as the procedure states."""
    assert simulate(120, 13, share=1.0, looks=looks).differs >= 0.95
    assert simulate(200, 14, share=0.5, looks=looks).differs >= half - 2 * (half * (1 - half) / 200) ** 0.5
    assert simulate(60, 15, share=1 / 6, looks=looks).differs <= 0.05


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_power_against_a_named_model() -> None:
    assert simulate(20, 16, share=1.0, against=True).differs >= 0.95
    assert simulate(30, 17, share=0.5, against=True).differs >= 0.37 - 2 * (0.37 * 0.63 / 30) ** 0.5


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_power_against_a_named_model_where_sessions_differ_a_lot() -> None:
    """The arms of a look share its session, so noise costs little: 60 runs found half of the replies in .40."""
    assert simulate(20, 19, share=1.0, noise=0.4, against=True).differs >= 0.95
    assert simulate(30, 20, share=0.5, noise=0.4, against=True).differs >= 0.37 - 2 * (0.37 * 0.63 / 30) ** 0.5


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_over_thirteen_looks_the_chance_of_any_false_alarm_stays_below_the_whole() -> None:
    rates = many_looks(80, 18)
    assert rates.differs <= 0.05
    assert rates.asked_again <= 0.05 + 3 * (0.05 * 0.95 / 80) ** 0.5
