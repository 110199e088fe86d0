"""Which gateway it is, and what may be expected of it."""

import pytest

from avow.routing.gateways import HEARD, statements_in, strength_of_name
from avow.routing.known_gateways import GATEWAYS, Fallbacks, advice, evidence_words, known, table

BY_NAME = {gateway.name: gateway for gateway in GATEWAYS}


@pytest.mark.parametrize(
    ("host", "headers", "name"),
    [
        ("api.anthropic.com", [], "Claude API"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", [], "Bedrock"),
        ("bedrock-mantle.us-east-1.api.aws", [], "Bedrock"),
        ("aws-external-anthropic.us-east-1.api.aws", [], None),
        ("team.services.ai.azure.com", [], "Foundry"),
        ("openrouter.ai", [], "OpenRouter"),
        ("openrouter.ai.example", [], None),
        ("gw.example", ["X-LiteLLM-Version"], "LiteLLM"),
        ("gw.example", ["headers.x-bifrost-fallback-index"], "Bifrost"),
        ("gw.example", ["date", "cf-ray"], None),
    ],
)
def test_a_gateway_is_known_by_its_host_or_its_headers(host: str, headers: list[str], name: str | None) -> None:
    found = known(host, headers)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
def test_the_advice_is_given_where_the_field_does_not_work(gateway: object) -> None:
    assert isinstance(gateway, type(GATEWAYS[0]))
    said = advice(gateway)
    words = {
        Fallbacks.TAKEN: "takes `fallbacks` for a setting of its own and does not pass it on",
        Fallbacks.REFUSED: "does not take `fallbacks`",
    }
    does = words.get(gateway.fallbacks)
    assert said == (does and f"{gateway.name} {does}; `--fallback-by client` works there")


def test_nothing_is_advised_where_nobody_is_known() -> None:
    assert advice(None) is None


def test_every_header_that_is_heard_stands_with_its_strength_at_one_gateway() -> None:
    listed = [pair for gateway in GATEWAYS for pair in gateway.evidence if pair[0] not in ("model", *gateway.body)]
    assert sorted(listed) == sorted(HEARD)
    for name, strength in HEARD:
        (said,) = statements_in({name: "1"}, {})
        assert (said.field, said.strength) == (f"headers.{name}", strength)


@pytest.mark.parametrize("gateway", [one for one in GATEWAYS if one.domains], ids=lambda gateway: gateway.name)
def test_what_the_name_is_worth_is_what_the_verdict_takes_it_for(gateway: object) -> None:
    assert isinstance(gateway, type(GATEWAYS[0]))
    assert {dict(gateway.evidence)["model"]} == {strength_of_name(domain) for domain in gateway.domains}


def test_the_words_are_made_of_the_evidence() -> None:
    assert evidence_words(BY_NAME["Kong"]) == "strong: x-kong-llm-model; weak: model"
    assert dict(table())["Kong"] == "fallbacks: not known\nstrong: x-kong-llm-model\nweak: model"
    assert [name for name, _words in table()] == list(BY_NAME)
