"""What every scenario of the simulator must come to, written from the contract: the table of `test_scenarios`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

ASKED = "claude-fable-5-2"
FIRST, SECOND = "claude-opus-4-8", "claude-opus-5"
"""The default model, and those that `--fallback default` leads to, in order."""

REQUEST = r" \(request req_\w+\)"


@dataclass(frozen=True, slots=True)
class Expected:
    """What one scenario must come to. `lines` are patterns for the lines of stderr but notes, in order, and `notes`
    for those notes that must be there; `hops` pairs of model and outcome; `arguments` keep the test short."""

    status: str = "complete"
    verdict: str | None = "as_requested"
    exit_code: int = 0
    served: str | None = ASKED
    hops: tuple[tuple[str | None, str], ...] = ((ASKED, "served"),)
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    category: str | None = None
    stop_reason: str | None = "end_turn"
    error: tuple[str, int | None] | None = None
    retries: int = 0
    text: bool | None = True
    withdrawn: bool = False
    request_id: bool = True
    arguments: tuple[str, ...] = ("--retries", "0")


def _declined(model: str = ASKED, category: str = "frontier_llm") -> str:
    return f"{model} declined: {category}"


def _fallback(reason: str, served: str = FIRST) -> str:
    return rf"avow: fallback: requested {ASKED}, answered by {served} \({reason}\)"


def _refused(*reasons: str) -> str:
    return f"avow: refused: {'; '.join(reasons)}; no model answered"


FINE = Expected()
REROUTED = Expected(
    verdict="fallback",
    exit_code=10,
    served=FIRST,
    hops=((ASKED, "declined"), (FIRST, "served")),
    lines=(_fallback(_declined()),),
    category="frontier_llm",
)
STICKY = replace(
    REROUTED, hops=((FIRST, "served"),), category=None, lines=(_fallback("sticky: no decline in this response"),)
)
REFUSED = Expected(
    status="refused",
    verdict="refused",
    exit_code=11,
    served=None,
    hops=((ASKED, "declined"),),
    lines=(_refused(_declined()),),
    category="frontier_llm",
    stop_reason="refusal",
    text=False,
)
RETURNED = replace(
    REFUSED, category="reasoning_extraction", lines=(_refused(_declined(category="reasoning_extraction")),)
)
RETURNED_MIDWAY = replace(RETURNED, withdrawn=True)
BROKEN = Expected(
    status="incomplete",
    verdict="unverified",
    exit_code=7,
    lines=(rf"avow: incomplete: the stream ended before the answer did{REQUEST}",),
    stop_reason=None,
    error=("stream_ended", None),
)
# An answer that is not streamed and breaks off has begun, but there is nothing to show, and nobody is named.
BROKEN_WHOLE = replace(
    BROKEN,
    served=None,
    hops=((None, "served"),),
    lines=(rf"avow: unverified: requested {ASKED}; the response does not name the model that answered", *BROKEN.lines),
    text=False,
)
FAILED = Expected(
    status="failed",
    verdict=None,
    exit_code=6,
    served=None,
    hops=((ASKED, "skipped"),),
    lines=(r"avow: error: .+",),
    stop_reason=None,
    error=("stream_ended", None),
    text=False,
)


def _failed(exit_code: int, kind: str, http: int | None, words: str, **more: object) -> Expected:
    line = f"avow: error: {words}{REQUEST if more.get('request_id', True) else ''}"
    base = replace(FAILED, exit_code=exit_code, error=(kind, http), lines=(line,))
    return replace(base, **more)  # type: ignore[arg-type]


def _truncated(stop_reason: str, **more: object) -> Expected:
    line = f"avow: truncated: the answer stopped at {stop_reason}"
    base = replace(FINE, status="truncated", exit_code=8, stop_reason=stop_reason, lines=(line,))
    return replace(base, **more)  # type: ignore[arg-type]


def _gateway(base: Expected = FINE, **more: object) -> Expected:
    return replace(base, request_id=False, **more)  # type: ignore[arg-type]


def _switched(served: str, field: str) -> Expected:
    return _gateway(
        verdict="fallback", exit_code=10, served=served, hops=((served, "served"),),
        lines=(_fallback(f"declared by {field}", served),),
    )  # fmt: skip


def _substituted(served: str, **more: object) -> Expected:
    line = f"avow: substituted: requested {ASKED}, answered by {served}; the response declares no fallback"
    base = replace(FINE, verdict="substituted", exit_code=12, served=served, hops=((served, "served"),), lines=(line,))
    return replace(base, **more)  # type: ignore[arg-type]


def _doubted(served: str, *notes: str) -> Expected:
    line = f"avow: unverified: requested {ASKED}; the response names {served}, which may be another model"
    return _gateway(
        verdict="unverified", exit_code=13, served=served, hops=((served, "served"),), lines=(line,), notes=notes
    )


def _another_name(served: str) -> Expected:
    return _doubted(served, "avow: note: .*same_models", "avow: note: .*does not support `fallbacks`")


_OVERLOADED = _failed(5, "overloaded_error", 529, r"the API is overloaded \(529\)")
_NO_FALLBACKS = replace(FINE, notes=("avow: note: this endpoint does not support `fallbacks`; asked again without it",))

SERVER: Mapping[str, Expected] = {
    "requested": FINE,
    "thinking": FINE,
    "strict": FINE,
    "fallback": REROUTED,
    "handover": REROUTED,
    "sticky": STICKY,
    "hops": replace(
        REROUTED,
        served=SECOND,
        hops=((ASKED, "declined"), (FIRST, "declined"), (SECOND, "served")),
        lines=(_fallback(f"{_declined()}; {_declined(FIRST, 'general_harms')}", SECOND),),
    ),
    "declined": replace(
        REFUSED,
        hops=((ASKED, "declined"), (FIRST, "declined"), (SECOND, "declined")),
        lines=(_refused(_declined(), _declined(FIRST), _declined(SECOND)),),
    ),
    "refused": REFUSED,
    "refused_midway": replace(REFUSED, withdrawn=True),
    "recommended": replace(
        REFUSED,
        hops=((ASKED, "declined"), (FIRST, "skipped")),
        lines=(_refused(_declined(), f"{FIRST} skipped: .+"),),
    ),
    "substituted": _substituted(FIRST),
    "unnamed": replace(
        FINE,
        verdict="unverified",
        exit_code=13,
        served=None,
        hops=(),
        lines=(f"avow: unverified: requested {ASKED}; the response does not name the model that answered",),
    ),
    "truncated": _truncated("max_tokens"),
    "context_exceeded": _truncated("model_context_window_exceeded"),
    "empty": replace(FINE, text=False, notes=("avow: note: the answer is empty",)),
    "markdown": FINE,
    "code": FINE,
    "hostile": FINE,
    "echo": FINE,
    "json": FINE,
    "tool_use": _truncated("tool_use"),
    "pause_turn": _truncated("pause_turn"),
    "compaction": _truncated("compaction", text=False),
    "advisor": FINE,
    "slow": FINE,
    "long": FINE,
    "torn": FINE,
    "split_emoji": FINE,
    "newer": FINE,
    "odd_lines": FINE,
    "cut": BROKEN,
    "hangup": replace(BROKEN, lines=(rf"avow: incomplete: .+{REQUEST}",)),
    "reset": replace(BROKEN, lines=(rf"avow: incomplete: .+{REQUEST}",)),
    "stalled": replace(
        BROKEN, error=("stalled", None), lines=(rf"avow: incomplete: .+{REQUEST}",), arguments=("--timeout", "0.5")
    ),
    "error_midway": replace(BROKEN, error=("overloaded_error", 200), lines=(rf"avow: incomplete: .+{REQUEST}",)),
    "broken_json": replace(BROKEN, error=("not_an_answer", None), lines=(rf"avow: incomplete: .+{REQUEST}",)),
    "handover_cut": replace(
        BROKEN,
        verdict="fallback",
        served=FIRST,
        hops=((ASKED, "declined"), (FIRST, "served")),
        category="frontier_llm",
        lines=(_fallback(_declined()), *BROKEN.lines),
    ),
    "silent": _failed(6, "timeout", None, ".+", request_id=False, arguments=("--timeout", "0.5")),
    "not_stream": FINE,
    "no_usage": replace(FINE, request_id=False),
    "rate_limited": replace(
        FINE, retries=1, notes=(r"avow: note: rate limited.*; retrying in 0\.2 s \(retry 1\)",), arguments=()
    ),
    "retry_hour": _failed(5, "rate_limit_error", 429, ".+", notes=("avow: note: .*60 minutes",), arguments=()),
    "spend_limit": _failed(3, "rate_limit_error", 429, r"You have reached your monthly spend limit\.", arguments=()),
    "overloaded": _OVERLOADED,
    "server_error": _failed(5, "api_error", 500, r"the API failed \(500\)"),
    "unauthorised": _failed(3, "authentication_error", 401, "invalid x-api-key", arguments=()),
    "billing": _failed(3, "billing_error", 402, r"Your credit balance is too low\.", arguments=()),
    "forbidden": _failed(3, "permission_error", 403, r"Your API key may not use this resource\.", arguments=()),
    "unknown_model": _failed(4, "not_found_error", 404, f"model: {ASKED}", arguments=()),
    "html": _failed(5, "not_an_answer", 200, "this is not a Messages API response.+", request_id=False, arguments=()),
    "error_200": _failed(5, "api_error", 200, "the API failed: Upstream provider failed"),
    "no_fallbacks": _NO_FALLBACKS,
    "no_fallbacks_field": _NO_FALLBACKS,
    "no_fallbacks_header": _NO_FALLBACKS,
    "credit": RETURNED,
    "credit_midway": RETURNED_MIDWAY,
    "credit_no_claim": RETURNED_MIDWAY,
    "credit_rejected_continuation": RETURNED_MIDWAY,
    "credit_rejected_token": RETURNED,
    "credit_chain": RETURNED,
    "credit_chain_midway": RETURNED_MIDWAY,
    "uncredited": RETURNED,
    "uncredited_midway": RETURNED_MIDWAY,
    "hop_429": RETURNED,
    "hop_500": RETURNED,
    "hop_404": RETURNED,
    "unavailable": _OVERLOADED,
    "unavailable_then_declined": _OVERLOADED,
    "midway_thinking_tools": RETURNED_MIDWAY,
    "midway_tool_use": RETURNED_MIDWAY,
    "litellm": _gateway(),
    "litellm_fallback": _switched(f"anthropic/{FIRST}", "x-litellm-attempted-fallbacks"),
    "bifrost": _gateway(),
    "bifrost_fallback": _switched(FIRST, "x-bifrost-routing-info-is-fallback"),
    "ngrok": _gateway(),
    "ngrok_switch": _gateway(_substituted(FIRST)),
    "openrouter": _gateway(served="anthropic/claude-fable-5.2", hops=(("anthropic/claude-fable-5.2", "served"),)),
    "openrouter_switch": _gateway(_substituted("openai/gpt-6-astra")),
    # The second option answered, and the name may be an echo of the first one's: nothing decides.
    "portkey": _doubted(ASKED),
    "cloudflare": _doubted(ASKED),
    "foundry": _another_name("my-claude-deployment"),
    "vllm": _another_name("my-served-model"),
    "swallowing": _gateway(),
    **dict.fromkeys(
        ("bedrock_beta", "bedrock_beta_aws", "bedrock_beta_litellm", "bedrock_beta_operation", "fastapi"),
        replace(_NO_FALLBACKS, request_id=False),
    ),
    "no_caching": _gateway(),
    "no_thinking": _gateway(),
    "litellm_refused": _gateway(replace(REFUSED, category="cyber", lines=(_refused(_declined(category="cyber")),))),
    "litellm_swallows": _gateway(REFUSED),
    "openai_error": _failed(
        4, "invalid_request_error", 400, "Budget has been exceeded for this team", request_id=False, arguments=()
    ),
    "picks": FINE,
    "picks_swapped": FINE,
    "picks_half": FINE,
    "picks_drifted": FINE,
    "picks_noisy": FINE,
    "picks_off_format": FINE,
    "picks_declared": STICKY,
    "picks_substituted": _substituted("claude-opus-4-8"),
}
"""Each scenario, streamed, with the API's own fallback."""

OF_ITS_KIND = frozenset({repr(expected): name for name, expected in reversed(list(SERVER.items()))}.values())
"""Scenarios that stand, by default, for those that come to the same: the first of each kind."""

WHOLE: Mapping[str, Expected] = {
    **SERVER,
    "cut": BROKEN_WHOLE,
    "hangup": BROKEN_WHOLE,
    "reset": BROKEN_WHOLE,
    "stalled": replace(
        BROKEN_WHOLE,
        lines=(BROKEN_WHOLE.lines[0], rf"avow: incomplete: the stream stalled before the answer ended{REQUEST}"),
        error=("stalled", None),
        arguments=("--timeout", "0.5"),
    ),
    "error_midway": _OVERLOADED,
    "broken_json": BROKEN_WHOLE,
    "handover_cut": BROKEN_WHOLE,
}
"""The same with `--no-stream`."""

WITH_ARGUMENT = {"slow": "slow:0.01", "long": "long:300"}
"""Scenarios that are played shorter than by default."""
