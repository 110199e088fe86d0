"""The probe cards: prompts that ask for one line of six picks; four shipped, more made from a seed."""

import hashlib
import random
from dataclasses import dataclass
from typing import NamedTuple

PICKS = 6
"""How many picks a card asks for."""
_CHOICES = 2  # of six picks, two between a near-tie: they move first where a distribution drifts


@dataclass(frozen=True, slots=True)
class Card:
    """One prompt. It is sent byte for byte."""

    id: str
    text: str

    @property
    def sha256(self) -> str:
        """The hash of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


_RULE = "Answer with one line of six comma-separated picks and nothing else, in this order: "

SHIPPED = (
    Card(
        "card-1",
        f"{_RULE}a random whole number from 1 to 355, a letter of the alphabet, a colour, an animal, a city, "
        "heads or tails.",
    ),
    Card(
        "card-2",
        f"{_RULE}a random whole number from 1 to 99, a fruit, a musical instrument, a river, tea or coffee, "
        "left or right.",
    ),
    Card(
        "card-3",
        "Antworte mit einer einzigen Zeile aus sechs durch Kommas getrennten Angaben und sonst nichts, in dieser "
        "Reihenfolge: eine zufällige ganze Zahl von 1 bis 500, ein Baum, ein Beruf, ein Vorname, Berg oder Meer, "
        "Kopf oder Zahl.",
    ),
    Card(
        "card-4",
        "Responde con una sola línea de seis elementos separados por comas y nada más, en este orden: un número "
        "entero al azar del 1 al 200, una flor, un país, un día de la semana, pan o arroz, cara o cruz.",
    ),
)
"""The cards that come with avow. Nothing in them asks who answers, or for reasons."""


class _Words(NamedTuple):
    """The words that cards are made of. `choice` joins two alternatives that are about as likely as each other."""

    opening: tuple[str, ...]
    number: str
    things: tuple[str, ...]
    choice: str
    ties: tuple[tuple[str, str], ...]


_ENGLISH = _Words(
    opening=(
        _RULE,
        "Write a single line with six picks separated by commas, without any other words. The picks, in order: ",
        "Please give me six quick picks on one line, separated by commas, and no other text: ",
        "One line only, six items, commas between them, no explanation. The items are: ",
    ),
    number="a random whole number from {low} to {high}",
    things=(
        "a letter of the alphabet", "a colour", "an animal", "a city", "a fruit", "a vegetable", "a river",
        "a mountain", "a musical instrument", "a tree", "a flower", "a bird", "a first name", "a country",
        "a month", "a day of the week", "a sport", "a piece of furniture", "a kitchen tool", "a profession",
        "a shape", "a metal", "a planet", "a dessert", "a drink", "an item of clothing", "a dance", "a fabric",
    ),
    choice="{one} or {other}",
    ties=(
        ("heads", "tails"), ("tea", "coffee"), ("left", "right"), ("north", "south"), ("odd", "even"),
        ("red", "blue"), ("sun", "moon"), ("cat", "dog"), ("up", "down"), ("bread", "rice"),
        ("mountain", "sea"), ("spring", "autumn"), ("circle", "square"), ("apple", "pear"), ("morning", "evening"),
    ),
)  # fmt: skip

_GERMAN = _Words(
    opening=(
        "Antworte mit einer einzigen Zeile aus sechs durch Kommas getrennten Angaben und sonst nichts: ",
        "Bitte sechs Einfälle in einer Zeile, durch Kommas getrennt, ohne weiteren Text: ",
    ),
    number="eine zufällige ganze Zahl von {low} bis {high}",
    things=(
        "eine Farbe", "ein Tier", "eine Stadt", "ein Baum", "ein Beruf", "ein Vorname", "ein Fluss", "ein Obst",
        "ein Musikinstrument", "ein Land", "ein Möbelstück", "ein Werkzeug", "eine Blume", "ein Getränk",
    ),
    choice="{one} oder {other}",
    ties=(
        ("Kopf", "Zahl"), ("Berg", "Meer"), ("Tee", "Kaffee"), ("links", "rechts"), ("Hund", "Katze"),
        ("Sonne", "Mond"), ("rot", "blau"), ("Apfel", "Birne"), ("Brot", "Reis"), ("Morgen", "Abend"),
    ),
)  # fmt: skip


def made(seed: int) -> tuple[Card, ...]:
    """Four private cards; the same seed gives the same cards. No two picks are the same."""
    draw = random.Random(seed)  # noqa: S311 - chooses words, guards nothing
    used: set[str] = set()
    languages = (_ENGLISH, _ENGLISH, _GERMAN, _ENGLISH)
    return tuple(_made(f"private-{place}", words, draw, used) for place, words in enumerate(languages, start=1))


def _made(name: str, words: _Words, draw: random.Random, used: set[str]) -> Card:
    number = words.number.format(low=draw.randint(1, 9), high=draw.randint(60, 600))
    open_picks = [thing for thing in words.things if thing not in used]
    ties = [words.choice.format(one=one, other=other) for one, other in words.ties]
    chosen = draw.sample(open_picks, PICKS - 1 - _CHOICES)
    chosen += draw.sample([tie for tie in ties if tie not in used], _CHOICES)
    used.update(chosen)
    return Card(name, f"{draw.choice(words.opening)}{', '.join((number, *chosen))}.")
