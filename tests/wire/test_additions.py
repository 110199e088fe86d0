"""What avow adds unasked, and which refusals take it out again."""

from collections.abc import Iterable

import pytest

from avow.errors import Failure
from avow.wire.additions import ADDITIONS, fields_without, listed, named_in, request_without
from avow.wire.json_value import JsonObject
from avow.wire.request import CREDIT_BETA, FALLBACK_BETA, FAST_BETA, SUMMARIES, Endpoint

OPENROUTER = Endpoint("https://openrouter.ai/api", extra=(("X-OpenRouter-Metadata", "enabled"),))
FULL: JsonObject = {
    "model": "claude-opus-5",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}],
    "max_tokens": 9,
    "fallbacks": "default",
    "thinking": {**SUMMARIES},
    "speed": "fast",
}
BETAS = {"fallbacks", CREDIT_BETA, FAST_BETA}
ALL = {addition.name for addition in ADDITIONS}
EXTRA = "Extra inputs are not permitted"


def named(words: str, status: int | None = 400, body: JsonObject | None = None, kind: str = "x") -> set[str]:
    return set(named_in(Failure(kind, status, words), OPENROUTER, FULL if body is None else body, credit=True))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("'claude-sonnet-5' does not support the `fallbacks` parameter.", {"fallbacks"}),
        (f"Fallbacks: {EXTRA.lower()}.", {"fallbacks"}),
        ("fallbacks.0.model: claude-opus-3 is not an allowed fallback", {"fallbacks"}),
        (f"body.fallbacks: {EXTRA}; body.thinking: {EXTRA}", {"fallbacks", "thinking"}),
        (f"[{{'type': 'extra_forbidden', 'loc': ('body', 'fallbacks'), 'msg': '{EXTRA}'}}]", {"fallbacks"}),
        (f"Unexpected value(s) `{FALLBACK_BETA}` for the `anthropic-beta` header.", {"fallbacks"}),
        (
            f"Unexpected value(s) `{CREDIT_BETA}, {FAST_BETA}` for the `anthropic-beta` header.",
            {CREDIT_BETA, FAST_BETA},
        ),
        ("invalid beta flag", BETAS),
        ('litellm.BadRequestError: BedrockException - {"message":"invalid beta flag"}. Fallbacks=None', BETAS),
        ("InvokeModel, StatusCode: 400, ValidationException: Invalid beta flag", BETAS),
        ("The anthropic_beta field is not supported", BETAS),
        ("unknown header: anthropic-beta", BETAS),
        ("adaptive thinking is not supported on this model", {"thinking"}),
        ("UnsupportedParamsError: does not support parameters: ['thinking'], for model=x", {"thinking"}),
        (f"thinking.display: {EXTRA}", {"thinking"}),
        (f"messages.0.content.0.text.cache_control: {EXTRA}", {"cache_control"}),
        ("messages.0.content.0.text.cache_control.ephemeral.ttl: Extra inputs are not permitted", {"cache_control"}),
        ("Malformed input request: #: extraneous key [cache_control] is not permitted", {"cache_control"}),
        ("You invoked an unsupported model or your request did not allow prompt caching.", {"cache_control"}),
        ("header X-OpenRouter-Metadata is not allowed", {"x-openrouter-metadata"}),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 422])
def test_what_a_refusal_names_is_found_in_any_wording(words: str, names: set[str], status: int) -> None:
    assert named(words, status) == names


@pytest.mark.parametrize(
    "words",
    [
        f"metadata: {EXTRA}",
        "the beta of this model has ended",
        "Unexpected value(s) `my-own-2026-01-01` for the `anthropic-beta` header.",
        "Budget exceeded. Received Model Group=a\nAvailable Model Group Fallbacks=None",
        "model=m. fallbacks=default. Set 'content_policy_fallback' - https://docs.litellm.ai/docs/routing#fallbacks",
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        "messages.3: thinking must come first",
        "`max_tokens` must be greater than `thinking.budget_tokens`",
        "model: qwen3-thinking",
        "fallback_credit_token: expired",
    ],
)
def test_another_error_names_nothing(words: str) -> None:
    assert named(words) == set()


def test_only_a_rejection_counts_also_where_it_comes_with_status_200() -> None:
    assert named("invalid beta flag", 500) == set()
    assert named("invalid beta flag", None) == set()
    assert named("invalid beta flag", 200, kind="invalid_request_error") == BETAS
    assert named("invalid beta flag", 200, kind="overloaded_error") == set()


def test_only_what_was_in_the_request_is_named() -> None:
    plain: JsonObject = {"model": "m", "messages": []}
    words = "invalid beta flag; fallbacks; thinking; x-openrouter-metadata"
    assert named_in(Failure("x", 400, words), Endpoint("https://gw.example"), plain) == set()
    own = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    assert named("thinking: no", body={**plain, **own}) == set()


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_is_left_out_whole_and_alone(name: str) -> None:
    full, _none = request_without(OPENROUTER, FULL, (), credit=True)
    left, gone = request_without(OPENROUTER, FULL, (name,), credit=True)
    assert gone == {name}
    (addition,) = (one for one in ADDITIONS if one.name == name)
    assert difference(full.body or {}, left.body or {}) == {addition.field} - {None}
    assert difference(dict(full.headers), dict(left.headers)) == {addition.header and "X-OpenRouter-Metadata"} - {None}
    assert betas(full.headers) - betas(left.headers) == {addition.beta} - {None}


def test_without_betas_there_is_no_header_but_that_of_the_user() -> None:
    left, gone = request_without(OPENROUTER, FULL, ALL, credit=True)
    assert gone == ALL
    assert "anthropic-beta" not in dict(left.headers)
    own = OPENROUTER._replace(headers=(("Anthropic-Beta", "mine-2026-01-01"),))
    left, _gone = request_without(own, FULL, ALL, credit=True)
    assert betas(left.headers) == {"mine-2026-01-01"}


def test_what_the_user_gave_himself_stays() -> None:
    own = {"thinking": {"type": "disabled"}, "speed": "fast"}
    assert fields_without(own, ALL) == own
    given = OPENROUTER._replace(headers=(("x-openrouter-metadata", "disabled"),))
    assert "x-openrouter-metadata" not in named_in(Failure("x", 400, "x-openrouter-metadata: no"), given, FULL)


def test_names_stand_in_a_sentence() -> None:
    assert listed({"thinking", "fallbacks"}) == "`fallbacks`, `thinking`"


def difference(more: dict[str, object] | dict[str, str], less: Iterable[str]) -> set[str]:
    return set(more) - set(less) - {"anthropic-beta"}


def betas(headers: tuple[tuple[str, str], ...]) -> set[str]:
    return set(filter(None, dict(headers).get("anthropic-beta", "").split(",")))
