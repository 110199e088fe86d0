"""The exit statuses scripts rely on."""

import json
import signal
from itertools import combinations

import pytest

from avow.exit_codes import MEANINGS, PRECEDENCE, SIGPIPE, BySignal, ExitCode, gravest

NUMBERS = {
    "OK": 0,
    "UNEXPECTED": 1,
    "USAGE": 2,
    "CREDENTIALS": 3,
    "REJECTED": 4,
    "UNAVAILABLE": 5,
    "UNREACHABLE": 6,
    "INCOMPLETE": 7,
    "TRUNCATED": 8,
    "NO_FIT": 9,
    "FALLBACK": 10,
    "REFUSED": 11,
    "SUBSTITUTED": 12,
    "UNVERIFIED": 13,
    "OWN_LIMIT": 14,
    "DIFFERS": 15,
}
ORDER = [2, 3, 4, 5, 6, 1, 7, 9, 11, 12, 13, 10, 15, 8, 14, 0]


def test_the_numbers_are_fixed() -> None:
    found = {code.name: code.value for code in ExitCode}
    assert found == NUMBERS, "scripts rely on these: add to NUMBERS and ORDER, change and remove nothing"


def test_each_has_a_meaning_of_its_own() -> None:
    assert set(MEANINGS) == set(ExitCode), "MEANINGS lacks a status, or has one more"
    assert len(set(MEANINGS.values())) == len(ExitCode)


def test_the_order_in_which_they_count() -> None:
    assert sorted(PRECEDENCE) == sorted(ExitCode), "PRECEDENCE lacks a status, or has one more"
    assert [int(code) for code in PRECEDENCE] == ORDER


@pytest.mark.parametrize("pair", list(combinations(ORDER, 2)), ids=str)
def test_of_two_the_graver_counts_however_they_are_given(pair: tuple[int, int]) -> None:
    graver, lighter = (ExitCode(code) for code in pair)
    assert gravest(graver, lighter) is gravest(lighter, graver) is graver


def test_nothing_wrong_is_ok() -> None:
    assert gravest() is ExitCode.OK


@pytest.mark.parametrize("name", ["SIGINT", "SIGPIPE", "SIGTERM"])
def test_a_signal_is_what_a_shell_makes_of_it(name: str) -> None:
    number = getattr(signal, name)
    status = BySignal(number)
    assert (status, status.signal, json.dumps(status)) == (128 + number, number, str(128 + number))
    assert signal.SIGPIPE == SIGPIPE
