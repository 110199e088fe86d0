"""Requests the API refuses, and those it takes: each with the words it says."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.simulator.conftest import CREDIT, FALLBACK, ask, body, send

Start = Callable[..., Simulator]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


def shaped(schema: Any) -> Any:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


REFUSED: dict[str, tuple[Any, str, str]] = {
    "unknown field": ({"colour": "red"}, "", "colour: Extra inputs are not permitted"),
    "fallbacks without beta": ({"fallbacks": "default"}, "", "fallbacks: Extra inputs are not permitted"),
    "fallbacks with the other beta": (
        {"fallbacks": "default"}, CREDIT, "fallbacks: Extra inputs are not permitted"),
    "safeguards without beta": ({"safeguards": []}, "", "safeguards: Extra inputs are not permitted"),
    "token without beta": ({"fallback_credit_token": "t"}, "", "fallback_credit_token: Extra inputs"),
    "unknown beta": (
        {}, "shiny-2027-01-01", "Unexpected value(s) `shiny-2027-01-01` for the `anthropic-beta` header."),
    "temperature": ({"temperature": 1}, "", "temperature: Extra inputs are not permitted"),
    "top_p": ({"top_p": 0.5}, "", "top_p: Extra inputs are not permitted"),
    "top_k": ({"top_k": 5}, "", "top_k: Extra inputs are not permitted"),
    "no model": ({"model": None}, "", "model: Input should be a valid string"),
    "empty model": ({"model": ""}, "", "model: String should have at least 1 character"),
    "max_tokens too large": ({"max_tokens": 128_001}, "", "max_tokens: 128001 > 128000"),
    "max_tokens beyond an old model": ({"model": "claude-haiku-4-5", "max_tokens": 64_001}, "", "64001 > 64000"),
    "max_tokens as text": ({"max_tokens": "many"}, "", "max_tokens: Input should be a valid integer"),
    "max_tokens below zero": ({"max_tokens": -1}, "", "max_tokens: Input should be greater than or equal to 0"),
    "max_tokens zero in a stream": ({"max_tokens": 0, "stream": True}, "", "max_tokens: 0 is not supported"),
    "stream as text": ({"stream": "yes"}, "", "stream: Input should be a valid boolean"),
    "blank stop sequence": ({"stop_sequences": ["\n"]}, "", "stop_sequences.0: each stop sequence"),
    "stop sequences as text": ({"stop_sequences": "x"}, "", "stop_sequences: Input should be a valid list"),
    "speed": ({"speed": "warp"}, "", "speed: Input should be 'standard' or 'fast'"),
    "service tier": ({"service_tier": "gold"}, "", "service_tier: Input should be"),
    "metadata as text": ({"metadata": "me"}, "", "metadata: Input should be an object"),
    "no thinking budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 2048}}, "", '"thinking.type.enabled" is not'),
    "thinking cannot be off": ({"thinking": {"type": "disabled"}}, "", '"thinking.type.disabled" is not supported'),
    "adaptive on an old model": (
        {"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}}, "", "adaptive thinking is not supported"),
    "small budget": (
        {"model": "claude-haiku-4-5", "thinking": {"type": "enabled", "budget_tokens": 5}}, "", "equal to 1024"),
    "budget over max_tokens": (
        {"model": "claude-haiku-4-5", "thinking": {"type": "enabled", "budget_tokens": 5000}}, "",
        "`max_tokens` must be"),
    "display": (
        {"thinking": {"type": "adaptive", "display": "loud"}}, "", "thinking.adaptive.display: Input should"),
    "block_binding without beta": (
        {"thinking": {"type": "adaptive", "block_binding": {}}}, "", "thinking.block_binding: Extra inputs"),
    "effort": ({"output_config": {"effort": "huge"}}, "", "output_config.effort: Input should be 'low'"),
    "effort on a model without": (
        {"model": "claude-haiku-4-5", "output_config": {"effort": "low"}}, "", "does not support the effort parameter"),
    "effort level of another model": (
        {"model": "claude-opus-4-6", "output_config": {"effort": "xhigh"}}, "",
        "does not support effort level 'xhigh'"),
    "output_config key": ({"output_config": {"style": 1}}, "", "output_config.style: Extra inputs"),
    "open schema": (
        shaped({"type": "object", "properties": {}}), "", "'additionalProperties' must be explicitly set"),
    "open schema inside": (
        shaped(SCHEMA | {"properties": {"n": {"type": "array", "items": {"type": "object"}}}}), "", "explicitly set"),
    "schema with minimum": (
        shaped(SCHEMA | {"properties": {"n": {"type": "integer", "minimum": 1}}}), "", "'minimum' is not supported"),
    "format of another type": ({"output_config": {"format": {"type": "xml"}}}, "", "format.type: Input should be"),
    "forced tool": (
        {"tools": [{"name": "t", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}, "",
        'type "tool" and "any" are not supported'),
    "tool without schema": ({"tools": [{"name": "t"}]}, "", "tools.0.custom.input_schema: Field required"),
    "fallbacks empty": ({"fallbacks": []}, FALLBACK, "fallbacks: Input should be 'default' or a list"),
    "four fallbacks": ({"fallbacks": [{"model": name} for name in "abcd"]}, FALLBACK, "at most 3 items"),
    "fallback twice": (
        {"fallbacks": [{"model": "a"}, {"model": "a"}]}, FALLBACK, "fallbacks.1.model: 'a' may be named"),
    "fallback to itself": ({"fallbacks": [{"model": "claude-fable-5-2"}]}, FALLBACK, "may be named only once"),
    "fallback as text": ({"fallbacks": ["claude-opus-5"]}, FALLBACK, "fallbacks.0.model: Field required"),
    "fallback override": (
        {"fallbacks": [{"model": "a", "system": "x"}]}, FALLBACK, "fallbacks.0.system: Extra inputs"),
    "fallback list where none is offered": (
        {"model": "claude-sonnet-5", "fallbacks": [{"model": "claude-opus-4-8"}]}, FALLBACK,
        "'claude-sonnet-5' does not support the `fallbacks` parameter."),
    "token and fallbacks": (
        {"fallback_credit_token": "t", "fallbacks": "default"}, f"{FALLBACK},{CREDIT}", "may not be combined"),
    "token of another kind": ({"fallback_credit_token": 7}, CREDIT, "fallback_credit_token: Input should be"),
    "unknown token": ({"fallback_credit_token": "fct_x"}, CREDIT, "cannot be redeemed (expired)"),
}  # fmt: skip


@pytest.fixture(scope="module")
def sim() -> Any:
    with Simulator() as running:
        yield running


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, sim: Simulator) -> None:
    more, betas, words = REFUSED[case]
    answer = ask(sim, body(**more), betas=betas)
    assert answer.status == 400
    assert answer.json["type"] == "error"
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["request_id"] == answer.headers["request-id"]
    assert words in answer.message


ACCEPTED: dict[str, tuple[Any, str, str]] = {
    "plain": ({}, "", "2026-10-21"),
    "older version with temperature": ({"model": "claude-haiku-4-5", "temperature": 0.2}, "", "2023-06-01"),
    "fallbacks": ({"fallbacks": "default"}, FALLBACK, "2026-10-21"),
    "fallbacks as null": ({"fallbacks": None}, FALLBACK, "2026-10-21"),
    "what Claude Code's auto mode sends": (
        {"safeguards": [{"type": "dangerous_tool_use"}]},
        "afk-mode-2026-01-31,dangerous-tool-use-2026-09-03",
        "2023-06-01",
    ),
    "three fallbacks": ({"fallbacks": [{"model": name} for name in "abc"]}, FALLBACK, "2026-10-21"),
    "overrides": (
        {"fallbacks": [{"model": "a", "max_tokens": 5, "output_config": {"effort": "low"}}]}, FALLBACK, "2026-10-21"),
    "unknown token, best effort": (
        {"fallback_credit_token": {"token": "fct_x", "mode": "best_effort"}}, CREDIT, "2026-10-21"),
    "summarised thinking": ({"thinking": {"type": "adaptive", "display": "summarized"}}, "", "2026-10-21"),
    "budget": (
        {"model": "claude-haiku-4-5", "thinking": {"type": "enabled", "budget_tokens": 1024}}, "", "2026-10-21"),
    "prefill on an old model": (
        {"model": "claude-haiku-4-5",
         "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        "", "2026-10-21"),
    "schema": (shaped(SCHEMA), "", "2026-10-21"),
    "a model of the user's own": ({"model": "my-alias", "fallbacks": [{"model": "b"}]}, FALLBACK, "2026-10-21"),
    "everything else": (
        {"system": "be brief", "stop_sequences": ["END"], "metadata": {"user_id": "u"}, "speed": "fast",
         "service_tier": "auto", "cache_control": {"type": "ephemeral"}, "output_config": {"effort": "max"},
         "tools": [{"name": "t", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"}},
        "", "2026-10-21"),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(case: str, sim: Simulator) -> None:
    more, betas, version = ACCEPTED[case]
    answer = ask(sim, body(**more), betas=betas, anthropic_version=version)
    assert answer.status == 200, answer.body


def test_temperature_on_a_new_model_needs_its_default(sim: Simulator) -> None:
    assert ask(sim, body(temperature=0.2), anthropic_version="2023-06-01").status == 400
    assert ask(sim, body(temperature=1), anthropic_version="2023-06-01").status == 200


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 50_000, b"[" * 100_000])
def test_what_is_no_json_object(raw: bytes, sim: Simulator) -> None:
    answer = send(sim, "POST", "/v1/messages", raw, {"x-api-key": "k", "anthropic-version": "2026-10-21"})
    assert answer.status == 400
    assert "JSON" in answer.message


@pytest.mark.parametrize("depth", [50, 300, 600, 900, 950, 970, 980, 990, 1000, 100_000])
@pytest.mark.parametrize("field", ["system", "output_config", "tools"])
def test_deep_nesting_is_answered(field: str, depth: int, sim: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    nested = b"[" * depth + b"]" * depth
    if field == "output_config":
        nested = b'{"format":{"type":"json_schema","schema":{"allOf":' + nested + b"}}}"
    if field == "tools":
        nested = b'[{"name":"t","input_schema":{"x":' + nested + b"}}]"
    raw = json.dumps(body()).encode()[:-1] + b',"%b":%b}' % (field.encode(), nested)
    answer = send(sim, "POST", "/v1/messages", raw, {"x-api-key": "k", "anthropic-version": "2026-10-21"})
    assert answer.status in (200, 400)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["model", "max_tokens", "messages"])
def test_required_fields(name: str, sim: Simulator) -> None:
    request = body()
    del request[name]
    assert ask(sim, request).message == f"{name}: Field required"


@pytest.mark.parametrize("name", ["max_tokens", "stream", "fallbacks", "metadata", "stop_sequences", "service_tier"])
def test_counting_takes_fewer_fields(name: str, sim: Simulator) -> None:
    request = {key: value for key, value in body().items() if key != "max_tokens"}
    path = "/v1/messages/count_tokens"
    assert ask(sim, request, path=path).json["input_tokens"] > 0
    answer = ask(sim, request | {name: 1}, betas=FALLBACK, path=path)
    assert answer.message == f"{name}: Extra inputs are not permitted"


def test_more_than_32_mb(sim: Simulator) -> None:
    answer = ask(sim, body("x" * (33 * 1024 * 1024)))
    assert answer.status == 413
    assert answer.json["error"]["type"] == "request_too_large"
    assert "request-id" not in answer.headers


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("no_fallbacks", "'claude-fable-5-2' does not support the `fallbacks` parameter."),
        ("no_fallbacks_field", "fallbacks: Extra inputs are not permitted"),
        (
            "no_fallbacks_header",
            "Unexpected value(s) `server-side-fallback-2026-07-01` for the `anthropic-beta` header.",
        ),
    ],
)
def test_endpoints_without_fallbacks(scenario: str, words: str, simulate: Start) -> None:
    sim = simulate(scenario)
    assert ask(sim, body(fallbacks="default"), betas=FALLBACK).message == words
    assert ask(sim, body()).status == 200
