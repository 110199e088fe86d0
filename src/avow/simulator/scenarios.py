"""The table of scenarios: what the simulator can play, by name."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from avow.errors import UsageError, nearest
from avow.files.reading import PipeWait
from avow.simulator import answers
from avow.simulator.batch_scenarios import BATCHES
from avow.simulator.card_scenarios import CARDS
from avow.simulator.gateway_scenarios import GATEWAYS
from avow.simulator.script import RETURNED, Fault, HttpError, PlayedHop, Scenario

_OPENING = "{opening}"
_DECLINES = PlayedHop(declines=True)
_DECLINES_MIDWAY = PlayedHop(text=_OPENING, declines=True)
# A decline of this category goes back to the client even where a fallback was allowed, as the API has it. So a
# `fallback` block of this category that is sent back was made by a client.
_CREDIT = PlayedHop(declines=True, category=RETURNED)
_CREDIT_MIDWAY = PlayedHop(text=_OPENING, declines=True, category=RETURNED)


def _error(status: int, kind: str, message: str, **more: object) -> HttpError:
    return HttpError(status, kind, message, **more)  # type: ignore[arg-type]


def _with(name: str, summary: str, **fields: object) -> Scenario:
    return Scenario(name, summary, **fields)  # type: ignore[arg-type]


_OVERLOADED = _error(529, "overloaded_error", "Overloaded")
_HOP_LIMITED = _error(429, "rate_limit_error", "Rate limited", headers=(("retry-after", "0.1"),))
_SERVER_ERROR = _error(500, "api_error", "Internal server error")

_ANSWERS = (
    _with("requested", "answered by the requested model"),
    _with(
        "thinking", "answered by the requested model, with thinking first", hops=(PlayedHop(thinking=answers.THINKING),)
    ),
    _with(
        "strict",
        "the same, and models that do not exist are refused",
        hops=(PlayedHop(thinking=answers.THINKING),),
        strict=True,
    ),
    _with("fallback", "the model declines before any text, a fallback answers", hops=(_DECLINES, PlayedHop())),
    _with("handover", "the model declines in mid-answer, a fallback continues", hops=(_DECLINES_MIDWAY, PlayedHop())),
    _with("sticky", "the fallback answers at once, because the model declined earlier", sticky=True),
    _with(
        "hops",
        "two models decline, one before any text and one in mid-answer; a third answers",
        hops=(_DECLINES, PlayedHop(text=_OPENING, declines=True, category="general_harms"), PlayedHop()),
    ),
    _with("declined", "every model of the chain declines", hops=(_DECLINES, _DECLINES, _DECLINES)),
    _with("refused", "every model declines before any text", hops=(_DECLINES,), hands_over=False),
    _with("refused_midway", "the model declines in mid-answer", hops=(_DECLINES_MIDWAY,), hands_over=False),
    _with(
        "recommended",
        "the model declines and recommends the fallback, which was overloaded",
        hops=(PlayedHop(declines=True, recommends=True), PlayedHop()),
        hands_over=False,
    ),
    _with("substituted", "the answer names another model and declares no fallback", reports="{fallback}"),
    _with("unnamed", "the answer names no model", reports=""),
    _with("truncated", "stops at max_tokens", hops=(PlayedHop(text=_OPENING, stop_reason="max_tokens"),)),
    _with(
        "context_exceeded",
        "stops because the context window is full",
        hops=(PlayedHop(text=_OPENING, stop_reason="model_context_window_exceeded"),),
    ),
    _with("empty", "an answer without any text", hops=(PlayedHop(text=""),)),
    _with("markdown", "Markdown: headings, a list, a table, code", hops=(PlayedHop(text=answers.MARKDOWN),)),
    _with("code", "an answer with two fenced code blocks", hops=(PlayedHop(text=answers.CODE),)),
    _with(
        "hostile",
        "an answer full of escape sequences, bidirectional controls and markup",
        hops=(PlayedHop(text=answers.HOSTILE),),
    ),
    _with("echo", "repeats the last message of the user", hops=(PlayedHop(text="{question}"),)),
    _with("json", "JSON that fits the schema of the request", hops=(PlayedHop(text="{schema}"),)),
    _with(
        "tool_use",
        "the model asks for a tool of the client",
        hops=(PlayedHop(closing=(answers.CALL,), stop_reason="tool_use"),),
    ),
    _with(
        "pause_turn",
        "the loop of a server tool pauses",
        hops=(PlayedHop(text=_OPENING, closing=(answers.SEARCH, answers.FOUND), stop_reason="pause_turn"),),
    ),
    _with(
        "compaction",
        "an answer with only a compaction block",
        hops=(PlayedHop(text="", blocks=(answers.COMPACTION,), stop_reason="compaction"),),
    ),
    _with("advisor", "the requested model answers, advised by another one", advisor=True),
    _with("slow", "a pause between words (slow:SECONDS, default 0.2)", delay=0.2),
    _with("long", "a long answer in many small pieces (long:N, default 20000)", long=20_000),
    _with(
        "torn",
        "sent in pieces of 7 bytes, which cut letters and events",
        hops=(PlayedHop(text=answers.EMOJI * 3),),
        write_size=7,
    ),
    _with(
        "split_emoji", "an emoji split between two pieces", hops=(PlayedHop(pieces=("smile \ud83d", "\ude00 done")),)
    ),
    _with(
        "newer",
        "events, blocks and fields no client knows yet",
        hops=(PlayedHop(blocks=(answers.UNKNOWN_BLOCK,)),),
        surprises=True,
    ),
    _with("odd_lines", "CRLF, a byte order mark, comments, id and retry fields", crlf=True, comments=True),
)

_FAULTS = (
    _with("cut", "the stream ends in mid-answer", fault=Fault("cut")),
    _with("hangup", "the connection is closed in mid-answer", fault=Fault("hangup")),
    _with("reset", "the connection is reset in mid-answer", fault=Fault("reset")),
    _with(
        "stalled", "the server sends nothing more in mid-answer, and keeps the connection open", fault=Fault("stall")
    ),
    _with("error_midway", "an error event in mid-answer", fault=Fault("error")),
    _with("broken_json", "an event in mid-answer that is not JSON", fault=Fault("broken_json")),
    _with("handover_cut", "a handover, then the stream ends", hops=(_DECLINES_MIDWAY, PlayedHop()), fault=Fault("cut")),
    _with("silent", "accepts the request and never answers", silent=True),
    _with("not_stream", "one JSON object, although a stream was asked for", whole=True),
    _with("no_usage", "no usage, no pings, no request id", usage=False, pings=False, own_headers=False),
)

_HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Guest Wi-Fi</h1></body></html>\n"

_ERRORS = (
    _with(
        "rate_limited",
        "429 with retry-after 0.2, then an answer",
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
    _with("overloaded", "529 each time: overloaded", error=_OVERLOADED),
    _with("server_error", "500 each time: an error of the server", error=_SERVER_ERROR),
    _with("unauthorised", "401: the key is not valid", error=_error(401, "authentication_error", "invalid x-api-key")),
    _with("billing", "402: the account has no credit",
          error=_error(402, "billing_error", "Your credit balance is too low.")),
    _with("forbidden", "403: the key has no permission",
          error=_error(403, "permission_error", "Your API key may not use this resource.")),
    _with("unknown_model", "404: the model does not exist", error=_error(404, "not_found_error", "model: {requested}")),
    _with("html", "200 with a web page, as from a captive portal",
          error=_error(200, "", "", body=_HTML, content_type="text/html; charset=utf-8")),
    _with("error_200", "200 with an error in it", error=_error(200, "api_error", "Upstream provider failed")),
    _with("no_fallbacks", "400: the model does not support the field fallbacks", refuses="model"),
    _with("no_fallbacks_field", "400: the endpoint does not know the field fallbacks", refuses="field"),
    _with("no_fallbacks_header", "400: the endpoint does not know the beta header of fallbacks", refuses="header"),
)  # fmt: skip

_CREDITS = (
    _with("credit", "the model declines with a credit token; another model then answers", hops=(_CREDIT, PlayedHop())),
    _with("credit_midway", "the model declines in mid-answer; its text may be continued",
          hops=(_CREDIT_MIDWAY, PlayedHop())),
    _with(
        "credit_no_claim",
        "the model declines in mid-answer; its text may not be continued",
        hops=(PlayedHop(text=_OPENING, declines=True, category=RETURNED, claim=False), PlayedHop()),
    ),
    _with(
        "credit_rejected_continuation",
        "400 for a request that continues the text, an answer for a plain one",
        hops=(_CREDIT_MIDWAY, PlayedHop()),
        rejects_continuation=True,
    ),
    _with("credit_rejected_token", "the model declines; the credit token cannot be redeemed",
          hops=(_CREDIT, PlayedHop()), rejects_token=True),
    _with("credit_chain", "two models decline, a third answers", hops=(_CREDIT, _CREDIT, PlayedHop())),
    _with("credit_chain_midway", "two models decline in mid-answer, a third continues",
          hops=(_CREDIT_MIDWAY, PlayedHop(text=" Wait. ", declines=True, category=RETURNED), PlayedHop())),
    _with("uncredited", "the model declines without a credit token; another model then answers",
          hops=(PlayedHop(declines=True, category=RETURNED, credit=False), PlayedHop())),
    _with("uncredited_midway", "the model declines in mid-answer without a credit token",
          hops=(PlayedHop(text=_OPENING, declines=True, category=RETURNED, credit=False), PlayedHop())),
    _with("hop_429", "the model declines; the next is rate limited; a third answers",
          hops=(_CREDIT, PlayedHop(error=_HOP_LIMITED), PlayedHop())),
    _with("hop_500", "the model declines; the next gives status 500; a third answers",
          hops=(_CREDIT, PlayedHop(error=_SERVER_ERROR), PlayedHop())),
    _with("hop_404", "the model declines; the next does not exist; a third answers",
          hops=(_CREDIT, PlayedHop(error=_error(404, "not_found_error", "model: {requested}")), PlayedHop())),
    _with("unavailable", "the model is overloaded; the next one answers",
          hops=(PlayedHop(error=_OVERLOADED), PlayedHop())),
    _with("unavailable_then_declined", "the model is overloaded; the next declines; a third answers",
          hops=(PlayedHop(error=_OVERLOADED), _CREDIT, PlayedHop())),
    _with("midway_thinking_tools", "the model declines after thinking, a search and text that may be continued",
          hops=(PlayedHop(text=_OPENING, thinking=answers.THINKING, blocks=(answers.SEARCH, answers.FOUND),
                    declines=True, category=RETURNED), PlayedHop())),
    _with("midway_tool_use", "the model declines after text, which may be continued, and a tool call",
          hops=(PlayedHop(text=_OPENING, thinking=answers.THINKING, closing=(answers.CALL,), declines=True,
                    category=RETURNED), PlayedHop())),
)  # fmt: skip

TABLE: Mapping[str, Scenario] = {
    scenario.name: scenario for scenario in (*_ANSWERS, *_FAULTS, *_ERRORS, *_CREDITS, *GATEWAYS, *CARDS)
}


_ALL = {**TABLE, **BATCHES}


def names() -> tuple[tuple[str, str], ...]:
    """Every scenario: its name and what happens in it, in one line."""
    return tuple((scenario.name, scenario.summary) for scenario in TABLE.values())


def batch_names() -> tuple[tuple[str, str], ...]:
    """The same for the scenarios of batches; they answer a message as `requested` does."""
    return tuple((scenario.name, scenario.summary) for scenario in BATCHES.values())


def load(name_or_path: str | Path, folder: Path | None = None, wait: PipeWait | None = None) -> Scenario:
    """The scenario of that name, with an argument where it takes one (`long:500`), or of that TOML file.

    A file in `folder` may be named without path and ending; `wait` limits how long a pipe is waited for. Raises
    `UsageError`, which says what is wrong and where, and the nearest name.
    """
    text = str(name_or_path)
    name, _, argument = text.partition(":")
    if isinstance(name_or_path, str) and name in _ALL:
        return _with_argument(_ALL[name], argument) if ":" in text else _ALL[name]
    path = Path(text)
    own = folder / f"{text}.toml" if folder is not None and "/" not in text and "\0" not in text else None
    if own is not None and os.path.isfile(own):  # noqa: PTH113  (which raises for a name that is too long)
        path = own
    elif isinstance(name_or_path, str) and path.suffix != ".toml" and "/" not in text and "\\" not in text:
        raise UsageError(f"there is no scenario {text!r}", hint=_nearest(name))
    from avow.simulator import custom

    return custom.read(path, wait)


def _nearest(name: str) -> str:
    near = nearest(name, _ALL)
    asked = f"did you mean {near!r}? " if near else ""
    return f"{asked}`avow simulate list` prints them all; a path to a TOML file works too"


def _with_argument(scenario: Scenario, argument: str) -> Scenario:
    try:
        if scenario.name == "long" and 1 <= int(argument) <= 5_000_000:
            return replace(scenario, long=int(argument))
        if scenario.name == "slow" and 0 <= float(argument) <= 3600:
            return replace(scenario, delay=float(argument))
        if scenario.name == "batch_slow" and 0 <= float(argument) <= 3600:
            return replace(scenario, batch=replace(scenario.batch, lasts=float(argument)))
    except ValueError:
        pass
    seconds = "seconds from 0 to 3600"
    takes = {"long": "a number of pieces from 1 to 5000000", "slow": seconds, "batch_slow": seconds}.get(scenario.name)
    wanted = f"it takes {takes}" if takes else "it takes no argument"
    raise UsageError(f"scenario {scenario.name}: {argument!r} does not fit; {wanted}")
