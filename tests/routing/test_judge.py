"""Who answered: the rules of the verdict, each on a message as small as it can be."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow import routing
from avow.errors import Failure
from avow.models.identity import Identity, compare
from avow.routing import gateways
from avow.routing.judge import judge
from avow.routing.verdict import Attempt, Evidence, Hop, Outcome, Pin, RequestFacts, Routing, Segment, Verdict, reasons
from avow.wire.api import API_HOST
from avow.wire.events import decode
from avow.wire.message import Message, whole
from avow.wire.message_fold import fold
from tests.streams import (
    ASKED,
    OTHER,
    THIRD,
    Json,
    answer,
    as_events,
    block,
    end,
    fallback,
    iteration,
    iterations,
    message,
    messages,
    models,
    start,
    text,
    words,
)
from tests.wire.test_message import folded
from tests.wire.test_signature import signed

OVERLOADED = Failure("overloaded_error", 529, "Overloaded")


def judged(found: Message | Json, headers: dict[str, str] | None = None, **asked: Any) -> Routing:
    found = found if isinstance(found, Message) else whole(found)
    return judge(RequestFacts(asked.pop("requested", ASKED), **asked), [Attempt(ASKED, found, headers=headers or {})])


def ran(*entries: Json, **more: Any) -> Json:
    """The usage of a message that ran these iterations."""
    return {"input_tokens": 9, "output_tokens": 5, "iterations": list(entries), **more}


FALLBACK_RAN = ran(iteration("message", ASKED), iteration("fallback_message", OTHER))
ALL_DECLINED = ran(iteration("message", ASKED), iteration("fallback_message", OTHER))
DECLINED = {"stop_details": {"type": "refusal", "category": "bio", "explanation": "why"}}


@dataclass(frozen=True)
class Case:
    body: Json | Message
    verdict: Verdict
    served: str | None
    hops: list[tuple[str | None, Outcome, str | None]]
    fields: set[str] = field(default_factory=set)
    reasons: tuple[str, ...] = ()


SERVED, GONE, SKIPPED = Outcome.SERVED, Outcome.DECLINED, Outcome.SKIPPED
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


def test_a_handover_in_an_odd_place_is_one_all_the_same() -> None:
    found = folded(start(), *words(0, "a"), {**end()[0], "content": [fallback()]}, end()[1])
    assert found.text == "a"
    assert judged(found).verdict is Verdict.FALLBACK


# -- which model wrote which text


def segments(routing: Routing) -> list[tuple[str | None, str]]:
    return [(segment.model, segment.text) for segment in routing.segments]


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


# -- answers that are not whole

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


# -- gateways: headers and fields, on their own and against a body that says otherwise

SAME = message(text("x"))
GATEWAYS: dict[str, tuple[dict[str, str], Json, Verdict, str | None]] = {
    "LiteLLM, as asked": (
        {
            "x-litellm-model-name": f"anthropic/{ASKED}",
            "x-litellm-model-group": ASKED,
            "x-litellm-attempted-fallbacks": "0",
        },
        SAME,
        Verdict.AS_REQUESTED,
        ASKED,
    ),
    "LiteLLM fell back": (
        {"x-litellm-model-name": f"anthropic/{OTHER}", "x-litellm-attempted-fallbacks": "1"},
        SAME,
        Verdict.FALLBACK,
        f"anthropic/{OTHER}",
    ),
    "LiteLLM fell back and names nobody": ({"x-litellm-attempted-fallbacks": "1"}, SAME, Verdict.FALLBACK, None),
    "LiteLLM names another model": (
        {"x-litellm-model-name": OTHER, "x-litellm-attempted-fallbacks": "0"},
        SAME,
        Verdict.SUBSTITUTED,
        OTHER,
    ),
    "LiteLLM names a private model": ({"x-litellm-model-name": "ours"}, SAME, Verdict.UNVERIFIED, "ours"),
    "LiteLLM's group is another model": ({"x-litellm-model-group": OTHER}, SAME, Verdict.SUBSTITUTED, OTHER),
    "LiteLLM's group against its model": (
        {"x-litellm-model-group": OTHER, "x-litellm-model-name": ASKED},
        SAME,
        Verdict.UNVERIFIED,
        ASKED,
    ),
    "LiteLLM's group is private, its model as asked": (
        {"x-litellm-model-group": "prod", "x-litellm-model-name": ASKED},
        SAME,
        Verdict.AS_REQUESTED,
        ASKED,
    ),
    "LiteLLM's group is private": ({"x-litellm-model-group": "prod"}, SAME, Verdict.UNVERIFIED, "prod"),
    "Bifrost, as asked": (
        {
            "x-bifrost-routing-info-model": ASKED,
            "x-bifrost-routing-info-primary-model": ASKED,
            "x-bifrost-routing-info-is-fallback": "false",
        },
        SAME,
        Verdict.AS_REQUESTED,
        ASKED,
    ),
    "Bifrost fell back": (
        {
            "x-bifrost-routing-info-model": OTHER,
            "x-bifrost-routing-info-primary-model": ASKED,
            "x-bifrost-routing-info-is-fallback": "true",
        },
        SAME,
        Verdict.FALLBACK,
        OTHER,
    ),
    "Bifrost saw the API fall back": (
        {"x-bifrost-routing-info-server-side-fallback-model": OTHER},
        SAME,
        Verdict.FALLBACK,
        OTHER,
    ),
    "Bifrost names another model": ({"x-bifrost-routing-info-model": OTHER}, SAME, Verdict.SUBSTITUTED, OTHER),
    "ngrok, as asked": ({"ngrok-aig-model": ASKED, "ngrok-aig-attempts": "1"}, SAME, Verdict.AS_REQUESTED, ASKED),
    "ngrok names another model": (
        {"ngrok-aig-model": OTHER, "ngrok-aig-attempts": "2"},
        SAME,
        Verdict.SUBSTITUTED,
        OTHER,
    ),
    "OpenRouter, as asked": (
        {},
        message(text("x"), model="anthropic/claude-fable-5.2", provider="Anthropic"),
        Verdict.AS_REQUESTED,
        "anthropic/claude-fable-5.2",
    ),
    "OpenRouter went elsewhere": (
        {},
        message(text("x"), model="openai/gpt-6-astra", provider="OpenAI"),
        Verdict.SUBSTITUTED,
        "openai/gpt-6-astra",
    ),
    "Portkey, first option": (
        {"x-portkey-last-used-option-index": "config.targets[0]"},
        SAME,
        Verdict.AS_REQUESTED,
        ASKED,
    ),
    "Portkey, second option": (
        {"x-portkey-last-used-option-index": "config.targets[1]"},
        SAME,
        Verdict.UNVERIFIED,
        ASKED,
    ),
    "Cloudflare, first step": ({"cf-aig-step": "0"}, SAME, Verdict.AS_REQUESTED, ASKED),
    "Cloudflare, second step": ({"cf-aig-step": "1"}, SAME, Verdict.UNVERIFIED, ASKED),
    "the API's fallback outranks a header": (
        {"x-litellm-model-name": ASKED},
        message(fallback(), text("x"), model=OTHER, usage=FALLBACK_RAN),
        Verdict.FALLBACK,
        OTHER,
    ),
    "a refusal outranks a header": (
        {"x-litellm-attempted-fallbacks": "1"},
        message(stop_reason="refusal"),
        Verdict.REFUSED,
        None,
    ),
}
HOSTS = {"OpenRouter": "openrouter.ai"}


@pytest.mark.parametrize("name", GATEWAYS)
def test_gateways(name: str) -> None:
    headers, body, verdict, served = GATEWAYS[name]
    routing = judged(body, headers, host=HOSTS.get(name.partition(",")[0].partition(" ")[0], "gateway.example"))
    assert (routing.verdict, routing.served_model) == (verdict, served)
    assert {f"headers.{header}" for header in headers} <= {item.field for item in routing.evidence}
    assert routing.category == (
        None if verdict is not Verdict.FALLBACK or headers.get("x-litellm-model-name") != ASKED else "cyber"
    )
    assert any(item.field == "model" for item in routing.evidence)


@pytest.mark.parametrize("name", GATEWAYS)
def test_none_of_them_is_as_requested_where_the_body_names_another(name: str) -> None:
    headers, body, _verdict, _served = GATEWAYS[name]
    routing = judged({**body, "model": THIRD}, headers, host="gateway.example")
    assert routing.verdict is not Verdict.AS_REQUESTED
    assert Evidence("model", THIRD, "weak") in routing.evidence


def test_a_fallback_that_a_header_declares_names_the_header() -> None:
    routing = judged(SAME, {"x-litellm-attempted-fallbacks": "2"})
    assert reasons(routing) == ("declared by x-litellm-attempted-fallbacks",)


def test_foundry_says_nothing_until_the_user_vouches() -> None:
    host = "mine.services.ai.azure.com"
    for model in ("my-deployment", ASKED, OTHER):
        routing = judged(message(text("x"), model=model), host=host)
        assert routing.verdict is Verdict.UNVERIFIED
        assert Evidence("model", model, "none") in routing.evidence
    vouched = {"my-deployment": [ASKED]}
    assert judged(message(model="my-deployment"), host=host, same_models=vouched).verdict is Verdict.AS_REQUESTED
    vouched = {"my-deployment": [OTHER]}
    assert judged(message(model="my-deployment"), host=host, same_models=vouched).verdict is Verdict.SUBSTITUTED


def test_a_private_name_vouched_for() -> None:
    body = message(text("x"), model="our-model")
    assert judged(body, host="gateway.example", same_models={"our-model": [ASKED]}).verdict is Verdict.AS_REQUESTED
    assert judged(body, host="gateway.example", same_models={"our-model": [OTHER]}).verdict is Verdict.SUBSTITUTED


# -- what avow itself did


def refused(*content: Json, model: str = ASKED, **more: Any) -> Attempt:
    body = message(*content, model=model, stop_reason="refusal", **{**DECLINED, **more})
    return Attempt(model, whole(body))


def test_a_client_side_fallback() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, whole(message(text("x"), model=OTHER)))])
    assert (routing.verdict, routing.served_model, routing.category) == (Verdict.FALLBACK, OTHER, "bio")
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [(ASKED, GONE), (OTHER, SERVED)]
    done = {"model": ASKED, "outcome": "declined", "then": OTHER}
    assert Evidence("avow.attempts[0]", done, "strong") in routing.evidence
    assert reasons(routing) == (f"{ASKED} declined: bio",)


def test_each_attempt_says_which_model_was_asked_then() -> None:
    attempts = [refused(), refused(model=THIRD), Attempt(OTHER, whole(message(text("x"), model=OTHER)))]
    evidence = judge(RequestFacts(ASKED), attempts).evidence
    done = [item.value for item in evidence if item.field.startswith("avow.attempts")]
    assert done == [
        {"model": ASKED, "outcome": "declined", "then": THIRD},
        {"model": THIRD, "outcome": "declined", "then": OTHER},
    ]


def test_the_partial_text_of_a_decline_is_withdrawn_or_goes_on() -> None:
    second = Attempt(OTHER, whole(message(text("new"), model=OTHER)))
    anew = judge(RequestFacts(ASKED), [refused(text("half ")), second])
    assert (segments(anew), anew.withdrawn_text) == ([(OTHER, "new")], "half ")
    on = judge(RequestFacts(ASKED), [refused(text("half "))._replace(continued=True), second])
    assert (segments(on), on.withdrawn_text) == ([(ASKED, "half "), (OTHER, "new")], None)


def test_all_of_a_clients_chain_declined() -> None:
    first = refused(text("a"))._replace(continued=True)
    routing = judge(RequestFacts(ASKED), [first, refused(text("b"), model=OTHER)])
    assert (routing.verdict, routing.text, routing.withdrawn_text) == (Verdict.REFUSED, "", "ab")
    assert [hop.outcome for hop in routing.hops] == [GONE, GONE]


def test_an_overloaded_model_then_another() -> None:
    attempts = [Attempt(ASKED, failure=OVERLOADED), Attempt(OTHER, whole(message(text("x"), model=OTHER)))]
    routing = judge(RequestFacts(ASKED), attempts)
    assert routing.verdict is Verdict.FALLBACK
    assert routing.hops[0] == Hop(ASKED, SKIPPED, error=OVERLOADED)
    assert reasons(routing) == (f"{ASKED} skipped: overloaded_error",)


def test_a_client_side_fallback_then_a_server_side_one_are_two_hops() -> None:
    second = Attempt(THIRD, whole(message(fallback(THIRD, OTHER), text("x"), model=OTHER)))
    routing = judge(RequestFacts(ASKED), [Attempt(ASKED, failure=OVERLOADED), second])
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [(ASKED, SKIPPED), (THIRD, GONE), (OTHER, SERVED)]
    assert routing.verdict is Verdict.FALLBACK


def test_a_refusal_stands_where_the_next_model_cannot_be_had() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, failure=OVERLOADED)])
    assert routing.verdict is Verdict.REFUSED
    assert [(hop.model, hop.outcome) for hop in routing.hops] == [(ASKED, GONE), (OTHER, SKIPPED)]


def test_which_model_avow_moved_to_after_a_decline() -> None:
    answered = Attempt(OTHER, whole(message(text("x"), model="echo")))
    assert judge(RequestFacts(ASKED), [refused(), answered]).moved_to == OTHER
    assert judge(RequestFacts(ASKED), [refused(), Attempt(THIRD, failure=OVERLOADED), answered]).moved_to == OTHER
    assert judge(RequestFacts(ASKED), [Attempt(ASKED, failure=OVERLOADED), answered]).moved_to is None, (
        "merely unavailable"
    )
    assert judge(RequestFacts(ASKED), [refused()]).moved_to is None


def test_another_model_than_the_one_avow_moved_to() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, whole(message(text("x"), model=THIRD)))])
    assert routing.verdict is Verdict.SUBSTITUTED


def test_a_cut_answer_after_avow_moved_is_a_fallback() -> None:
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, folded(start(OTHER), *words(0, "a")))])
    assert routing.verdict is Verdict.FALLBACK


def test_a_conversation_that_stays_on_another_model() -> None:
    asked = RequestFacts(ASKED, pin=Pin(OTHER, 3))
    routing = judge(asked, [Attempt(OTHER, whole(message(text("x"), model=OTHER)))])
    assert routing.verdict is Verdict.FALLBACK
    assert Evidence("conversation.pinned", {"model": OTHER, "since_turn": 3}, "strong") in routing.evidence
    assert routing.pin == Pin(OTHER, 3)
    assert reasons(routing) == (f"this conversation stays on {OTHER} since turn 3",)


# -- properties

NAMING = ("model", "from", "to", "message", "fallback_message")


def names_another(found: Message) -> bool:
    return any(name.kind in NAMING and compare(ASKED, name.model) is Identity.DIFFERENT for name in found.named)


@given(messages, st.booleans())
def test_nothing_that_names_another_model_is_as_requested(body: Json, streamed: bool) -> None:
    found = folded(*as_events(body)) if streamed else whole(body)
    routing = judged(found)
    if names_another(found):
        assert routing.verdict is not Verdict.AS_REQUESTED
    if routing.verdict is Verdict.AS_REQUESTED:
        assert compare(ASKED, routing.served_model) is Identity.SAME


loose = st.one_of(
    st.builds(start, models | st.none()),
    st.builds(
        lambda index, pieces: words(index, *pieces), st.integers(0, 2), st.lists(st.text(max_size=3), max_size=2)
    ).map(lambda e: e[0]),
    st.builds(
        lambda index, source, target: block(index, fallback(source, target))[0], st.integers(0, 2), models, models
    ),
    st.builds(lambda reason, runs: end(reason, runs)[0], st.sampled_from(["end_turn", None]), iterations),
    st.builds(lambda model: {"type": "message_delta", "delta": {"model": model, "stop_reason": "end_turn"}}, models),
    st.just({"type": "ping"}),
)


@given(st.lists(loose, max_size=8), st.booleans())
def test_nor_does_any_sequence_of_events(events: list[Json], stopped: bool) -> None:
    found = fold(
        decode(json.dumps(event).encode()) for event in [*events, *([{"type": "message_stop"}] if stopped else [])]
    )
    if found is None:
        return
    routing = judged(found)
    named = [value for event in events for value in _named_in(event) if compare(ASKED, value) is Identity.DIFFERENT]
    if named or not stopped:
        assert routing.verdict is not Verdict.AS_REQUESTED
    assert routing.text == found.text or routing.verdict is Verdict.REFUSED


def _named_in(event: Json) -> list[str]:
    """The models an event names, read by hand."""
    inner = event.get("message") or event.get("delta") or event.get("content_block") or {}
    sides = [inner.get(side, {}).get("model") for side in ("from", "to")]
    runs = (event.get("usage") or {}).get("iterations") or []
    ran_by = [run.get("model") for run in runs if run["type"] in ("message", "fallback_message")]
    return [value for value in (inner.get("model"), *sides, *ran_by) if value]


@given(messages, st.booleans())
def test_segments_are_the_text_and_withdrawn_text_is_not_in_it(body: Json, streamed: bool) -> None:
    found = folded(*as_events(body)) if streamed else whole(body)
    routing = judged(found)
    joined = "".join(segment.text for segment in routing.segments)
    assert joined == routing.text
    assert joined + (routing.withdrawn_text or "") == found.text
    if body["stop_reason"] == "refusal":
        assert (routing.verdict, routing.text, routing.served_model) == (Verdict.REFUSED, "", None)
    assert all(a.model != b.model for a, b in zip(routing.segments, routing.segments[1:], strict=False))


@given(messages)
def test_streamed_and_whole_are_judged_alike(body: Json) -> None:
    streamed, at_once = judged(folded(*as_events(body))), judged(body)
    assert streamed._replace(evidence=()) == at_once._replace(evidence=())


@given(messages, st.integers(0))
def test_what_is_not_whole_is_never_as_requested_or_refused(body: Json, length: int) -> None:
    events = as_events(body)
    found = folded(*events[: 1 + length % (len(events) - 1)])
    assert not found.whole
    assert judged(found).verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED, Verdict.UNVERIFIED)


def test_the_apis_own_host_is_where_nothing_else_is_said() -> None:
    assert RequestFacts(ASKED).host == API_HOST
    assert Segment(None, "").model is None


GATEWAY = "gateway.example"


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
        (["message", "message", "fallback_message"], [None, None, OTHER], [10, 5]),
        (["fallback_message", "fallback_message", "fallback_message"], [None, None, OTHER], [10, 5]),
    ],
)
def test_runs_in_a_row_by_one_model_are_one_hop(kinds: list[str], models: list[str | None], tokens: list[int]) -> None:
    entries = [iteration(kind, model) for kind, model in zip(kinds, models, strict=True)]
    hops = judged(message(text("x"), model=OTHER, usage=ran(*entries))).hops
    assert [hop.usage and hop.usage["output_tokens"] for hop in hops] == tokens


def test_a_message_that_begins_again_under_another_name_proves_nothing() -> None:
    routing = judged(folded(start(), *words(0, "a"), start(OTHER), *words(0, "b"), *end()))
    assert (routing.verdict, routing.served_model) == (Verdict.UNVERIFIED, None)
    assert routing.segments == (Segment(ASKED, "a"), Segment(OTHER, "b"))
    assert [hop.model for hop in routing.hops] == [None]


def test_under_another_spelling_of_the_same_name_it_goes_on() -> None:
    routing = judged(folded(start(), *words(0, "a"), start(f"{ASKED}-20260901"), *words(0, "b"), *end()))
    assert (routing.verdict, routing.text) == (Verdict.AS_REQUESTED, "ab")


@pytest.mark.parametrize("header", ["x-litellm-model-group", "x-bifrost-routing-info-primary-model"])
def test_a_route_that_repeats_the_request_names_no_model(header: str) -> None:
    routing = judged(message(text("x"), model=None), {header: ASKED}, host=GATEWAY)
    assert (routing.verdict, routing.strength) == (Verdict.UNVERIFIED, "none")


@pytest.mark.parametrize(("reason", "verdict"), [("content_filter", Verdict.REFUSED), ("mood", Verdict.AS_REQUESTED)])
def test_stop_reasons_of_gateways(reason: str, verdict: Verdict) -> None:
    assert judged(message(text("x"), stop_reason=reason)).verdict is verdict


@pytest.mark.parametrize(
    ("name", "host", "verdict"),
    [
        (OTHER, GATEWAY, Verdict.UNVERIFIED),
        (OTHER, API_HOST, Verdict.AS_REQUESTED),
        (ASKED, GATEWAY, Verdict.AS_REQUESTED),
        ("some-private-name", GATEWAY, Verdict.AS_REQUESTED),
    ],
)
def test_a_signature_by_another_model_contradicts_the_name(name: str, host: str, verdict: Verdict) -> None:
    routing = judged(message(signed(name), text("x")), host=host)
    assert routing.verdict is verdict
    assert Evidence("content[0].signature", name, "weak") in routing.evidence


def test_a_signature_after_a_hand_over_is_held_against_its_own_model() -> None:
    body = message(fallback(), signed(OTHER), text("x"), usage=FALLBACK_RAN)
    assert judged(body, host=GATEWAY).verdict is Verdict.FALLBACK


def test_what_the_user_vouches_for_shows_as_evidence() -> None:
    routing = judged(message(text("x"), model="mine"), same_models={"mine": [ASKED]}, host=GATEWAY)
    assert routing.verdict is Verdict.AS_REQUESTED
    assert Evidence("same_models", {"requested": ASKED, "named": "mine"}, "weak") in routing.evidence
    overruled = judged(message(text("x"), model=OTHER), same_models={OTHER: [ASKED]}, host=GATEWAY)
    assert overruled.verdict is Verdict.AS_REQUESTED


@pytest.mark.parametrize(
    ("body", "headers", "host", "strength"),
    [
        (message(text("x")), {}, API_HOST, "strong"),
        (message(text("x")), {}, GATEWAY, "weak"),
        (message(text("x")), {"x-litellm-model-name": ASKED}, GATEWAY, "strong"),
        (message(text("x")), {"x-litellm-model-group": ASKED}, GATEWAY, "weak"),
        (message(text("x"), usage=FALLBACK_RAN), {}, GATEWAY, "strong"),
        (message(fallback(), text("x")), {}, GATEWAY, "strong"),
        (message(text("x"), model=None), {}, API_HOST, "none"),
        (message(text("x")), {}, "mine.services.ai.azure.com", "none"),
    ],
)
def test_the_strength_is_that_of_the_strongest_that_names_who_answered(
    body: Json, headers: dict[str, str], host: str, strength: str
) -> None:
    assert judged(body, headers, host=host).strength == strength


@pytest.mark.parametrize(
    ("field", "body", "headers"),
    [
        ("model", message(text("x"), model=OTHER), {}),
        ("content[0].to.model", message(fallback(), text("x")), {}),
        ("content[0].from.model", message(fallback(OTHER, ASKED), text("x")), {}),
        ("usage.iterations[0].model", message(text("x"), usage=ran(iteration("message", OTHER))), {}),
        ("usage.iterations[1].type", message(text("x"), usage=FALLBACK_RAN), {}),
        ("usage.iterations[1].model", message(text("x"), usage=FALLBACK_RAN), {}),
        ("stop_reason", message(text("x"), stop_reason="refusal"), {}),
        ("content[0].signature", message(signed(OTHER), text("x")), {}),
        *(
            (f"headers.{name}", message(text("x")), {name: value})
            for name, value in {
                "x-litellm-model-name": OTHER,
                "x-litellm-attempted-fallbacks": "1",
                "x-litellm-model-group": OTHER,
                "x-bifrost-routing-info-model": OTHER,
                "x-bifrost-routing-info-is-fallback": "true",
                "x-bifrost-routing-info-primary-model": OTHER,
                "x-bifrost-routing-info-server-side-fallback-model": OTHER,
                "x-bifrost-fallback-index": "1",
                "x-bifrost-resolved-model": OTHER,
                "x-bifrost-original-model": OTHER,
                "ngrok-aig-model": OTHER,
                "x-kong-llm-model": OTHER,
                "x-portkey-last-used-option-index": "config.targets[1]",
                "cf-aig-step": "1",
            }.items()
        ),
        (
            "openrouter_metadata",
            message(text("x"), openrouter_metadata={"endpoints": {"available": [{"model": OTHER, "selected": True}]}}),
            {},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_all_that_is_called_evidence_can_change_a_verdict(field: str, body: Json, headers: dict[str, str]) -> None:
    routing = judged(body, headers, host=GATEWAY)
    assert field in {item.field for item in routing.evidence}
    assert judged(message(text("x")), host=GATEWAY).verdict is Verdict.AS_REQUESTED
    assert routing.verdict is not Verdict.AS_REQUESTED


def test_no_strong_evidence_is_left_out_of_that_list() -> None:
    """A header that is strong decides something: a name, a route, or that it fell back."""
    headers = dict.fromkeys((*gateways._NAMES, *gateways._COUNTS, *gateways._FLAGS, *gateways._TARGETS), "1")
    headers |= dict.fromkeys((*gateways._OPTIONS, *gateways._ROUTES, *gateways._NOTES), "1")
    for said in gateways.statements_in(headers, {}):
        takes_part = said.model or said.route or said.fallback
        assert bool(takes_part) or said.strength == "weak", said.field


def test_a_model_that_avow_moved_to_hands_back_to_the_requested_one() -> None:
    """All names are the requested model's; but avow moved, so it did not answer of itself."""
    second = Attempt(OTHER, whole(message(fallback(OTHER, ASKED), text("x"), model=ASKED)))
    assert judge(RequestFacts(ASKED), [refused(), second]).verdict is Verdict.FALLBACK


