"""What counts as evidence for a verdict, and how strong it is."""

import pytest

from avow.routing import gateways
from avow.routing.verdict import Evidence, Verdict
from avow.wire.api import API_HOST
from tests.routing.judging import FALLBACK_RAN, GATEWAY, judged, ran
from tests.streams import (
    ASKED,
    OTHER,
    Json,
    fallback,
    iteration,
    message,
    text,
)
from tests.wire.test_signature import signed


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


def test_an_attempt_by_the_requested_model_is_no_evidence_against_it() -> None:
    usage = {"iterations": [iteration("message", ASKED), iteration("message", OTHER)]}
    named = [piece for piece in judged(message(text("x"), usage=usage)).evidence if "iterations" in piece.field]
    assert [piece.value for piece in named] == [OTHER]
