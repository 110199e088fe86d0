"""The words in which other hosts refuse what only the API knows."""

import pytest

from avow.simulator.foreign import KINDS, refusal

BETA = frozenset({"server-side-fallback-2026-07-01"})
NAMED = {
    "thinking": ("thinking", BETA),
    "caching": ("cache_control", BETA),
    **{kind: ("beta", BETA) for kind in KINDS if kind.startswith("bedrock")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_refuses_what_it_does_not_know_and_nothing_else(kind: str) -> None:
    words, betas = NAMED.get(kind, ("fallback", BETA))
    marked = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
    body = {"model": "m", "fallbacks": "default", "thinking": {"type": "adaptive"}, "system": [marked]}
    found = refusal(kind, body, betas)
    assert found is not None
    assert 400 <= found.status < 500
    assert words in found.message + (found.body or b"").decode()
    assert refusal(kind, {"model": "m"}, frozenset()) is None


def test_the_api_refuses_nothing() -> None:
    assert refusal("", {"fallbacks": "default"}, BETA) is None
