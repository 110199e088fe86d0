"""What settings become in a request: the endpoint, the body's fields, and who may answer."""

import time
from pathlib import Path
from typing import Any

import pytest

from avow.asking import request_fields
from avow.context import Context, from_process
from avow.exchange.attempts import Limits
from avow.exchange.chain import Policy
from avow.models import catalogue


@pytest.fixture
def context(home: Path) -> Context:
    return from_process()


FIELDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nothing said", {}, {"max_tokens": 64_000, "fallbacks": "default"}),
    ("whole", {"stream": False}, {"max_tokens": 16_000, "fallbacks": "default"}),
    ("a limit of one's own", {"max_tokens": 9}, {"max_tokens": 9, "fallbacks": "default"}),
    ("a model's smaller maximum", {"model": "haiku"}, {"max_tokens": 64_000, "fallbacks": "default"}),
    ("no fallback", {"fallback": "none"}, {"max_tokens": 64_000}),
    ("avow falls back itself", {"fallback_by": "client"}, {"max_tokens": 64_000}),
    (
        "models named",
        {"fallback": ("claude-opus-4-8", "claude-opus-5")},
        {"max_tokens": 64_000, "fallbacks": [{"model": "claude-opus-4-8"}, {"model": "claude-opus-5"}]},
    ),
    ("a system prompt", {"fallback": "none", "system": "Be brief."}, {"max_tokens": 64_000, "system": "Be brief."}),
    ("effort", {"fallback": "none", "effort": "low"}, {"max_tokens": 64_000, "output_config": {"effort": "low"}}),
    ("stops", {"fallback": "none", "stop": ("a", "b")}, {"max_tokens": 64_000, "stop_sequences": ["a", "b"]}),
    ("speed", {"fallback": "none", "speed": "fast"}, {"max_tokens": 64_000, "speed": "fast"}),
    (
        "thinking is asked for only where it is shown",
        {"fallback": "none", "show_thinking": True},
        {"max_tokens": 64_000, "thinking": {"type": "adaptive", "display": "summarized"}},
    ),
    (
        "-o adds fields, and outranks what an option would say",
        {"fallback": "none", "options": {"temperature": 1, "max_tokens": 5}},
        {"max_tokens": 5, "temperature": 1},
    ),
]


@pytest.mark.parametrize(("flags", "fields"), [case[1:] for case in FIELDS], ids=[case[0] for case in FIELDS])
def test_fields_of_the_body(flags: dict[str, Any], fields: dict[str, Any], context: Context) -> None:
    assert request_fields.body_fields(request_fields.with_ids(context.settings(flags)), None) == fields


def test_a_models_own_maximum_where_it_is_lower(context: Context) -> None:
    small = catalogue.find("claude-opus-4-5")
    assert small is not None
    assert small.max_output == 64_000
    for stream, most in ((True, 64_000), (False, 16_000)):
        assert (
            request_fields.body_fields(request_fields.with_ids(context.settings({"stream": stream})), small)[
                "max_tokens"
            ]
            == most
        )


def test_the_form_of_the_answer_stands_beside_the_effort(context: Context) -> None:
    form = {"type": "json_schema", "schema": {}}
    fields = request_fields.body_fields(context.settings({"effort": "high"}), None, form)
    assert fields["output_config"] == {"effort": "high", "format": form}


@pytest.mark.parametrize(
    ("policy", "by", "models"),
    [
        ("none", "client", ()),
        ("default", "client", ("allowed",)),
        (("x", "y"), "client", ("x", "y")),
        (("x",), "server", ()),
        ("default", "server", ()),
    ],
    ids=["nobody", "what is allowed", "avow asks them", "the API asks them", "the API asks"],
)
def test_who_is_asked_when_a_model_declines(
    policy: str | tuple[str, ...], by: str, models: tuple[str, ...], context: Context
) -> None:
    settings = context.settings(
        {
            "fallback": policy,
            "fallback_by": by,
            "if_unavailable": ("z",),
            "overrides": {"x": {"effort": "low", "max_tokens": 7}},
        }
    )
    assert request_fields.avow_falls_back(settings) is (by == "client" and policy != "none")
    assert request_fields.chain_policy(settings, ("allowed",)) == Policy(
        models, ("z",), {"x": {"max_tokens": 7, "output_config": {"effort": "low"}}}
    )


