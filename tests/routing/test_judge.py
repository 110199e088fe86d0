"""Who answered: the rules of the verdict, each on a message as small as it can be."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from avow import routing
from avow.routing.judge import judge
from avow.routing.verdict import Attempt, Hop, Outcome, RequestFacts, Routing, Segment, Verdict, reasons
from avow.wire.api import API_HOST
from avow.wire.message import Message
from tests.routing.judging import (
    ALL_DECLINED,
    DECLINED,
    FALLBACK_RAN,
    GONE,
    OVERLOADED,
    SERVED,
    SKIPPED,
    judged,
    ran,
    segments,
)
from tests.streams import (
    ASKED,
    OTHER,
    THIRD,
    Json,
    answer,
    block,
    end,
    fallback,
    iteration,
    message,
    start,
    text,
    words,
)
from tests.wire.test_message import folded


@dataclass(frozen=True)
class Case:
    body: Json | Message
    verdict: Verdict
    served: str | None
    hops: list[tuple[str | None, Outcome, str | None]]
    fields: set[str] = field(default_factory=set)
    reasons: tuple[str, ...] = ()


RULES = {
    "as requested": Case(message(text("x")), Verdict.AS_REQUESTED, ASKED, [(ASKED, SERVED, None)], {"model"}),
    "a dated name of the same model": Case(
        message(text("x"), model=f"{ASKED}-20260901"),
        Verdict.AS_REQUESTED,
        f"{ASKED}-20260901",
        [(f"{ASKED}-20260901", SERVED, None)],
    ),
    "1 a fallback_message and no block: sticky": Case(
        message(text("x"), model=OTHER, usage=ran(iteration("fallback_message", OTHER))),
        Verdict.FALLBACK,
        OTHER,
        [(OTHER, SERVED, None)],
        {"usage.iterations[0].type", "usage.iterations[0].model"},
        ("sticky: no decline in this response",),
    ),
    "1 a chain that declined to its end": Case(
        message(fallback(), model=OTHER, stop_reason="refusal", usage=ALL_DECLINED, **DECLINED),
        Verdict.REFUSED,
        None,
        [(ASKED, GONE, "cyber"), (OTHER, GONE, "bio")],
        {"stop_reason", "usage.iterations[1].type"},
        (f"{ASKED} declined: cyber", f"{OTHER} declined: bio"),
    ),
    "1 sticky, and declined": Case(
        message(model=OTHER, stop_reason="refusal", usage=ran(iteration("fallback_message", OTHER)), **DECLINED),
        Verdict.REFUSED,
        None,
        [(OTHER, GONE, "bio")],
    ),
    "2 a block marks a hop": Case(
        message(fallback(), text("x"), model=OTHER, usage=FALLBACK_RAN),
        Verdict.FALLBACK,
        OTHER,
        [(ASKED, GONE, "cyber"), (OTHER, SERVED, None)],
        {"content[0].to.model", "usage.iterations[1].type"},
        (f"{ASKED} declined: cyber",),
    ),
    "2 a block without its trigger": Case(
        message({**fallback(), "trigger": None}, text("x"), model=OTHER, usage=FALLBACK_RAN),
        Verdict.FALLBACK,
        OTHER,
        [(ASKED, GONE, None), (OTHER, SERVED, None)],
        reasons=(f"{ASKED} declined: no category given",),
    ),
    "2 a block alone, without iterations": Case(
        message(fallback(), text("x"), model=OTHER),
        Verdict.FALLBACK,
        OTHER,
        [(ASKED, GONE, "cyber"), (OTHER, SERVED, None)],
    ),
    "2 from echoes an alias": Case(
        message(fallback("fable"), text("x"), model=OTHER, usage=FALLBACK_RAN),
        Verdict.FALLBACK,
        OTHER,
        [("fable", GONE, "cyber"), (OTHER, SERVED, None)],
    ),
    "2 a block that names nobody": Case(
        message({"type": "fallback"}, text("x"), model=OTHER),
        Verdict.FALLBACK,
        OTHER,
        [(ASKED, GONE, None), (None, SERVED, None)],
    ),
    "3 a handover in mid-answer: the model of message_start is provisional": Case(
        folded(
            start(ASKED),
            *words(0, "a"),
            *block(1, fallback()),
            *words(2, "b"),
            *end(iterations=FALLBACK_RAN["iterations"]),
        ),
        Verdict.FALLBACK,
        OTHER,
        [(ASKED, GONE, "cyber"), (OTHER, SERVED, None)],
        {"content[1].to.model", "model"},
    ),
    "4 a loop of one model": Case(
        message(text("x"), usage=ran(iteration("message", ASKED), iteration("message", ASKED))),
        Verdict.AS_REQUESTED,
        ASKED,
        [(ASKED, SERVED, None)],
    ),
    "4 an advisor is another model": Case(
        message(
            text("x"),
            usage=ran(iteration("message", ASKED), iteration("advisor_message", OTHER), iteration("message", ASKED)),
        ),
        Verdict.AS_REQUESTED,
        ASKED,
        [(ASKED, SERVED, None)],
    ),
    "4 a compaction by another model": Case(
        message(text("x"), usage=ran(iteration("compaction", OTHER), iteration("message", ASKED))),
        Verdict.AS_REQUESTED,
        ASKED,
        [(ASKED, SERVED, None)],
    ),
    "5 an unknown category passes through": Case(
        message(fallback(category="astrology"), text("x"), model=OTHER),
        Verdict.FALLBACK,
        OTHER,
        [(ASKED, GONE, "astrology"), (OTHER, SERVED, None)],
    ),
    "5 no category": Case(
        message(stop_reason="refusal", stop_details={"type": "refusal", "category": None}),
        Verdict.REFUSED,
        None,
        [(ASKED, GONE, None)],
        reasons=(f"{ASKED} declined: no category given",),
    ),
    "6 a fallback in the iterations, the asked model in the body": Case(
        message(text("x"), usage=ran(iteration("fallback_message", OTHER))),
        Verdict.FALLBACK,
        OTHER,
        [(OTHER, SERVED, None)],
        {"usage.iterations[0].model", "model"},
    ),
    "6 a fallback to the requested model itself": Case(
        message(text("x"), usage=ran(iteration("fallback_message", ASKED))),
        Verdict.UNVERIFIED,
        ASKED,
        [(ASKED, SERVED, None)],
        {"usage.iterations[0].type"},
    ),
    "6 an iteration of another model, undeclared": Case(
        message(text("x"), usage=ran(iteration("message", OTHER))),
        Verdict.UNVERIFIED,
        ASKED,
        [(ASKED, SERVED, None)],
        {"usage.iterations[0].model", "model"},
    ),
    "6 two names in one stream": Case(
        folded(
            start(ASKED), *words(0, "a"), {**end()[0], "delta": {"stop_reason": "end_turn", "model": OTHER}}, end()[1]
        ),
        Verdict.UNVERIFIED,
        OTHER,
        [(OTHER, SERVED, None)],
        {"model"},
    ),
    "8 another name alone": Case(
        message(text("x"), model=OTHER), Verdict.SUBSTITUTED, OTHER, [(OTHER, SERVED, None)], {"model"}
    ),
    "8 a private name": Case(
        message(text("x"), model="our-model"), Verdict.UNVERIFIED, "our-model", [("our-model", SERVED, None)]
    ),
    "8 no name": Case(message(text("x"), model=None), Verdict.UNVERIFIED, None, [(None, SERVED, None)], {"model"}),
    "9 a recommended model could not be tried": Case(
        message(stop_reason="refusal", stop_details={"category": "cyber", "recommended_model": OTHER}),
        Verdict.REFUSED,
        None,
        [(ASKED, GONE, "cyber"), (OTHER, SKIPPED, None)],
        {"stop_reason"},
        (f"{ASKED} declined: cyber", f"{OTHER} skipped: could not be tried"),
    ),
    "two hops": Case(
        message(
            fallback(ASKED, THIRD, "bio"),
            text("a"),
            fallback(THIRD, OTHER, "cyber"),
            text("b"),
            model=OTHER,
            usage=ran(
                iteration("message", ASKED), iteration("fallback_message", THIRD), iteration("fallback_message", OTHER)
            ),
        ),
        Verdict.FALLBACK,
        OTHER,
        [(ASKED, GONE, "bio"), (THIRD, GONE, "cyber"), (OTHER, SERVED, None)],
        reasons=(f"{ASKED} declined: bio", f"{THIRD} declined: cyber"),
    ),
    "an empty answer": Case(message(), Verdict.AS_REQUESTED, ASKED, [(ASKED, SERVED, None)]),
}


@pytest.mark.parametrize("name", RULES)
def test_rules(name: str) -> None:
    case = RULES[name]
    routing = judged(case.body)
    assert routing.verdict is case.verdict
    assert routing.served_model == case.served
    assert [(hop.model, hop.outcome, hop.category) for hop in routing.hops] == case.hops
    assert {item.field for item in routing.evidence} >= case.fields
    if case.reasons:
        assert reasons(routing) == case.reasons
    assert routing.category == next((category for _, outcome, category in case.hops if outcome is GONE), None)
    assert routing.rerouted is (case.verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED))


def test_rule_10_each_hop_has_its_own_tokens() -> None:
    runs = ran(
        iteration("message", ASKED, output_tokens=0),
        iteration("message", ASKED, output_tokens=3, cache_creation={"ephemeral_5m_input_tokens": 1}),
        iteration("message", ASKED, output_tokens=0, cache_creation={"ephemeral_5m_input_tokens": 2}),
        iteration("advisor_message", THIRD, output_tokens=99),
        iteration("fallback_message", OTHER, output_tokens=7),
        speed="standard",
        cache_read_input_tokens=4,  # of the whole, and of no hop
    )
    first, second = judged(message(fallback(), text("x"), model=OTHER, usage=runs)).hops
    written = {"ephemeral_5m_input_tokens": 3}
    assert first.usage == {"input_tokens": 27, "output_tokens": 3, "cache_creation": written, "speed": "standard"}
    assert second.usage == {"input_tokens": 9, "output_tokens": 7, "speed": "standard"}
    assert (first.cost_usd, second.cost_usd) == (None, None)


def test_an_alias_in_the_block_does_not_lose_the_tokens_of_its_hop() -> None:
    first, second = judged(message(fallback("fable"), text("x"), model=OTHER, usage=FALLBACK_RAN)).hops
    assert first.usage is not None
    assert second.usage is not None


def test_the_tokens_of_a_third_model_are_nobodys_in_the_chain() -> None:
    """As many entries as hops, but of other models: their prices would be wrong."""
    runs = ran(iteration("message", ASKED, output_tokens=1), iteration("fallback_message", THIRD, output_tokens=2))
    hops = judged(message(fallback(), text("x"), model=OTHER, usage=runs)).hops
    assert [(hop.model, hop.usage) for hop in hops] == [(ASKED, None), (OTHER, {"input_tokens": 9, "output_tokens": 5})]


@pytest.mark.parametrize(("served", "verdict"), [(OTHER, Verdict.FALLBACK), (ASKED, Verdict.UNVERIFIED)])
def test_rule_6_a_fallback_to_the_requested_model_is_one_where_another_then_served(
    served: str, verdict: Verdict
) -> None:
    runs = ran(iteration("fallback_message", ASKED), iteration("message", served))
    routing = judged(message(text("x"), model=OTHER, usage=runs))
    assert (routing.verdict, routing.served_model) == (verdict, served)


def test_rule_12_fallbacks_without_names_are_those_of_the_blocks_in_their_order() -> None:
    runs = ran(
        iteration("message", None, output_tokens=1),
        iteration("fallback_message", None, output_tokens=2),
        iteration("fallback_message", None, output_tokens=3),
    )
    content = (fallback(ASKED, THIRD), text("a"), fallback(THIRD, OTHER), text("b"))
    hops = judged(message(*content, model=OTHER, usage=runs)).hops
    assert [(hop.model, (hop.usage or {}).get("output_tokens")) for hop in hops] == [(ASKED, 1), (THIRD, 2), (OTHER, 3)]


def test_rule_2_what_stands_before_a_block_without_its_side_is_the_requested_model_s() -> None:
    block = {"type": "fallback", "to": {"model": OTHER}}
    routing = judged(message(text("a"), block, text("b"), model=OTHER))
    assert [(segment.model, segment.text) for segment in routing.segments] == [(ASKED, "a"), (OTHER, "b")]


def test_the_details_of_a_refusal() -> None:
    details = {"category": "bio", "explanation": "why", "recommended_model": OTHER}
    routing = judged(message(stop_reason="refusal", stop_details=details))
    assert (routing.category, routing.explanation, routing.recommended_model) == ("bio", "why", OTHER)


@pytest.mark.parametrize(
    "event",
    [
        {**end()[0], "content": [fallback()]},
        {"type": "odd", "message": {"usage": {"iterations": [iteration("fallback_message", OTHER)]}}},
        {"type": "odd", "content_block": {"type": "fallback"}},
    ],
    ids=["beside a delta", "in an unknown event", "one that names nobody"],
)
def test_a_handover_in_an_odd_place_is_one_all_the_same(event: Json) -> None:
    found = folded(start(), *words(0, "a"), event, *end())
    assert found.text == "a"
    assert judged(found).verdict is Verdict.FALLBACK


def test_text_before_and_after_a_handover() -> None:
    found = folded(start(), *words(0, "a"), *words(1, "b"), *block(2, fallback()), *words(3, "c"), *end())
    routing = judged(found)
    assert segments(routing) == [(ASKED, "ab"), (OTHER, "c")]
    assert routing.text == "abc"


def test_text_before_a_later_hop_is_that_hops() -> None:
    runs = ran(iteration("message", ASKED), iteration("fallback_message", THIRD), iteration("fallback_message", OTHER))
    routing = judged(message(text("a"), fallback(THIRD, OTHER), text("b"), model=OTHER, usage=runs))
    assert segments(routing) == [(THIRD, "a"), (OTHER, "b")]


def test_text_of_a_model_that_declined_is_withdrawn() -> None:
    routing = judged(message(text("a"), fallback(), text("b"), stop_reason="refusal"))
    assert (routing.text, routing.segments, routing.withdrawn_text) == ("", (), "ab")


def test_a_sticky_answer_is_the_fallbacks() -> None:
    usage = ran(iteration("fallback_message", OTHER))
    assert segments(judged(message(text("a"), usage=usage))) == [(OTHER, "a")]


PARTS = {
    "nothing but its start": ([start()], Verdict.UNVERIFIED),
    "some text": ([start(), *words(0, "a")], Verdict.UNVERIFIED),
    "all but message_stop": (answer("a")[:-1], Verdict.UNVERIFIED),
    "another model named": ([start(OTHER), *words(0, "a")], Verdict.SUBSTITUTED),
    "no model named": ([start(None), *words(0, "a")], Verdict.UNVERIFIED),
    "a handover seen": ([start(), *words(0, "a"), *block(1, fallback())], Verdict.FALLBACK),
    "a sticky fallback seen": (
        [start(OTHER), *words(0, "a"), end(iterations=[iteration("fallback_message", OTHER)])[0]],
        Verdict.FALLBACK,
    ),
    "a decline seen": ([start(), *words(0, "a"), end("refusal")[0]], Verdict.UNVERIFIED),
    "a chain that declined": (
        [start(), *block(0, fallback()), end("refusal", [iteration("fallback_message", OTHER)])[0]],
        Verdict.UNVERIFIED,
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_an_answer_that_is_not_whole(name: str) -> None:
    events, verdict = PARTS[name]
    assert judged(folded(*events)).verdict is verdict


def test_a_declined_model_of_a_cut_stream_served_nothing() -> None:
    routing = judged(folded(start(), *words(0, "a"), end("refusal", stop_details={"category": "bio"})[0]))
    assert (routing.served_model, routing.category) == (None, "bio")
    assert [hop.outcome for hop in routing.hops] == [GONE]


def test_no_message_no_verdict() -> None:
    routing = judge(RequestFacts(ASKED), [Attempt(ASKED, failure=OVERLOADED)])
    assert routing.verdict is None
    assert routing.hops == (Hop(ASKED, SKIPPED, error=OVERLOADED),)
    assert judge(RequestFacts(ASKED), []) == Routing()


def test_the_apis_own_host_is_where_nothing_else_is_said() -> None:
    assert RequestFacts(ASKED).host == API_HOST
    assert Segment(None, "").model is None


def test_runs_without_names_are_filled_in_and_never_added_up() -> None:
    entries = [iteration("message", None, output_tokens=1), iteration("fallback_message", None, output_tokens=2)]
    routing = judged(message(text("x"), model=OTHER, usage=ran(*entries)))
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [(ASKED, Outcome.DECLINED), (OTHER, Outcome.SERVED)]
    assert [hop.usage["output_tokens"] for hop in routing.hops if hop.usage] == [1, 2]
    unnamed = judged(message(text("x"), usage=ran(*entries)))
    assert [hop.model for hop in unnamed.hops] == [ASKED, None]
    assert unnamed.verdict is Verdict.FALLBACK
    blocks = message(fallback(ASKED, THIRD), text("x"), usage=ran(*entries))
    assert [hop.model for hop in judged(blocks).hops] == [ASKED, THIRD]


def test_a_run_without_a_name_after_a_fallback_is_the_fallbacks_also_where_others_came_between() -> None:
    entries = [iteration("message", ASKED), iteration("fallback_message", OTHER), iteration("message", THIRD)]
    routing = judged(message(text("x"), usage=ran(*entries, iteration("message", None))))
    assert [hop.model for hop in routing.hops] == [ASKED, OTHER, THIRD, OTHER]


@pytest.mark.parametrize(
    ("kinds", "models", "tokens"),
    [
        (["fallback_message", "message"], [OTHER, OTHER], [10]),
        (["message", "fallback_message", "message"], [ASKED, OTHER, OTHER], [5, 10]),
        (["message", "message", "fallback_message"], [None, None, OTHER], [10, 5]),
        (["fallback_message", "fallback_message", "fallback_message"], [None, None, OTHER], [10, 5]),
    ],
)
def test_runs_in_a_row_by_one_model_are_one_hop(kinds: list[str], models: list[str | None], tokens: list[int]) -> None:
    entries = [iteration(kind, model) for kind, model in zip(kinds, models, strict=True)]
    hops = judged(message(text("x"), model=OTHER, usage=ran(*entries))).hops
    assert [hop.usage and hop.usage["output_tokens"] for hop in hops] == tokens


@pytest.mark.parametrize("first", [ASKED, THIRD])
def test_a_message_that_begins_again_under_another_name_proves_nothing(first: str) -> None:
    routing = judged(folded(start(first), *words(0, "a"), start(OTHER), *words(0, "b"), *end()))
    assert (routing.verdict, routing.served_model) == (Verdict.UNVERIFIED, None)
    assert routing.segments == (Segment(first, "a"), Segment(OTHER, "b"))
    assert [hop.model for hop in routing.hops] == [None]


def test_under_another_spelling_of_the_same_name_it_goes_on() -> None:
    routing = judged(folded(start(), *words(0, "a"), start(f"{ASKED}-20260901"), *words(0, "b"), *end()))
    assert (routing.verdict, routing.text) == (Verdict.AS_REQUESTED, "ab")


NAMED_RULES = re.compile(r"[Rr]ules? ([0-9]+(?:(?:, | and )[0-9]+)*)")


def test_each_rule_is_named_where_it_is_carried_out() -> None:
    root = Path(routing.__file__).parents[1]
    texts = [path.read_text() for path in root.rglob("*.py") if path != Path(routing.__file__)]
    named = {number for text in texts for rules in NAMED_RULES.findall(text) for number in re.findall(r"[0-9]+", rules)}
    listed = re.findall(r"^([0-9]+)\. ", routing.__doc__ or "", re.MULTILINE)
    assert listed == [str(number) for number in range(1, 18)]
    assert set(listed) <= named
