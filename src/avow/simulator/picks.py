"""Answers to a card of `avow audit`, which asks for six picks: each model has its own preferences, which may drift."""

import math
import random
import re
from dataclasses import dataclass

_VALUES = 8
_ALIKE = 1.5  # the spread (standard deviation of the logits) of the preferences that all models share
_OWN = 1.4  # and of each model's own: the total variation distance of two models is then about 0.54
_STOCK = 0.3  # this share of a model's replies to a card is always the same line

_WORDS = {
    "letter": "A E K M Q R S X",
    "colour|farbe|color": "blue teal red green violet amber grey orange",
    "animal|tier": "otter fox owl heron lynx whale badger crane",
    "city|stadt|ciudad": "Lisbon Oslo Kyoto Prague Lima Dakar Quito Turin",
    "fruit|obst": "mango apple fig plum papaya cherry pear quince",
    "instrument": "cello piano oboe harp violin lute drum flute",
    "river|fluss": "Danube Nile Loire Volga Mekong Rhine Tagus Oder",
    "tree|baum": "oak birch maple cedar willow elm alder pine",
    "flower|flor|blume": "tulip rose iris dahlia lily orchid poppy violet",
    "country|país|land": "Peru Japan Kenya Norway Chile Nepal Ghana Malta",
    "day of the week|día": "Tuesday Friday Sunday Monday Thursday Saturday Wednesday Sunday",
    "first name|vorname": "Clara Jonas Mira Felix Nora Emil Lena Oskar",
    "profession|beruf": "baker carpenter nurse pilot gardener tailor teacher cook",
}
_OTHER = "aster beacon cobalt dune ember fjord grove harbor"
_RANGE = r"(\d+)\D{1,12}(\d+)"
_CHOICE = r"(.+) (?:or|oder|o) (.+)"


@dataclass(frozen=True, slots=True)
class PickSettings:
    """How picks are made. With the probability `share` a reply is that of the model `swapped_for`, under the name of
    the requested one. `drift` changes a model's preferences in all sessions, `noise` in each session in another way
    (both are standard deviations of the logits). With the probability `off_format` a reply is not a line of picks.
    `seed` makes all of it repeatable; None: every server is another session."""

    swapped_for: str | None = None
    share: float = 1.0
    drift: float = 0.0
    noise: float = 0.0
    seed: int | None = None
    off_format: float = 0.0


def answer(settings: PickSettings, model: str, card: str, session: int, number: int) -> str:
    """The reply of `model` to the text of a card. `session` and `number`, which counts the server's requests, choose
    the random numbers."""
    draw = random.Random(f"{session} {number}")  # noqa: S311 - the simulator's choice
    if draw.random() < settings.off_format:
        return "I would rather not choose."
    who = settings.swapped_for if settings.swapped_for and draw.random() < settings.share else model
    asked = card.rpartition(": ")[2].strip().removesuffix(".").split(", ")
    if draw.random() < _STOCK:
        draw = random.Random(f"stock {who} {card}")  # noqa: S311
    return ", ".join(_pick(settings, who, item, session, draw) for item in asked)


def _pick(settings: PickSettings, model: str, item: str, session: int, draw: random.Random) -> str:
    values = _values(item)
    alike, own = random.Random(item), random.Random(f"{model} {item}")  # noqa: S311
    later, today = random.Random(f"later {model} {item}"), random.Random(f"{session} {item}")  # noqa: S311
    weights = [
        math.exp(
            alike.gauss(0, _ALIKE)
            + own.gauss(0, _OWN)
            + later.gauss(0, settings.drift)
            + today.gauss(0, settings.noise)
        )
        for _ in values
    ]
    return draw.choices(values, weights)[0]


def _values(item: str) -> list[str]:
    if found := re.search(_RANGE, item):
        low, high = sorted((int(found[1]), int(found[2])))
        draw = random.Random(item)  # noqa: S311
        return [str(draw.randint(low, high)) for _ in range(_VALUES)]
    if found := re.fullmatch(_CHOICE, item):
        return [found[1], found[2]]
    for nouns, words in _WORDS.items():
        if re.search(nouns, item, re.IGNORECASE):
            return words.split()
    return _OTHER.split()
