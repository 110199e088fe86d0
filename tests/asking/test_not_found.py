"""What a 404 is told with."""

from pathlib import Path

import pytest

from avow.asking.not_found import hint_of
from avow.errors import Failure
from avow.settings.levels import Settings
from avow.simulator.server import Simulator
from tests.running import run
from tests.terminal.samples import exchange


def hint(message: str, *, model: str = "claude-x", base_url: str = "https://gate.example") -> str | None:
    error = Failure("not_found_error", 404, message, "as before")
    return hint_of(exchange(requested_model=model, error=error, base_url=base_url), Settings({"aliases": {}}, {}))


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        (
            "https://gate.example",
            "there is nothing at https://gate.example/v1/messages: the base URL is probably wrong",
        ),
        ("https://gate.example/v1", "did you mean https://gate.example?"),
        ("https://gate.example/v1/messages", "did you mean https://gate.example?"),
    ],
)
def test_a_wrong_base_url(base_url: str, words: str) -> None:
    assert words in (hint("HTTP 404: Not Found", base_url=base_url) or "")


def test_a_name_that_is_nearly_one() -> None:
    assert (hint("model: opsu", model="opsu") or "").startswith("did you mean opus?")
    assert (hint("model: claude-fable-52", model="claude-fable-52") or "").startswith("did you mean claude-fable-5")
    assert hint("model: qqqqqqqq", model="qqqqqqqq") == "as before"
    assert hint("model: claude-fable-5-2", model="claude-fable-5-2") == "as before"


def test_a_base_url_with_the_version_in_it(home: Path) -> None:
    with Simulator() as simulator:
        ran = run(home, "ask", "x", base_url=f"{simulator.base_url}/v1")
    assert ran.status == 4
    assert f"did you mean {simulator.base_url}?" in ran.err.decode()
