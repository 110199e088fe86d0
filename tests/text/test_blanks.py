"""What shows nothing is blank, whatever it is made of."""

import time

import pytest

from avow.text.blanks import is_blank

UNSEEN = (
    "",
    " \t\n\u3000\xa0",
    "\u200b\u200c\u200d\u2060\ufeff",
    " \u200b\n",
    "\xad\u3164\uffa0\u2800",
    "\U000e0041\ufe0f",
)
SEEN = ("a", "\u200ba", " \u200b.\u200b", "\u0644\u200c", "\x1b", "é", "👍\ufe0f", "\u0301")


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_a_long_text_costs_its_beginning_alone() -> None:
    begun = time.process_time()
    assert not is_blank("\u200bword" * 2_000_000)
    assert time.process_time() - begun < 0.5
