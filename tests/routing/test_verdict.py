"""The values of routing, and the words for why another model answered."""

import pytest

from avow.errors import Failure
from avow.routing.verdict import REROUTED, STICKY, Evidence, Hop, Outcome, Pin, Routing, Segment, Verdict, reasons

A, B = "claude-fable-5-2", "claude-opus-4-8"
DECLINED = Hop(A, Outcome.DECLINED, "cyber")
SERVED = Hop(B, Outcome.SERVED)
COUNTED = Evidence("headers.x-litellm-attempted-fallbacks", "1", "strong")

CASES: dict[str, tuple[Routing, tuple[str, ...]]] = {
    "as requested": (Routing(Verdict.AS_REQUESTED, hops=(Hop(A, Outcome.SERVED),)), ()),
    "a decline": (Routing(Verdict.FALLBACK, hops=(DECLINED, SERVED)), (f"{A} declined: cyber",)),
    "no category": (Routing(Verdict.REFUSED, hops=(Hop(A, Outcome.DECLINED),)), (f"{A} declined: no category given",)),
    "no name": (
        Routing(Verdict.FALLBACK, hops=(Hop(None, Outcome.DECLINED, "bio"), SERVED)),
        ("a model declined: bio",),
    ),
    "skipped by an error": (
        Routing(Verdict.FALLBACK, hops=(Hop(A, Outcome.SKIPPED, error=Failure("overloaded_error", 529, "x")), SERVED)),
        (f"{A} skipped: overloaded_error",),
    ),
    "recommended": (
        Routing(Verdict.REFUSED, hops=(DECLINED, Hop(B, Outcome.SKIPPED))),
        (f"{A} declined: cyber", f"{B} skipped: could not be tried"),
    ),
    "sticky": (Routing(Verdict.FALLBACK, hops=(SERVED,)), ("sticky: no decline in this response",)),
    "pinned": (
        Routing(Verdict.FALLBACK, hops=(SERVED,), pin=Pin(B, 2)),
        (f"this conversation stays on {B} since turn 2",),
    ),
    "declared by a header": (
        Routing(Verdict.FALLBACK, hops=(SERVED,), evidence=(COUNTED,)),
        ("declared by x-litellm-attempted-fallbacks",),
    ),
    "declared by a header beside a block": (
        Routing(Verdict.FALLBACK, hops=(DECLINED, SERVED), evidence=(COUNTED,)),
        (f"{A} declined: cyber",),
    ),
    "declared by a header, of no other model": (
        Routing(Verdict.UNVERIFIED, hops=(Hop(A, Outcome.SERVED),), evidence=(COUNTED,)),
        (),
    ),
    "a header that counts none": (
        Routing(Verdict.FALLBACK, hops=(SERVED,), evidence=(Evidence(COUNTED.field, "0", "strong"),)),
        ("sticky: no decline in this response",),
    ),
    "substituted": (Routing(Verdict.SUBSTITUTED, hops=(SERVED,)), ()),
}


@pytest.mark.parametrize("name", CASES)
def test_reasons(name: str) -> None:
    routing, words = CASES[name]
    assert reasons(routing) == words


@pytest.mark.parametrize("name", CASES)
def test_sticky_is_decided_once(name: str) -> None:
    routing, words = CASES[name]
    assert routing.is_sticky is (words == (STICKY,))


@pytest.mark.parametrize("verdict", [None, *Verdict])
def test_rerouted(verdict: Verdict | None) -> None:
    assert Routing(verdict).rerouted is (verdict in ("fallback", "substituted"))
    assert {Verdict.FALLBACK, Verdict.SUBSTITUTED} == REROUTED


def test_the_text_is_all_segments() -> None:
    assert Routing(segments=(Segment(A, "a"), Segment(None, "b"), Segment(B, "c"))).text == "abc"


@pytest.mark.parametrize("verdict", [None, *Verdict])
@pytest.mark.parametrize("strength", ["strong", "weak", "none", None])
def test_a_name_that_may_have_been_rewritten_is_all_there_is(verdict: Verdict | None, strength: str | None) -> None:
    by_name_only = verdict is Verdict.AS_REQUESTED and strength in ("weak", "none")
    assert Routing(verdict, strength=strength).is_by_name_only is by_name_only
