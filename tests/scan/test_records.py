import pytest

from avow.routing.verdict import Verdict
from avow.scan.records import Client, PastAnswer


@pytest.mark.parametrize(
    ("verdict", "hops", "rerouted", "contradictory"),
    [
        (Verdict.FALLBACK, ("a", "b"), True, False),
        (Verdict.SUBSTITUTED, ("b",), True, False),
        (Verdict.AS_REQUESTED, ("a",), False, False),
        (Verdict.REFUSED, ("a", "b"), False, False),
        (Verdict.UNVERIFIED, (), False, False),
        (Verdict.UNVERIFIED, ("a",), False, False),
        (Verdict.UNVERIFIED, ("a", "a"), False, True),
    ],
)
def test_what_an_answer_is(verdict: Verdict, hops: tuple[str, ...], rerouted: bool, contradictory: bool) -> None:
    answer = PastAnswer(Client.LLM, None, None, "f", None, "1", None, None, "a", "b", verdict, hops=hops)
    assert (answer.rerouted, answer.contradictory) == (rerouted, contradictory)
