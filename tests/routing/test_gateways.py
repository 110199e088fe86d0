"""What gateways say about the model behind them."""

import pytest

from avow.routing.gateways import GatewayStatement as Said
from avow.routing.gateways import declares_fallback, names_may_be_rewritten, statements_in, strength_of_name

HEADERS: dict[str, tuple[dict[str, str], Said]] = {
    "LiteLLM's model": (
        {"x-litellm-model-name": "anthropic/claude-opus-5"},
        Said("headers.x-litellm-model-name", "anthropic/claude-opus-5", "strong", model="anthropic/claude-opus-5"),
    ),
    "LiteLLM's group": (
        {"x-litellm-model-group": "prod"},
        Said("headers.x-litellm-model-group", "prod", "strong", route="prod"),
    ),
    "LiteLLM counts none": (
        {"x-litellm-attempted-fallbacks": "0"},
        Said("headers.x-litellm-attempted-fallbacks", "0", "strong"),
    ),
    "LiteLLM counts one": (
        {"x-litellm-attempted-fallbacks": "1"},
        Said("headers.x-litellm-attempted-fallbacks", "1", "strong", fallback=True),
    ),
    "LiteLLM counts twice": (
        {"x-litellm-attempted-fallbacks": "0, 2"},
        Said("headers.x-litellm-attempted-fallbacks", "0, 2", "strong", fallback=True),
    ),
    "Bifrost's model": (
        {"x-bifrost-routing-info-model": "m"},
        Said("headers.x-bifrost-routing-info-model", "m", "strong", model="m"),
    ),
    "Bifrost's first choice": (
        {"x-bifrost-routing-info-primary-model": "m"},
        Said("headers.x-bifrost-routing-info-primary-model", "m", "strong", route="m"),
    ),
    "Bifrost did not fall back": (
        {"x-bifrost-routing-info-is-fallback": "false"},
        Said("headers.x-bifrost-routing-info-is-fallback", "false", "strong"),
    ),
    "Bifrost fell back": (
        {"x-bifrost-routing-info-is-fallback": "True"},
        Said("headers.x-bifrost-routing-info-is-fallback", "True", "strong", fallback=True),
    ),
    "Bifrost fell back, in other words": (
        {"x-bifrost-routing-info-is-fallback": "no, yes"},
        Said("headers.x-bifrost-routing-info-is-fallback", "no, yes", "strong", fallback=True),
    ),
    "Bifrost saw the API fall back": (
        {"x-bifrost-routing-info-server-side-fallback-model": "m"},
        Said("headers.x-bifrost-routing-info-server-side-fallback-model", "m", "strong", model="m", fallback=True),
    ),
    "ngrok's model": ({"ngrok-aig-model": "m"}, Said("headers.ngrok-aig-model", "m", "strong", model="m")),
    "ngrok's attempts": ({"ngrok-aig-attempts": "2"}, Said("headers.ngrok-aig-attempts", "2", "weak")),
    "Kong's model": ({"x-kong-llm-model": "m"}, Said("headers.x-kong-llm-model", "m", "strong", model="m")),
    "Bifrost's older model": (
        {"x-bifrost-resolved-model": "m"},
        Said("headers.x-bifrost-resolved-model", "m", "strong", model="m"),
    ),
    "Bifrost's older request": (
        {"x-bifrost-original-model": "m"},
        Said("headers.x-bifrost-original-model", "m", "strong", route="m"),
    ),
    "Bifrost's older fallback": (
        {"x-bifrost-fallback-index": "1"},
        Said("headers.x-bifrost-fallback-index", "1", "strong", fallback=True),
    ),
    "Bifrost's older first choice": (
        {"x-bifrost-fallback-index": "0"},
        Said("headers.x-bifrost-fallback-index", "0", "strong"),
    ),
    "Portkey's first option": (
        {"x-portkey-last-used-option-index": "config.targets[0]"},
        Said("headers.x-portkey-last-used-option-index", "config.targets[0]", "weak"),
    ),
    "Portkey's second option": (
        {"x-portkey-last-used-option-index": "config.targets[1]"},
        Said("headers.x-portkey-last-used-option-index", "config.targets[1]", "weak", other_option=True),
    ),
    "Portkey's option as a number": (
        {"x-portkey-last-used-option-index": "2"},
        Said("headers.x-portkey-last-used-option-index", "2", "weak", other_option=True),
    ),
    "Cloudflare's first step": ({"cf-aig-step": "0"}, Said("headers.cf-aig-step", "0", "weak")),
    "Cloudflare's second step": ({"cf-aig-step": "1"}, Said("headers.cf-aig-step", "1", "weak", other_option=True)),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(name: str) -> None:
    headers, statement = HEADERS[name]
    assert statements_in({**headers, "content-type": "application/json"}, {}) == (statement,)
    assert declares_fallback(statement.field, statement.value) is statement.fallback


def test_an_empty_header_and_the_apis_own_say_nothing() -> None:
    assert statements_in({"x-litellm-model-name": "  ", "request-id": "req_1"}, {"model": "m", "content": []}) == ()


def test_fields_of_openrouter() -> None:
    body = {"model": "anthropic/claude-opus-5", "provider": "Anthropic", "openrouter_metadata": {"attempt": 1}}
    assert statements_in({}, body) == (
        Said("provider", "Anthropic", "weak"),
        Said("openrouter_metadata", {"attempt": 1}, "weak"),
    )


def test_the_endpoint_that_openrouter_selected_names_the_model() -> None:
    taken = {"provider": "Anthropic", "model": "anthropic/claude-opus-5", "selected": True}
    passed_over = {"provider": "Google", "model": "anthropic/claude-opus-4.8", "selected": False}
    metadata = {"attempt": 2, "endpoints": {"total": 2, "available": [passed_over, taken]}}
    assert statements_in({}, {"openrouter_metadata": metadata}) == (
        Said("openrouter_metadata", metadata, "strong", "anthropic/claude-opus-5"),
    )


@pytest.mark.parametrize(
    ("model", "strength", "name"),
    [({"id": "x"}, "strong", '{"id": "x"}'), (7, "strong", "7"), ("", "weak", None), (None, "weak", None)],
)
def test_a_name_that_openrouter_gives_in_another_shape_is_one_that_nobody_can_read(
    model: object, strength: str, name: str | None
) -> None:
    metadata = {"endpoints": {"available": [{"model": model, "selected": True}]}}
    assert statements_in({}, {"openrouter_metadata": metadata}) == (
        Said("openrouter_metadata", metadata, strength, name),
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", "1"), ("headers.x-litellm-attempted-fallbacks", 1), ("x-litellm-attempted-fallbacks", "1")],
)
def test_only_a_header_declares_a_fallback(field: str, value: object) -> None:
    assert not declares_fallback(field, value)


@pytest.mark.parametrize(
    ("host", "strength"),
    [
        ("api.anthropic.com", "strong"),
        ("gateway.example", "weak"),
        ("eu.api.anthropic.com", "weak"),
        ("openrouter.ai", "strong"),
        ("eu.openrouter.ai", "strong"),
        ("notopenrouter.ai", "weak"),
        ("mine.services.ai.azure.com", "none"),
        ("services.ai.azure.com.evil.example", "weak"),
    ],
)
def test_what_a_name_is_worth(host: str, strength: str) -> None:
    assert strength_of_name(host) == strength


def test_names_are_the_apis_own_only_there() -> None:
    assert not names_may_be_rewritten("api.anthropic.com")
    assert names_may_be_rewritten("api.anthropic.com.evil.example")
    assert names_may_be_rewritten("127.0.0.1")