OPUS, HAIKU = catalogue.ALIASES["opus"], catalogue.ALIASES["haiku"]
IDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nothing said", {}, {"model": catalogue.DEFAULT_MODEL, "fallback": "default", "if_unavailable": ()}),
    ("the model", {"model": "opus"}, {"model": OPUS}),
    ("an id", {"model": "acme/m-1"}, {"model": "acme/m-1"}),
    ("one of one's own", {"model": "mine"}, {"model": "acme/m-9"}),
    ("fallbacks", {"fallback": ("opus", "mine", "x")}, {"fallback": (OPUS, "acme/m-9", "x")}),
    ("no fallback", {"fallback": "none"}, {"fallback": "none"}),
    ("when a model cannot be had", {"if_unavailable": ("haiku", "mine")}, {"if_unavailable": (HAIKU, "acme/m-9")}),
    (
        "overrides",
        {"overrides": {"mine": {"effort": "low"}, "x": {}}},
        {"overrides": {"acme/m-9": {"effort": "low"}, "mine": {"effort": "low"}, "x": {}}},
    ),
    (
        "an id outranks an alias of it",
        {"overrides": {OPUS: {"effort": "low"}, "opus": {"effort": "max"}}},
        {"overrides": {OPUS: {"effort": "low"}, "opus": {"effort": "max"}}},
    ),
    (
        "prices",
        {"prices": {"opus": {"input": 1.0}}},
        {"prices": {OPUS: {"input": 1.0}, "opus": {"input": 1.0}}},
    ),
    (
        "names that a gateway may use as they stand",
        {"same_models": {"mine": ("opus", "x")}},
        {"same_models": {"acme/m-9": ("opus", "x", OPUS), "mine": ("opus", "x", OPUS)}},
    ),
]


@pytest.mark.parametrize(("flags", "found"), [case[1:] for case in IDS], ids=[case[0] for case in IDS])
def test_aliases_become_ids(flags: dict[str, Any], found: dict[str, Any], context: Context) -> None:
    settings = request_fields.with_ids(context.settings({**flags, "aliases": {"mine": "acme/m-9"}}))
    assert {name: settings.get(name) for name in found} == found


@pytest.mark.parametrize(
    ("flags", "limits"), [({}, Limits(2)), ({"retries": 0}, Limits(0))], ids=["nothing said", "no retries"]
)
def test_how_often_is_tried(flags: dict[str, Any], limits: Limits, context: Context) -> None:
    assert request_fields.attempt_limits(context.settings(flags)) == limits


def test_until_when_is_tried(context: Context) -> None:
    deadline = request_fields.attempt_limits(context.settings({"deadline": 9.0})).deadline
    assert deadline is not None
    assert 8 < deadline - time.monotonic() <= 9


@pytest.mark.parametrize(
    ("flags", "simulated", "policy"),
    [
        ({}, False, "default"),
        ({"base_url": "https://gateway.example"}, False, "none"),
        ({"base_url": "https://api.anthropic.com.example"}, False, "none"),
        ({"base_url": "https://gateway.example"}, True, "default"),
        ({"base_url": "https://gateway.example", "fallback_by": "client"}, False, "default"),
        ({"base_url": "https://gateway.example", "fallback": "default"}, False, "default"),
        ({"fallback": "none"}, True, "none"),
    ],
)
def test_what_nothing_said_stands_for(flags: dict[str, Any], simulated: bool, policy: str, context: Context) -> None:
    assert request_fields.with_ids(context.settings(flags), simulated=simulated).get("fallback") == policy
