import pytest

from avow.commands.gate import Gate
from avow.errors import UsageError
from avow.routing.verdict import Verdict


@pytest.mark.parametrize(
    ("words", "seen", "status"),
    [
        ([], list(Verdict), 0),
        (["rerouted"], ["as_requested", "fallback"], 10),
        (["rerouted"], ["fallback", "substituted", "refused"], 12),
        (["fallback", "refused"], ["fallback", "substituted", "refused"], 11),
        (["fallback, unverified"], ["fallback", "unverified"], 13),
        (["as_requested"], ["as_requested"], 0),
    ],
)
def test_the_gravest_of_those_named(words: list[str], seen: list[str], status: int) -> None:
    gate = Gate(words)
    assert list(gate.watch(seen, Verdict)) == seen
    gate.see(None)
    assert gate.exit_code == status


def test_an_unknown_verdict() -> None:
    with pytest.raises(UsageError, match="there is no verdict `rerouetd`; did you mean rerouted"):
        Gate(["refused,rerouetd"])
