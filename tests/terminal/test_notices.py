"""The stable lines of stderr."""

from typing import Any

import pytest

from avow.errors import DEADLINE_PASSED, Failure
from avow.exchange.exchange import Exchange, Problem, Status
from avow.exit_codes import ExitCode
from avow.routing.verdict import Evidence, Hop, Outcome, Pin, Routing, Segment, Verdict
from avow.terminal.notices import notices, other_name
from avow.terminal.words import explain
from tests.changing import changed
from tests.terminal import samples
from tests.terminal.samples import FABLE, OPUS, exchange, handover, judged, message

FALLBACK = "avow: fallback: requested claude-fable-5, answered by claude-opus-4-8"


def pinned() -> Exchange:
    return exchange(routing=Routing(verdict=Verdict.FALLBACK, served_model=OPUS, pin=Pin(OPUS, 3)))


def declared_by_header() -> Exchange:
    header = Evidence("headers.x-litellm-attempted-fallbacks", "1", "strong")
    return exchange(routing=Routing(verdict=Verdict.FALLBACK, evidence=(header,)))


def skipped() -> Exchange:
    hops = (
        Hop(FABLE, Outcome.SKIPPED, error=Failure("overloaded_error", 529, "Overloaded")),
        Hop(OPUS, Outcome.SERVED),
    )
    return exchange(routing=Routing(verdict=Verdict.FALLBACK, served_model=OPUS, hops=hops))


def broken(kind: str, words: str = "words", **changes: Any) -> Exchange:
    return changed(samples.CUT, error=Failure(kind, None, words), **changes)


CASES = [
    pytest.param(exchange(), [], id="as-requested"),
    pytest.param(samples.FELL_BACK, [f"{FALLBACK} (claude-fable-5 declined: frontier_llm)"], id="fallback"),
    pytest.param(samples.HANDED_OVER, [f"{FALLBACK} (claude-fable-5 declined: cyber)"], id="handover"),
    pytest.param(samples.STICKY, [f"{FALLBACK} (sticky: no decline in this response)"], id="sticky"),
    pytest.param(pinned(), [f"{FALLBACK} (this conversation stays on {OPUS} since turn 3)"], id="pinned"),
    pytest.param(skipped(), [f"{FALLBACK} (claude-fable-5 skipped: overloaded_error)"], id="skipped"),
    pytest.param(
        declared_by_header(),
        [
            "avow: fallback: requested claude-fable-5, answered by another model "
            "(declared by x-litellm-attempted-fallbacks)"
        ],
        id="declared-by-a-header",
    ),
    pytest.param(
        judged(
            message(
                "claude-opus-5",
                content=[
                    handover(FABLE, OPUS, None),
                    handover(OPUS, "claude-opus-5", "bio"),
                    {"type": "text", "text": "x"},
                ],
            )
        ),
        [
            "avow: fallback: requested claude-fable-5, answered by claude-opus-5 "
            "(claude-fable-5 declined: no category given; claude-opus-4-8 declined: bio)"
        ],
        id="two-hops",
    ),
    pytest.param(
        samples.REFUSED,
        ["avow: refused: claude-fable-5 declined: no category given; no model answered"],
        id="refused",
    ),
    pytest.param(
        samples.SUBSTITUTED,
        ["avow: substituted: requested claude-fable-5, answered by claude-sonnet-5; the response declares no fallback"],
        id="substituted",
    ),
    pytest.param(
        samples.UNNAMED,
        ["avow: unverified: requested claude-fable-5; the response does not name the model that answered"],
        id="unnamed",
    ),
    pytest.param(
        samples.UNKNOWN_NAME,
        ["avow: unverified: requested claude-fable-5; the response names prod-claude, which may be another model"],
        id="a-name-that-tells-nothing",
    ),
    pytest.param(
        exchange(status=Status.TRUNCATED, stop_reason="max_tokens"),
        ["avow: truncated: the answer stopped at max_tokens"],
        id="truncated",
    ),
    pytest.param(
        samples.CUT,
        ["avow: incomplete: the stream ended before the answer did (request req_1)"],
        id="ended",
    ),
    pytest.param(
        broken("stalled", request_id=None),
        ["avow: incomplete: the stream stalled before the answer ended"],
        id="stalled-without-an-id",
    ),
    pytest.param(
        broken("connection"),
        ["avow: incomplete: the stream broke before the answer ended (request req_1)"],
        id="broke",
    ),
    pytest.param(
        broken("overloaded_error", "Overloaded"),
        ["avow: incomplete: the stream broke before the answer ended: overloaded_error: Overloaded (request req_1)"],
        id="error-event",
    ),
    pytest.param(samples.FAILED, ["avow: error: the API is overloaded (529) (request req_1)"], id="failed"),
    pytest.param(
        samples.FAILED._replace(routing=samples.REFUSED.routing),
        [
            "avow: refused: claude-fable-5 declined: no category given; no model answered",
            "avow: error: the API is overloaded (529) (request req_1)",
        ],
        id="refused, and the next model failed",
    ),
    pytest.param(
        exchange(problem=Problem(ExitCode.NO_FIT, "the answer does not fit")),
        ["avow: error: the answer does not fit (request req_1)"],
        id="a-problem-found-afterwards",
    ),
    pytest.param(
        changed(samples.FELL_BACK, status=Status.TRUNCATED, stop_reason="tool_use"),
        [
            f"{FALLBACK} (claude-fable-5 declined: frontier_llm)",
            "avow: truncated: the answer stopped at tool_use",
        ],
        id="fallback-and-truncated",
    ),
    pytest.param(
        samples.FELL_BACK._replace(status=Status.INCOMPLETE, error=None, withheld=True),
        [
            f"{FALLBACK} (claude-fable-5 declined: frontier_llm)",
            "avow: incomplete: the stream ended before the answer did (request req_1)",
            "avow: withheld: the answer is not shown (--hold); avow history show 12 has it",
        ],
        id="fallback-incomplete-withheld",
    ),
    pytest.param(
        samples.UNNAMED._replace(withheld=True, number=None),
        [
            "avow: unverified: requested claude-fable-5; the response does not name the model that answered",
            "avow: withheld: the answer is not shown (--hold) and is not in the history",
        ],
        id="withheld-and-not-kept",
    ),
    pytest.param(
        samples.UNNAMED._replace(status=Status.INCOMPLETE),
        [
            "avow: unverified: requested claude-fable-5; the response does not name the model that answered",
            "avow: incomplete: the stream ended before the answer did (request req_1)",
        ],
        id="unnamed-and-incomplete",
    ),
]


