"""From a reply to six picks, and which replies stay in the test."""

import pytest

from avow.audit.replies import EMPTY, OFF_FORMAT, TRUNCATED, Arm, in_test, sample_of
from tests.audit.made_up import CARDS, reply

SIX = ("7", "b", "red", "cat", "new york", "tails")

CASES = {
    "plain": ("7,b,red,cat,new york,tails", "end_turn", SIX),
    "spaces and case": ("  7 , B,  Red,cat,New   York, TAILS \n", "end_turn", SIX),
    "full-width comma and digits": ("７，b，red，cat，new york，tails", "end_turn", SIX),
    "a point at the end stays": ("7, b, red, cat, new york, tails.", "end_turn", (*SIX[:5], "tails.")),
    "ß and SS are one": ("7, b, red, cat, STRASSE, straße", "end_turn", (*SIX[:4], "strasse", "strasse")),
    "a pick is not judged": ("a number, ?, -, 0, !, x", "end_turn", ("a number", "?", "-", "0", "!", "x")),
    "no stop reason": ("7,b,red,cat,new york,tails", None, SIX),
    "five picks": ("7, b, red, cat, tails", "end_turn", OFF_FORMAT),
    "seven picks": ("7, b, red, cat, rome, tails, x", "end_turn", OFF_FORMAT),
    "an empty pick": ("7, b, red, , rome, tails", "end_turn", OFF_FORMAT),
    "a comma at the end": ("7, b, red, cat, rome, tails,", "end_turn", OFF_FORMAT),
    "two lines": ("Sure:\n7, b, red, cat, rome, tails", "end_turn", OFF_FORMAT),
    "a line of another kind": ("7, b, red,\u2028 cat, rome, tails", "end_turn", OFF_FORMAT),
    "no commas": ("7 b red cat rome tails", "end_turn", OFF_FORMAT),
    "empty": ("", "end_turn", EMPTY),
    "blank": (" \n\t\u3000", "end_turn", EMPTY),
    "truncated": ("7, b, red, cat, rome, tails", "max_tokens", TRUNCATED),
    "truncated before it began": ("", "max_tokens", TRUNCATED),
}


@pytest.mark.parametrize(("text", "stop", "picks"), CASES.values(), ids=CASES)
def test_picks_of_a_reply(text: str, stop: str | None, picks: tuple[str, ...]) -> None:
    assert reply(text=text, stop=stop).picks == picks


@pytest.mark.parametrize("verdict", ["fallback", "refused", "substituted", "unverified"])
def test_what_the_wire_declares_leaves_the_test(verdict: str) -> None:
    kept, declared = reply(order=1), reply(order=2, verdict=verdict)
    assert declared.is_declared
    assert in_test([declared, kept]) == (kept,)


def test_replies_are_sampled_by_card_in_the_order_they_were_asked_for() -> None:
    found = [
        reply(CARDS[1], "2,a,a,a,a,a", sitting=2, order=1),
        reply(CARDS[1], "1,a,a,a,a,a", sitting=1, order=9),
        reply(CARDS[0], "3,a,a,a,a,a", arm=Arm.AGAINST),
    ]
    sample = sample_of(found, CARDS)
    assert [picks[0] for picks in sample[CARDS[1]]] == ["1", "2"]
    assert list(sample) == sorted(CARDS)
    assert sample[CARDS[0]] == []
    assert len(sample_of(found, CARDS, Arm.AGAINST)[CARDS[0]]) == 1


def test_a_reply_as_json_has_the_keys_of_the_contract() -> None:
    keys = "card arm sitting order created_at request_id message_id model verdict stop_reason text usage"
    assert list(reply().as_json()) == keys.split()