def test_what_was_tried_after_the_answer_is_no_step_towards_it() -> None:
    """A refusal stands; the model that was asked after it cannot be had."""
    routing = judge(RequestFacts(ASKED), [refused(), Attempt(OTHER, failure=OVERLOADED)])
    assert [piece.field for piece in routing.evidence if piece.field.startswith("avow.")] == []


def test_an_attempt_by_the_requested_model_is_no_evidence_against_it() -> None:
    usage = {"iterations": [iteration("message", ASKED), iteration("message", OTHER)]}
    named = [piece for piece in judged(message(text("x"), usage=usage)).evidence if "iterations" in piece.field]
    assert [piece.value for piece in named] == [OTHER]


NAMED_RULES = re.compile(r"[Rr]ules? ([0-9]+(?:(?:, | and )[0-9]+)*)")


def test_each_rule_is_named_where_it_is_carried_out() -> None:
    root = Path(routing.__file__).parents[1]
    texts = [path.read_text() for path in root.rglob("*.py") if path != Path(routing.__file__)]
    named = {number for text in texts for rules in NAMED_RULES.findall(text) for number in re.findall(r"[0-9]+", rules)}
    listed = re.findall(r"^([0-9]+)\. ", routing.__doc__ or "", re.MULTILINE)
    assert listed == [str(number) for number in range(1, 18)]
    assert set(listed) <= named