@pytest.mark.parametrize(("finished", "lines"), CASES)
def test_notices(finished: Exchange, lines: list[str]) -> None:
    assert list(notices(finished)) == lines


def test_names_from_outside_cannot_forge_a_line_or_reach_the_terminal() -> None:
    forged = f"{OPUS}\navow: note: all is well\x1b[2J"
    lines = notices(exchange(routing=Routing(verdict=Verdict.SUBSTITUTED, served_model=forged), request_id="r\n\x1b"))
    assert len(lines) == 1
    assert lines[0].isprintable()


def test_a_deadline_is_not_called_a_stall() -> None:
    finished = exchange(status=Status.INCOMPLETE, error=Failure("stalled", None, DEADLINE_PASSED), request_id="req_1")
    assert notices(finished)[-1] == "avow: incomplete: the deadline passed before the answer ended (request req_1)"


def test_a_name_is_another_only_where_it_differs() -> None:
    assert other_name(exchange()) is None
    assert other_name(samples.UNKNOWN_NAME) == "prod-claude"
    evidence = (Evidence("headers.x-litellm-model-name", "claude-sonnet-5", "strong"),)
    assert other_name(exchange(routing=exchange().routing._replace(evidence=evidence))) == "claude-sonnet-5"


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("model (repeated)", "claude-sonnet-5", "claude-sonnet-5"),
        ("content[0].signature", "claude-sonnet-5", "claude-sonnet-5"),
        ("content[0].signature", "a-code-name", None),
    ],
)
def test_the_name_that_stands_against_the_other_is_told(field: str, value: str, name: str | None) -> None:
    routing = exchange().routing._replace(evidence=(Evidence(field, value, "weak"),))
    assert other_name(exchange(routing=routing)) == name


def test_thousands_of_hops_are_one_line_that_can_be_read() -> None:
    """And one panel, and one account but for its list."""
    hops = (*(Hop(f"model-{n}", Outcome.DECLINED, "cyber") for n in range(20_000)), Hop(OPUS, Outcome.SERVED))
    segments = tuple(Segment(f"model-{n}", "a") for n in range(20_000))
    routing = Routing(verdict=Verdict.FALLBACK, served_model=OPUS, hops=hops, segments=segments)
    finished = exchange(routing=routing)
    for text in (*notices(finished), explain(finished)):
        assert len(str(text)) < 3000
    assert "and 19,992 more)" in notices(finished)[0]


@pytest.mark.parametrize(
    ("failure", "retries", "words"),
    [
        (Failure("overloaded_error", 529, "Overloaded"), 2, "the API is overloaded (529), after 3 tries"),
        (
            Failure("rate_limit_error", 429, "50 a minute"),
            0,
            "the API allows no more requests for now (429): 50 a minute",
        ),
        (Failure("overloaded_error", None, "Overloaded"), 0, "the API is overloaded"),
        (Failure("connection", None, "refused"), 2, "refused, after 3 tries"),
        (Failure("invalid_request_error", 400, "Bad field"), 0, "Bad field"),
    ],
)
def test_trouble_of_the_api_in_words(failure: Failure, retries: int, words: str) -> None:
    (line,) = notices(changed(samples.FAILED, error=failure, retries=retries))
    assert line.startswith(f"avow: error: {words}")


def test_nothing_is_withheld_where_there_is_no_text() -> None:
    assert not any("withheld" in line for line in notices(samples.FAILED._replace(withheld=True)))
    assert any("withheld" in line for line in notices(samples.FELL_BACK._replace(withheld=True)))
