"""What settings become in a request: the endpoint, the body's fields, and who may answer."""

from pathlib import Path
from typing import Any

import pytest

from avow.asking import request_fields
from avow.context import Context, from_process
from avow.errors import UsageError
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
    assert request_fields.body_fields(context.settings(flags), None) == fields


def test_a_models_own_maximum_where_it_is_lower(context: Context) -> None:
    small = catalogue.find("claude-opus-4-5")
    assert small is not None
    assert small.max_output == 64_000
    for stream, most in ((True, 64_000), (False, 16_000)):
        assert request_fields.body_fields(context.settings({"stream": stream}), small)["max_tokens"] == most


def test_the_form_of_the_answer_stands_beside_the_effort(context: Context) -> None:
    form = {"type": "json_schema", "schema": {}}
    fields = request_fields.body_fields(context.settings({"effort": "high"}), None, form)
    assert fields["output_config"] == {"effort": "high", "format": form}


@pytest.mark.parametrize("key", ["model", "messages", "stream", "fallbacks"])
def test_what_has_an_option_of_its_own_is_none_of_the_free_fields(key: str, context: Context) -> None:
    with pytest.raises(UsageError, match=f"-o {key}") as error:
        request_fields.body_fields(context.settings({"options": {key: 1}}), None)
    assert error.value.hint


@pytest.mark.parametrize(
    ("policy", "by", "models"),
    [("none", "client", ()), (("opus", "x"), "client", ("claude-opus-5-5", "x")), (("opus",), "server", ())],
    ids=["nobody", "avow asks them", "the API asks them"],
)
def test_who_is_asked_when_a_model_declines(
    policy: str | tuple[str, ...], by: str, models: tuple[str, ...], context: Context
) -> None:
    flags = {"if_unavailable": ("haiku",), "overrides": {"x": {"effort": "low", "max_tokens": 7}}}
    settings = context.settings(flags)
    haiku = request_fields.expand("haiku", settings)
    assert haiku.startswith("claude-haiku")
    assert request_fields.chain_policy(settings, policy, by) == Policy(
        tuple(request_fields.expand(name, settings) for name in models),
        (haiku,),
        {"x": {"max_tokens": 7, "output_config": {"effort": "low"}}},
    )
