"""What is said where nothing was cached."""

import pytest

from avow.asking.uncached import why_uncached
from avow.exchange.exchange import Exchange, Status
from avow.routing.verdict import Hop, Outcome, Routing
from avow.wire.json_value import JsonObject

NONE: JsonObject = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def exchange(usage: JsonObject | None, model: str = "claude-opus-4-7", outcome: Outcome = Outcome.SERVED) -> Exchange:
    routing = Routing(hops=(Hop(model, outcome, usage=usage),))
    return Exchange("a", "b", "c", model, Status.COMPLETE, routing=routing)


@pytest.mark.parametrize(
    ("model", "tokens", "words"),
    [
        ("claude-opus-4-7", 23, "claude-opus-4-7 caches prompts of 2,048 tokens or more, and this one has 23"),
        ("claude-opus-4-7", 5000, "does not say why"),
        ("claude-haiku-5-5", 23, "does not say why"),
        ("my-deployment", 23, "does not say why"),
    ],
)
def test_why_nothing_was_cached(model: str, tokens: int, words: str) -> None:
    assert words in (why_uncached(exchange({**NONE, "input_tokens": tokens}, model)) or "")


@pytest.mark.parametrize(
    "found",
    [
        exchange({**NONE, "input_tokens": 9, "cache_read_input_tokens": 5}),
        exchange({"input_tokens": 9}),
        exchange(None),
        exchange({**NONE, "input_tokens": 9}, outcome=Outcome.DECLINED),
    ],
    ids=["read", "not said", "no usage", "declined"],
)
def test_elsewhere_nothing_is_said(found: Exchange) -> None:
    assert why_uncached(found) is None
