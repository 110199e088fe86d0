"""What support needs, without a word of the conversation."""

import pytest

from avow.exchange.exchange import Exchange, Question
from avow.terminal.support_report import support_report
from tests.changing import changed
from tests.terminal import samples
from tests.terminal.samples import FABLE, HOSTILE, OPUS, exchange

ALL = (
    samples.FELL_BACK,
    samples.HANDED_OVER,
    samples.REFUSED,
    samples.SUBSTITUTED,
    samples.CUT,
    samples.FAILED,
    exchange(),
)


def test_it_has_what_one_is_asked_for() -> None:
    lines = support_report(samples.FELL_BACK).splitlines()
    for line in (
        "time: 2026-11-23T17:00:00.123Z",
        f"model asked for: {FABLE}",
        f"model served: {OPUS}",
        "verdict: fallback",
        "category: frontier_llm",
        f"hop 1: {FABLE} declined (frontier_llm)",
        f"hop 2: {OPUS} served",
        f"first token: {samples.FELL_BACK.reply.first_token_ms} ms",
        f"total: {samples.FELL_BACK.reply.total_ms} ms",
    ):
        assert line in lines
    assert any(line.startswith("request id: req_") for line in lines)


@pytest.mark.parametrize("finished", ALL)
def test_nothing_that_was_said_is_in_it(finished: Exchange) -> None:
    secret = "a secret of ours"
    routing = finished.routing
    told = changed(
        finished,
        question=Question(prompt=secret, system=secret),
        routing=routing._replace(
            explanation=secret,
            withdrawn_text=secret,
            segments=tuple(segment._replace(text=secret) for segment in routing.segments),
        ),
        error=finished.error and finished.error._replace(message=secret),
    )
    assert secret not in support_report(told)


def test_nothing_from_outside_acts() -> None:
    bad = changed(samples.FELL_BACK, routing=samples.FELL_BACK.routing._replace(served_model=HOSTILE, category=HOSTILE))
    assert "\x1b" not in support_report(bad)
    assert len(support_report(bad).splitlines()) == len(support_report(samples.FELL_BACK).splitlines())
