"""What an endpoint does not support is found out once a day, and said each time."""

import json
import stat
from pathlib import Path

import pytest

from avow.endpoint.remembered import place, remember_without_fallbacks, without_fallbacks
from avow.simulator.server import Simulator
from tests.running import run

URL, MODEL, NOON = "https://gateway.example", "claude-opus-5", 1_795_435_200.0


def test_it_is_remembered_for_a_day_per_endpoint_and_model(tmp_path: Path) -> None:
    assert without_fallbacks(tmp_path, URL, MODEL, NOON) is None
    remember_without_fallbacks(tmp_path, URL, MODEL, NOON)
    remember_without_fallbacks(tmp_path, URL, "other", NOON + 1)
    assert without_fallbacks(tmp_path, URL, MODEL, NOON + 60) == 60
    assert without_fallbacks(tmp_path, URL, "claude-opus-5-5", NOON) is None
    assert without_fallbacks(tmp_path, "https://other.example", MODEL, NOON) is None
    assert without_fallbacks(tmp_path, URL, MODEL, NOON + 86_401) is None
    assert without_fallbacks(tmp_path, URL, MODEL, NOON - 60) is None
    assert stat.S_IMODE(place(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[]", b"null", b'{"version": 2, "without_fallbacks": {}}', b'{"version": 1}',
     b'{"version": 1, "without_fallbacks": {"https://gateway.example": {"claude-opus-5": "x"}}}'],
    ids=["empty", "torn", "list", "null", "newer", "lacking", "no time"],
)  # fmt: skip
def test_a_damaged_file_counts_as_empty_and_is_replaced(damaged: bytes, tmp_path: Path) -> None:
    place(tmp_path).write_bytes(damaged)
    assert without_fallbacks(tmp_path, URL, MODEL, NOON) is None
    remember_without_fallbacks(tmp_path, URL, MODEL, NOON)
    assert without_fallbacks(tmp_path, URL, MODEL, NOON) == 0


def test_a_cache_that_cannot_be_written_is_nobodys_concern(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember_without_fallbacks(tmp_path / "file", URL, MODEL, NOON)
    assert without_fallbacks(tmp_path / "file", URL, MODEL, NOON) is None


@pytest.mark.parametrize("scenario", ["no_fallbacks", "no_fallbacks_field", "no_fallbacks_header"])
def test_the_second_question_does_not_pay_for_it_again(scenario: str, home: Path) -> None:
    with Simulator(scenario) as simulator:
        first = run(home, "hello", base_url=simulator.base_url)
        asked = [request.json for request in simulator.requests]
        second = run(home, "hello", base_url=simulator.base_url)
        again = [request.json for request in simulator.requests[len(asked) :]]
    assert ["fallbacks" in body for body in asked] == [True, False]
    assert ["fallbacks" in body for body in again] == [False]
    for ran in (first, second):
        assert ran.status == 0
        assert any("does not support `fallbacks`" in line for line in ran.lines)
    assert json.loads(place(home / "cache").read_bytes())["without_fallbacks"]


def test_the_stand_in_leaves_nothing_behind(home: Path) -> None:
    assert run(home, "--simulate", "no_fallbacks", "hello").status == 0
    assert not place(home / "cache").exists()
