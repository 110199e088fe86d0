"""The table of scenarios: what the simulator can be asked to do, by name."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from avow.errors import UsageError, nearest
from avow.files.reading import Wait
from avow.simulator import answers
from avow.simulator.form import dump
from avow.simulator.picks import Taste
from avow.simulator.script import RETURNED, Fault, HttpError, Json, PlayedHop, Scenario

_OPENING = "{opening}"
_DECLINES = PlayedHop(declines=True)
_DECLINES_MIDWAY = PlayedHop(text=_OPENING, declines=True)
# A decline of this category goes back to the client even where a fallback was allowed, as the API has it. So a
# `fallback` block of this category that is sent back was made by a client.
_CREDIT = PlayedHop(declines=True, category=RETURNED)
_CREDIT_MIDWAY = PlayedHop(text=_OPENING, declines=True, category=RETURNED)

_SEARCH: Json = {
    "type": "server_tool_use",
    "id": "srvtoolu_01standin",
    "name": "web_search",
    "input": {"query": "git rebase or merge"},
}
_FOUND: Json = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_01standin",
    "content": [
        {
            "type": "web_search_result",
            "url": "https://git-scm.com/book",
            "title": "Pro Git",
            "page_age": None,
            "encrypted_content": "c3RhbmQtaW4=",
        }
    ],
}
_CALL: Json = {
    "type": "tool_use",
    "id": "toolu_01standin",
    "name": "read_file",
    "input": {"path": "README.md", "lines": [1, 20]},
}
_COMPACTION: Json = {
    "type": "compaction",
    "content": "The user asked about rebase and merge; the answer so far explained both.",
    "encrypted_content": "c3RhbmQtaW4=",
}
_UNKNOWN_BLOCK: Json = {"type": "stand_in_note", "note": "a block of a kind no client knows yet", "weight": 1.5}


def _error(status: int, kind: str, message: str, **more: object) -> HttpError:
    return HttpError(status, kind, message, **more)  # type: ignore[arg-type]


def _with(name: str, summary: str, **fields: object) -> Scenario:
    return Scenario(name, summary, **fields)  # type: ignore[arg-type]


def _gateway(name: str, summary: str, **fields: object) -> Scenario:
    return _with(name, summary, **{"own_headers": False, "models": "openai", **fields})


_OVERLOADED = _error(529, "overloaded_error", "Overloaded")
_HOP_LIMITED = _error(429, "rate_limit_error", "Rate limited", headers=(("retry-after", "0.1"),))
_SERVER_ERROR = _error(500, "api_error", "Internal server error")

_ANSWERS = (
    _with("requested", "answered by the model that was asked"),
    _with("thinking", "answered as asked, with a thinking block first", hops=(PlayedHop(thinking=answers.THINKING),)),
    _with(
        "strict",
        "thinks, and refuses models that do not exist",
        hops=(PlayedHop(thinking=answers.THINKING),),
        strict=True,
    ),
    _with("fallback", "the model declines before a word, a fallback answers", hops=(_DECLINES, PlayedHop())),
    _with("handover", "the model declines in mid-answer, a fallback goes on", hops=(_DECLINES_MIDWAY, PlayedHop())),
    _with("sticky", "routed straight to the fallback, nothing declined this time", sticky=True),
    _with(
        "hops",
        "two models decline, one before a word and one in mid-answer; a third answers",
        hops=(_DECLINES, PlayedHop(text=_OPENING, declines=True, category="general_harms"), PlayedHop()),
    ),
    _with("declined", "every model of the chain declines", hops=(_DECLINES, _DECLINES, _DECLINES)),
    _with("refused", "refused at once, whoever is asked", hops=(_DECLINES,), hands_over=False),
    _with("refused_midway", "refused in mid-answer", hops=(_DECLINES_MIDWAY,), hands_over=False),
    _with(
        "recommended",
        "refused; the fallback was overloaded and is recommended",
        hops=(PlayedHop(declines=True, recommends=True), PlayedHop()),
        hands_over=False,
    ),
    _with("substituted", "another model is named and no fallback declared", reports="{fallback}"),
    _with("unnamed", "the answer names no model", reports=""),
    _with("truncated", "stops at max_tokens", hops=(PlayedHop(text=_OPENING, stop_reason="max_tokens"),)),
    _with(
        "context_exceeded",
        "stops because the context is full",
        hops=(PlayedHop(text=_OPENING, stop_reason="model_context_window_exceeded"),),
    ),
    _with("empty", "an answer without any text", hops=(PlayedHop(text=""),)),
    _with("markdown", "headings, a list, a table, code", hops=(PlayedHop(text=answers.MARKDOWN),)),
    _with("code", "an answer with two fenced code blocks", hops=(PlayedHop(text=answers.CODE),)),
    _with("hostile", "full of escape sequences, bidi overrides and markup", hops=(PlayedHop(text=answers.HOSTILE),)),
    _with("echo", "says back the last thing the user said", hops=(PlayedHop(text="{question}"),)),
    _with("json", "JSON that fits the schema of the request", hops=(PlayedHop(text="{schema}"),)),
    _with("tool_use", "wants a client tool to be run", hops=(PlayedHop(closing=(_CALL,), stop_reason="tool_use"),)),
    _with(
        "pause_turn",
        "a server tool loop that pauses",
        hops=(PlayedHop(text=_OPENING, closing=(_SEARCH, _FOUND), stop_reason="pause_turn"),),
    ),
    _with(
        "compaction",
        "only a compaction block",
        hops=(PlayedHop(text="", blocks=(_COMPACTION,), stop_reason="compaction"),),
    ),
    _with("advisor", "another model advised, the requested one answered", advisor=True),
    _with("slow", "a pause between words (slow:SECONDS, default 0.2)", delay=0.2),
    _with("long", "very many small pieces (long:N, default 20000)", long=20_000),
    _with(
        "torn",
        "written in pieces of 7 bytes, through letters and events",
        hops=(PlayedHop(text=answers.EMOJI * 3),),
        write_size=7,
    ),
    _with(
        "split_emoji", "an emoji split between two pieces", hops=(PlayedHop(pieces=("smile \ud83d", "\ude00 done")),)
    ),
    _with(
        "newer",
        "events, blocks and fields no client knows yet",
        hops=(PlayedHop(blocks=(_UNKNOWN_BLOCK,)),),
        surprises=True,
    ),
    _with("odd_lines", "CRLF, a byte order mark, comments, id and retry fields", crlf=True, comments=True),
)

_FAULTS = (
    _with("cut", "the stream ends in mid-answer", fault=Fault("cut")),
    _with("hangup", "the connection is closed in mid-answer", fault=Fault("hangup")),
    _with("reset", "the connection is reset in mid-answer", fault=Fault("reset")),
    _with("stalled", "falls silent in mid-answer", fault=Fault("stall")),
    _with("error_midway", "an error event in mid-answer", fault=Fault("error")),
    _with("broken_json", "an event that is no JSON in mid-answer", fault=Fault("broken_json")),
    _with("handover_cut", "a handover, then the stream ends", hops=(_DECLINES_MIDWAY, PlayedHop()), fault=Fault("cut")),
    _with("silent", "accepts the request and never answers", silent=True),
    _with("not_stream", "a whole answer although a stream was asked for", whole=True),
    _with("no_usage", "no usage, no pings, no request id", usage=False, pings=False, own_headers=False),
)

_HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Guest Wi-Fi</h1></body></html>\n"

_ERRORS = (
    _with(
        "rate_limited",
        "429 with retry-after 0.2, then fine",
        error=_error(429, "rate_limit_error", "Number of requests has exceeded your per-minute rate limit.",
                     headers=(("retry-after", "0.2"),), times=1),
    ),
    _with(
        "retry_hour",
        "429 that asks to wait an hour",
        error=_error(429, "rate_limit_error", "Number of input tokens has exceeded your rate limit.",
                     headers=(("retry-after", "3600"),)),
    ),
    _with(
        "spend_limit",
        "429 because the spend limit is reached",
        error=_error(429, "rate_limit_error", "You have reached your monthly spend limit.",
                     code="enforced_spend_limit_reached"),
    ),
    _with("overloaded", "529 for good", error=_OVERLOADED),
    _with("server_error", "500 for good", error=_SERVER_ERROR),
    _with("unauthorised", "401", error=_error(401, "authentication_error", "invalid x-api-key")),
    _with("billing", "402", error=_error(402, "billing_error", "Your credit balance is too low.")),
    _with("forbidden", "403", error=_error(403, "permission_error", "Your API key may not use this resource.")),
    _with("unknown_model", "404 for the model", error=_error(404, "not_found_error", "model: {requested}")),
    _with("html", "200 with a web page, as a captive portal answers",
          error=_error(200, "", "", body=_HTML, content_type="text/html; charset=utf-8")),
    _with("error_200", "200 with an error in it", error=_error(200, "api_error", "Upstream provider failed")),
    _with("no_fallbacks", "400: the model does not support fallbacks", refuses="model"),
    _with("no_fallbacks_field", "400: the endpoint does not know the fallbacks field", refuses="field"),
    _with("no_fallbacks_header", "400: the endpoint does not know the beta header", refuses="header"),
)  # fmt: skip

_CREDITS = (
    _with("credit", "refused with a credit token; another model then answers", hops=(_CREDIT, PlayedHop())),
    _with("credit_midway", "refused in mid-answer, may be continued", hops=(_CREDIT_MIDWAY, PlayedHop())),
    _with(
        "credit_no_claim",
        "refused in mid-answer, may not be continued",
        hops=(PlayedHop(text=_OPENING, declines=True, category=RETURNED, claim=False), PlayedHop()),
    ),
    _with(
        "credit_rejected_continuation",
        "400 on the continuation, fine on the plain request",
        hops=(_CREDIT_MIDWAY, PlayedHop()),
        rejects_continuation=True,
    ),
    _with("credit_rejected_token", "the credit token is not redeemed", hops=(_CREDIT, PlayedHop()), rejects_token=True),
    _with("credit_chain", "two models decline, a third answers", hops=(_CREDIT, _CREDIT, PlayedHop())),
    _with("credit_chain_midway", "two models decline in mid-answer, a third goes on",
          hops=(_CREDIT_MIDWAY, PlayedHop(text=" Wait. ", declines=True, category=RETURNED), PlayedHop())),
    _with("uncredited", "declines without a token; another model then answers",
          hops=(PlayedHop(declines=True, category=RETURNED, credit=False), PlayedHop())),
    _with("uncredited_midway", "declines in mid-answer without a token",
          hops=(PlayedHop(text=_OPENING, declines=True, category=RETURNED, credit=False), PlayedHop())),
    _with("hop_429", "declines; the next is rate limited; a third answers",
          hops=(_CREDIT, PlayedHop(error=_HOP_LIMITED), PlayedHop())),
    _with("hop_500", "declines; the next answers 500; a third answers",
          hops=(_CREDIT, PlayedHop(error=_SERVER_ERROR), PlayedHop())),
    _with("hop_404", "declines; the next is unknown; a third answers",
          hops=(_CREDIT, PlayedHop(error=_error(404, "not_found_error", "model: {requested}")), PlayedHop())),
    _with("unavailable", "overloaded; the next model answers", hops=(PlayedHop(error=_OVERLOADED), PlayedHop())),
    _with("unavailable_then_declined", "overloaded; the next declines; a third answers",
          hops=(PlayedHop(error=_OVERLOADED), _CREDIT, PlayedHop())),
    _with("midway_thinking_tools", "refused after thinking, a search and some text; may be continued",
          hops=(PlayedHop(text=_OPENING, thinking=answers.THINKING, blocks=(_SEARCH, _FOUND), declines=True,
                    category=RETURNED), PlayedHop())),
    _with("midway_tool_use", "refused after text and a client tool call; may be continued",
          hops=(PlayedHop(text=_OPENING, thinking=answers.THINKING, closing=(_CALL,), declines=True,
                    category=RETURNED), PlayedHop())),
)  # fmt: skip

_OPENAI_ERROR = (
    b'{"error":{"message":"Budget has been exceeded for this team","type":"budget_exceeded","param":null,"code":"400"}}'
)

# As LiteLLM 1.108.7 answers a streamed refusal of a request with fallbacks.
_LITELLM_REFUSED = _error(400, "", "", body=dump({"type": "error", "error": {
    "type": "invalid_request_error",
    "message": "litellm.BadRequestError: litellm.ContentPolicyViolationError: Anthropic safeguard refusal (category: "
    "cyber).\nmodel=claude. content_policy_fallback=None. fallbacks=default.\n\nSet 'content_policy_fallback' - "
    "https://docs.litellm.ai/docs/routing#fallbacks\n\nLiteLLM: model group 'claude' failed with the error above. "
    "Fallback to t also failed: litellm.BadRequestError: You passed in model=t.",
}}))  # fmt: skip

_GATEWAYS = (
    _gateway("litellm", "LiteLLM: served by the model asked for",
             headers=(("x-litellm-model-name", "anthropic/{requested}"), ("x-litellm-model-group", "{requested}"),
                      ("x-litellm-attempted-fallbacks", "0"))),
    _gateway("litellm_fallback", "LiteLLM fell back; the body keeps the old name", reports="{requested}",
             headers=(("x-litellm-model-name", "anthropic/{fallback}"), ("x-litellm-model-group", "{fallback}"),
                      ("x-litellm-attempted-fallbacks", "1"))),
    _gateway("bifrost", "Bifrost: served by the model asked for",
             headers=(("x-bifrost-routing-info-model", "{requested}"),
                      ("x-bifrost-routing-info-primary-model", "{requested}"),
                      ("x-bifrost-routing-info-is-fallback", "false"))),
    _gateway("bifrost_fallback", "Bifrost fell back; the body keeps the old name", reports="{requested}",
             headers=(("x-bifrost-routing-info-model", "{fallback}"),
                      ("x-bifrost-routing-info-primary-model", "{requested}"),
                      ("x-bifrost-routing-info-is-fallback", "true"))),
    _gateway("ngrok", "ngrok: served by the model asked for",
             headers=(("Ngrok-AIG-Model", "{requested}"), ("Ngrok-AIG-Attempts", "1"))),
    _gateway("ngrok_switch", "ngrok names another model in its headers", reports="{requested}",
             headers=(("Ngrok-AIG-Model", "{fallback}"), ("Ngrok-AIG-Attempts", "2"))),
    _gateway("openrouter", "OpenRouter: served by the model asked for", reports="{slashed}", comments=True,
             fields=(("provider", "Anthropic"),)),
    _gateway("openrouter_switch", "OpenRouter went to another model", reports="openai/gpt-6-astra", comments=True,
             fields=(("provider", "OpenAI"),)),
    _gateway("portkey", "Portkey: says which option, not which model",
             headers=(("x-portkey-last-used-option-index", "config.targets[1]"),)),
    _gateway("cloudflare", "Cloudflare: says which step, not which model", headers=(("cf-aig-step", "1"),)),
    _gateway("foundry", "Foundry: the model field is a deployment's name", reports="my-claude-deployment",
             refuses="field", models="none"),
    _gateway("swallowing", "a relay that answers under any name, and drops what it does not know",
             reports="{requested}", usage=False),
    _gateway("vllm", "vLLM: the first served name, whatever was asked", reports="my-served-model",
             refuses="vllm", pings=False),
    _gateway("bedrock_beta", "400 for any beta flag, as Bedrock says it", refuses="bedrock"),
    _gateway("bedrock_beta_aws", "the same in the shape of AWS", refuses="bedrock_aws"),
    _gateway("bedrock_beta_litellm", "the same, wrapped by LiteLLM", refuses="bedrock_litellm"),
    _gateway("bedrock_beta_operation", "the same, wrapped by a client of AWS", refuses="bedrock_operation"),
    _gateway("fastapi", "422 for fields it does not know: fallbacks, thinking", refuses="fastapi"),
    _gateway("no_thinking", "400: the endpoint does not know the thinking field", refuses="thinking"),
    _gateway("litellm_refused", "LiteLLM: a refusal, wrapped into a 400 of its own", error=_LITELLM_REFUSED),
    _gateway("litellm_swallows", "LiteLLM takes fallbacks for itself: the model declines, none follows",
             hops=(_DECLINES,), hands_over=False,
             headers=(("x-litellm-model-name", "anthropic/{requested}"), ("x-litellm-model-group", "{requested}"))),
    _gateway("openai_error", "400 in the shape of OpenAI", error=_error(400, "", "", body=_OPENAI_ERROR)),
)  # fmt: skip

_PICKS = (PlayedHop(text="{picks}"),)
_SWAPPED = "claude-opus-4-8"

_CARDS = (
    _with("picks", "six picks for a card of `avow audit`, each model with a taste of its own", hops=_PICKS),
    _with("picks_swapped", f"the picks of {_SWAPPED}, under the name of the model asked for", hops=_PICKS,
          taste=Taste(swapped_for=_SWAPPED)),
    _with("picks_half", f"every second reply is {_SWAPPED}'s, under the name of the model asked for", hops=_PICKS,
          taste=Taste(swapped_for=_SWAPPED, share=0.5)),
    _with("picks_drifted", "the model's taste has moved", hops=_PICKS, taste=Taste(drift=2.0)),
    _with("picks_noisy", "the model's taste is a little different in every session", hops=_PICKS,
          taste=Taste(noise=0.3)),
    _with("picks_off_format", "every fifth reply to a card is no list of picks", hops=_PICKS,
          taste=Taste(off_format=0.2)),
    _with("picks_declared", "the picks of a fallback that the response declares", hops=_PICKS, sticky=True),
    _with("picks_substituted", f"the picks of {_SWAPPED}, named without declaring a fallback",
          hops=_PICKS, reports=_SWAPPED, taste=Taste(swapped_for=_SWAPPED)),
)  # fmt: skip

TABLE: Mapping[str, Scenario] = {
    scenario.name: scenario for scenario in (*_ANSWERS, *_FAULTS, *_ERRORS, *_CREDITS, *_GATEWAYS, *_CARDS)
}


def names() -> tuple[tuple[str, str], ...]:
    """Every scenario: its name and what happens in it, in one line."""
    return tuple((scenario.name, scenario.summary) for scenario in TABLE.values())


def load(name_or_path: str | Path, folder: Path | None = None, wait: Wait | None = None) -> Scenario:
    """The scenario of that name, with an argument where it takes one (`long:500`), or of that TOML file.

    `folder` is where a user keeps files that may be named without path and ending; `wait` bounds pipes in time.
    Raises `UsageError`, which says what is wrong and where, and the nearest name.
    """
    text = str(name_or_path)
    name, _, argument = text.partition(":")
    if isinstance(name_or_path, str) and name in TABLE:
        return _with_argument(TABLE[name], argument) if ":" in text else TABLE[name]
    path = Path(text)
    own = folder / f"{text}.toml" if folder is not None and "/" not in text and "\0" not in text else None
    if own is not None and os.path.isfile(own):  # noqa: PTH113  (which raises for a name that is too long)
        path = own
    elif isinstance(name_or_path, str) and path.suffix != ".toml" and "/" not in text and "\\" not in text:
        raise UsageError(f"there is no scenario {text!r}", hint=_nearest(name))
    from avow.simulator import custom

    return custom.read(path, wait)


def _nearest(name: str) -> str:
    near = nearest(name, TABLE)
    asked = f"did you mean {near!r}? " if near else ""
    return f"{asked}`avow simulate list` prints them all; a path to a TOML file works too"


def _with_argument(scenario: Scenario, argument: str) -> Scenario:
    try:
        if scenario.name == "long" and 1 <= int(argument) <= 5_000_000:
            return replace(scenario, long=int(argument))
        if scenario.name == "slow" and 0 <= float(argument) <= 3600:
            return replace(scenario, delay=float(argument))
    except ValueError:
        pass
    takes = {"long": "a number of pieces from 1 to 5000000", "slow": "seconds from 0 to 3600"}.get(scenario.name)
    wanted = f"it takes {takes}" if takes else "it takes no argument"
    raise UsageError(f"scenario {scenario.name}: {argument!r} does not fit; {wanted}")
