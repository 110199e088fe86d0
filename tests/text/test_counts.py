"""A noun after a number, in the singular or the plural."""

import pytest

from avow.text.counts import counted


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (1, "answer", "1 answer"),
        (0, "answer", "0 answers"),
        (2, "answer", "2 answers"),
        (12_345, "exchange", "12345 exchanges"),
        (1, "reply", "1 reply"),
        (2, "retry", "2 retries"),
        (3, "batch", "3 batches"),
        (30, "day", "30 days"),
    ],
)
def test_a_noun_stands_in_the_plural_except_for_one(number: int, noun: str, words: str) -> None:
    assert counted(number, noun) == words


def test_a_large_number_is_grouped_where_no_script_reads_it() -> None:
    assert counted(12_345, "token", grouped=True) == "12,345 tokens"
