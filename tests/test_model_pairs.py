"""The pairs of model names on record, each through the whole program: what the verdict makes of a name at a gateway."""

import json
from pathlib import Path

import pytest

from tests.models.test_identity import PAIRS
from tests.raw_server import RawServer, http
from tests.running import run
from tests.streams import message, text

ENDS = {"same": (0, "as_requested"), "different": (12, "substituted"), "unknown": (13, "unverified")}
ROWS = [
    (requested, served, answer) for one, other, answer in PAIRS for requested, served in ((one, other), (other, one))
]
SLOW = [row for place, row in enumerate(ROWS) if place % 12]


def check(requested: str, served: str, answer: str, home: Path) -> None:
    body = json.dumps(message(text("An answer."), model=served)).encode()
    with RawServer(http(body)) as gateway:
        ran = run(home, "-m", requested, "--no-stream", "--no-history", "--json", "hello", base_url=gateway.url)
    if ran.status == 2 or ran.json["requested_model"] != requested:
        pytest.skip("no name that can be asked for as it is: an alias, or blank")
    assert (ran.status, ran.json["verdict"]) == ENDS[answer], ran.json["evidence"]


@pytest.mark.parametrize(("requested", "served", "answer"), ROWS[::12])
def test_a_sample(requested: str, served: str, answer: str, home: Path) -> None:
    check(requested, served, answer, home)


@pytest.mark.slow
@pytest.mark.parametrize(("requested", "served", "answer"), SLOW)
def test_the_rest(requested: str, served: str, answer: str, home: Path) -> None:
    check(requested, served, answer, home)
