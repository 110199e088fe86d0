"""Who wrote an answer, in one line."""

import pytest

from avow.exchange.exchange import Exchange
from avow.terminal.citation import FORMS, citation
from tests.changing import changed
from tests.terminal import samples
from tests.terminal.samples import FABLE, HOSTILE, OPUS, exchange

CASES: dict[str, tuple[Exchange, str]] = {
    "fallback": (samples.FELL_BACK, f"{OPUS} (asked: {FABLE}; declined: frontier_llm)"),
    "handover": (samples.HANDED_OVER, f"{FABLE}, then {OPUS} (asked: {FABLE}; declined: cyber)"),
    "sticky": (samples.STICKY, f"{OPUS} (asked: {FABLE}; sticky: no decline in this response)"),
    "refused": (samples.REFUSED, f"no model (asked: {FABLE}; declined: no category given)"),
    "substituted": (samples.SUBSTITUTED, f"claude-sonnet-5 (asked: {FABLE}; no fallback declared)"),
    "unnamed": (samples.UNNAMED, f"a model that cannot be verified (asked: {FABLE})"),
    "cut": (samples.CUT, ""),
    "failed": (samples.FAILED, f"no model (asked: {FABLE}; failed: overloaded_error)"),
}


@pytest.mark.parametrize(("finished", "line"), CASES.values(), ids=CASES.keys())
def test_it_names_who_wrote_it_what_was_asked_and_why(finished: Exchange, line: str) -> None:
    if line:
        assert citation(finished, "text") == f"Answered by {line}"
        assert citation(finished, "trailer") == f"Answered-by: {line}"
    assert citation(finished, "markdown").replace("`", "") == citation(finished, "text")


def test_a_name_alone_is_said_to_be_one() -> None:
    known = exchange()
    weak = changed(known, routing=known.routing._replace(strength="weak"))
    strong = changed(known, routing=known.routing._replace(strength="strong"))
    assert citation(weak, "trailer") == f"Answered-by: {FABLE} (by name only)"
    assert citation(strong, "trailer") == f"Answered-by: {FABLE}"


@pytest.mark.parametrize("form", FORMS)
def test_it_is_one_harmless_line_whatever_a_server_names(form: str) -> None:
    bad = changed(
        samples.FELL_BACK, routing=samples.FELL_BACK.routing._replace(segments=(), served_model=HOSTILE + "`\n`")
    )
    line = citation(bad, form)
    assert "\n" not in line
    assert "\x1b" not in line
    assert form != "markdown" or line.count("`") == 4
