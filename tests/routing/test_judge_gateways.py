"""The verdict where a gateway says who answered: headers and fields, alone and against what the body says."""

import pytest

from avow.routing.verdict import Evidence, Verdict, reasons
from tests.routing.judging import FALLBACK_RAN, GATEWAY, SAME, judged
from tests.streams import (
    ASKED,
    OTHER,
    THIRD,
    Json,
    fallback,
    message,
    text,
)

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


@pytest.mark.parametrize("header", ["x-litellm-model-group", "x-bifrost-routing-info-primary-model"])
def test_a_route_that_repeats_the_request_names_no_model(header: str) -> None:
    routing = judged(message(text("x"), model=None), {header: ASKED}, host=GATEWAY)
    assert (routing.verdict, routing.strength) == (Verdict.UNVERIFIED, "none")


@pytest.mark.parametrize(("reason", "verdict"), [("content_filter", Verdict.REFUSED), ("mood", Verdict.AS_REQUESTED)])
def test_stop_reasons_of_gateways(reason: str, verdict: Verdict) -> None:
    assert judged(message(text("x"), stop_reason=reason)).verdict is verdict
