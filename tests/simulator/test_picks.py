"""The simulator's picks: each model has preferences, the same on every day unless it drifts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from avow.simulator.picks import PickSettings, answer
from avow.simulator.scenarios import TABLE, load
from avow.simulator.server import Simulator
from tests.simulator.conftest import ask, body

Start = Callable[..., Simulator]

CARD = (
    "Answer with one line: a random whole number from 1 to 355, a letter, a colour, an animal, a city, heads or tails."
)
MODEL, OTHER = "claude-fable-5-2", "claude-opus-4-8"


@cache
def replies(settings: PickSettings, model: str = MODEL, *, session: int = 1, count: int = 300) -> list[str]:
    return [answer(settings, model, CARD, session, number) for number in range(count)]


def apart(one: list[str], other: list[str]) -> float:
    """Mean total variation of the six picks."""
    distances = []
    for place in range(6):
        p, q = (Counter(reply.split(", ")[place] for reply in each) for each in (one, other))
        distances.append(0.5 * sum(abs(p[x] - q[x]) for x in p.keys() | q.keys()) / len(one))
    return sum(distances) / 6


def test_a_reply_is_what_the_card_asks_for() -> None:
    for reply in replies(PickSettings(), count=30):
        number, letter, _colour, _animal, city, coin = reply.split(", ")
        assert 1 <= int(number) <= 355
        assert len(letter) == 1
        assert city.istitle()
        assert coin in ("heads", "tails")


def test_preferences_are_the_same_on_every_day_and_another_models_are_not() -> None:
    usual = replies(PickSettings())
    assert usual == replies.__wrapped__(PickSettings())
    assert apart(usual, replies(PickSettings(), session=2)) < 0.15
    assert apart(usual, replies(PickSettings(), OTHER)) > 0.3


def test_a_swapped_one_answers_as_the_other_all_or_in_part() -> None:
    other = replies(PickSettings(), OTHER, session=2)
    assert apart(replies(PickSettings(swapped_for=OTHER)), other) < 0.15
    half = replies(PickSettings(swapped_for=OTHER, share=0.5))
    assert 0.15 < apart(half, other) < apart(replies(PickSettings()), other)


@pytest.mark.parametrize("settings", [PickSettings(drift=2.0), PickSettings(noise=2.0)], ids=["drift", "noise"])
def test_preferences_move(settings: PickSettings) -> None:
    assert apart(replies(settings), replies(PickSettings())) > 0.2


def test_noise_is_of_a_session_and_drift_is_not() -> None:
    assert apart(replies(PickSettings(noise=2.0)), replies(PickSettings(noise=2.0), session=2)) > 0.2
    assert apart(replies(PickSettings(drift=2.0)), replies(PickSettings(drift=2.0), session=2)) < 0.15


@pytest.mark.parametrize(("session", "seed", "alike"), [(4, None, True), (None, 7, True), (None, None, False)])
def test_each_server_is_another_session_unless_one_is_chosen(
    session: int | None, seed: int | None, alike: bool, simulate: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Simulator, "session", session)
    servers = [simulate(replace(load("picks"), pick_settings=PickSettings(seed=seed))) for _ in range(3)]
    texts = [[ask(each, body(CARD)).json["content"][0]["text"] for _ in range(10)] for each in servers]
    assert (texts[0] == texts[1] == texts[2]) is alike


def test_some_replies_are_off_format_where_that_is_wanted() -> None:
    odd = [reply for reply in replies(PickSettings(off_format=0.2)) if reply.count(",") != 5]
    assert 30 < len(odd) < 90


@pytest.mark.parametrize(
    ("item", "values"),
    [("tea or coffee", {"tea", "coffee"}), ("Berg oder Meer", {"Berg", "Meer"}), ("pan o arroz", {"pan", "arroz"})],
)
def test_a_choice_is_between_its_two(item: str, values: set[str]) -> None:
    found = {answer(PickSettings(), MODEL, f"Line: {item}.", session, 1) for session in range(60)}
    assert found == values


def test_the_scenarios_that_answer_cards() -> None:
    assert {name for name in TABLE if name.startswith("picks")} == {
        "picks", "picks_swapped", "picks_half", "picks_drifted", "picks_noisy", "picks_off_format", "picks_declared",
        "picks_substituted",
    }  # fmt: skip
