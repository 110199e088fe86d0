"""The cards: six picks each, made from a seed, and nothing in them that could set anything off."""

import hashlib
import re

import pytest

from avow.audit.cards import SHIPPED, Card, made


def picks_asked_for(card: Card) -> list[str]:
    """The six picks that a card lists, after its opening."""
    return re.split(r", ", card.text.rpartition(": ")[2].removesuffix("."))


CARDS = [*SHIPPED, *(card for seed in range(50) for card in made(seed))]


def test_there_are_four_and_their_bytes_do_not_change() -> None:
    """A baseline is for these very bytes: another text is another card."""
    assert [(card.id, card.sha256[:12]) for card in SHIPPED] == [
        ("card-1", "602f378c8e45"),
        ("card-2", "faea8fb3bd52"),
        ("card-3", "4d26d4b2b74d"),
        ("card-4", "4dd888b0292b"),
    ]


@pytest.mark.parametrize("card", CARDS[:8], ids=lambda card: card.id)
def test_a_card_asks_for_six_picks_in_one_line(card: Card) -> None:
    assert len(picks_asked_for(card)) == 6
    assert "\n" not in card.text


def test_cards_of_any_seed_ask_for_six_different_picks() -> None:
    for seed in range(300):
        cards = made(seed)
        asked = [pick for card in cards for pick in picks_asked_for(card)]
        assert len(asked) == 24
        assert len({pick for pick in asked if not re.search(r"\d", pick)}) == 20
        assert len({card.id for card in cards}) == 4


def test_the_same_seed_makes_the_same_cards() -> None:
    assert made(11) == made(11) != made(12)


def test_a_seed_makes_the_cards_that_it_made_before() -> None:
    """Whoever repeats an audit by its seed asks the same: a hash over every text of 300 seeds."""
    texts = "\n".join(card.text for seed in range(300) for card in made(seed))
    assert hashlib.sha256(texts.encode()).hexdigest()[:12] == "e82c83bef634"


def test_no_card_asks_who_answers_for_reasons_or_for_anything_touchy() -> None:
    words = r"model|claude|anthropic|openai|who are|version|reason|think|step by step|explain why|system|prompt|"
    touchy = words + r"weapon|drug|virus|chemical|hack|kill|bomb|politic|religio|modell|warum|begründ|modelo|porqué"
    for card in CARDS:
        assert not re.search(touchy, card.text, re.IGNORECASE), card.text
