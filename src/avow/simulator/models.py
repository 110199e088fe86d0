"""The simulator's models: `GET /v1/models`, `GET /v1/models/{id}`, and what each model accepts."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_ALL = ("low", "medium", "high", "xhigh", "max")
_NO_XHIGH = ("low", "medium", "high", "max")


@dataclass(frozen=True, slots=True)
class PlayedModel:
    """One model as the simulator lists it. `context` and `output` are in tokens; `thinking` and `effort` are the
    accepted values; `caches_from` is the fewest tokens of a prompt that its cache keeps; `created` is a date, `retires`
    and `deprecated` are moments (RFC 3339)."""

    id: str
    name: str
    created: str
    line: str
    lifecycle: str = "active"
    context: int = 1_000_000
    output: int = 128_000
    thinking: tuple[str, ...] = ("adaptive",)
    effort: tuple[str, ...] = _ALL
    fallbacks: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    prefill: bool = False
    forced_tools: bool = True
    binds_thinking: bool = False
    caches_from: int = 512
    retires: str | None = None
    deprecated: str | None = None


_BUDGET = ("enabled", "disabled")
_OPUS_PAIR = ("claude-opus-4-8", "claude-opus-5")

MODELS: tuple[PlayedModel, ...] = (
    PlayedModel("claude-fable-5-2", "Claude Fable 5.2", "2026-11-09", "fable", fallbacks=_OPUS_PAIR, forced_tools=False,
                binds_thinking=True),
    PlayedModel("claude-mythos-5-2", "Claude Mythos 5.2", "2026-11-09", "mythos", forced_tools=False,
                binds_thinking=True),
    PlayedModel("claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-07", "haiku", thinking=("adaptive", "disabled"),
                binds_thinking=True, caches_from=4096),
    PlayedModel("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-28", "sonnet", fallbacks=("claude-sonnet-5",),
                thinking=("adaptive", "between_tools"), forced_tools=False, binds_thinking=True),
    PlayedModel("claude-opus-5-5", "Claude Opus 5.5", "2026-09-22", "opus", fallbacks=_OPUS_PAIR, forced_tools=False,
                binds_thinking=True),
    PlayedModel("claude-fable-5-1", "Claude Fable 5.1", "2026-09-01", "fable", fallbacks=_OPUS_PAIR, forced_tools=False,
                binds_thinking=True),
    PlayedModel("claude-opus-5", "Claude Opus 5", "2026-07-24", "opus", thinking=("adaptive", "disabled"),
                fallbacks=("claude-opus-4-8",)),
    PlayedModel("claude-sonnet-5", "Claude Sonnet 5", "2026-06-30", "sonnet", thinking=("adaptive", "disabled"),
                caches_from=1024),
    PlayedModel("claude-fable-5", "Claude Fable 5", "2026-06-09", "fable", fallbacks=_OPUS_PAIR),
    PlayedModel("claude-opus-4-8", "Claude Opus 4.8", "2026-05-28", "opus", thinking=("adaptive", "disabled"),
                caches_from=1024),
    PlayedModel("claude-opus-4-7", "Claude Opus 4.7", "2026-04-16", "opus", thinking=("adaptive", "disabled"),
                caches_from=2048),
    PlayedModel("claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17", "sonnet", effort=_NO_XHIGH,
                thinking=("adaptive", "enabled", "disabled"), caches_from=1024),
    PlayedModel("claude-opus-4-6", "Claude Opus 4.6", "2026-02-05", "opus", effort=_NO_XHIGH,
                thinking=("adaptive", "enabled", "disabled"), caches_from=4096),
    PlayedModel("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-24", "opus", context=200_000, output=64_000,
                thinking=_BUDGET, effort=("low", "medium", "high"), aliases=("claude-opus-4-5",), prefill=True,
                caches_from=4096),
    PlayedModel("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-15", "haiku", context=200_000, output=64_000,
                thinking=_BUDGET, effort=(), aliases=("claude-haiku-4-5",), prefill=True, caches_from=4096),
    PlayedModel("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29", "sonnet", lifecycle="deprecated",
          context=200_000, output=64_000, thinking=_BUDGET, effort=(), aliases=("claude-sonnet-4-5",),
          prefill=True, deprecated="2026-09-30T00:00:00Z", retires="2026-11-30T00:00:00Z", caches_from=1024),
    PlayedModel("claude-opus-4-1-20250805", "Claude Opus 4.1", "2025-08-05", "opus", lifecycle="retired",
          context=200_000, output=32_000, thinking=_BUDGET, effort=(), aliases=("claude-opus-4-1",), prefill=True,
          deprecated="2026-06-05T00:00:00Z", retires="2026-08-05T00:00:00Z", caches_from=1024),
)  # fmt: skip

_BY_NAME = {name: model for model in MODELS for name in (model.id, *model.aliases)}


def find(name: str) -> PlayedModel | None:
    """The model of that id or alias, or `None`."""
    return _BY_NAME.get(name)


def page(query: dict[str, list[str]], *, with_fallbacks: bool) -> Json | str:
    """One page of the list, newest first, or what is wrong with `query` (`limit`, `after_id`, `before_id`,
    `lifecycle[]`)."""
    wanted = query.get("lifecycle[]") or query.get("lifecycle") or ["active", "deprecated"]
    listed = [model for model in MODELS if model.lifecycle in wanted]
    ids = [model.id for model in listed]
    try:
        limit = int(query.get("limit", ["20"])[0])
    except ValueError:
        return "limit: Input should be a valid integer, unable to parse string as an integer"
    if not 1 <= limit <= 1000:
        return "limit: Input should be between 1 and 1000"
    after, before = query.get("after_id", [""])[0], query.get("before_id", [""])[0]
    for key, cursor in (("after_id", after), ("before_id", before)):
        if cursor and cursor not in ids:
            return f"{key}: `{cursor}` is not an id of this list"
    if before:
        end = ids.index(before)
        chosen = listed[max(0, end - limit) : end]
        more = end - limit > 0
    else:
        start = ids.index(after) + 1 if after else 0
        chosen = listed[start : start + limit]
        more = start + limit < len(listed)
    return {
        "data": [describe(model, with_fallbacks=with_fallbacks) for model in chosen],
        "first_id": chosen[0].id if chosen else None,
        "last_id": chosen[-1].id if chosen else None,
        "has_more": more,
    }


def describe(model: PlayedModel, *, with_fallbacks: bool) -> Json:
    """The model object of the API; `allowed_fallback_models` only where its beta header was sent."""
    effort: Json = {"supported": bool(model.effort)}
    effort |= {level: _flag(level in model.effort) for level in _ALL}
    forms = ("adaptive", "between_tools", "disabled", "enabled")
    always = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    described: Json = {
        "id": model.id,
        "type": "model",
        "display_name": model.name,
        "created_at": f"{model.created}T00:00:00Z",
        "lifecycle": model.lifecycle,
        "deprecated_at": model.deprecated,
        "retires_at": model.retires,
        "line": model.line,
        "max_input_tokens": model.context,
        "max_tokens": model.output,
        "capabilities": {name: _flag(True) for name in always}
        | {
            "effort": effort,
            "thinking": {"supported": True, "types": {form: _flag(form in model.thinking) for form in forms}},
            "context_management": {
                "supported": True,
                "clear_tool_uses_20250919": _flag(True),
                "clear_thinking_20251015": _flag(True),
                "compact_20260112": _flag("adaptive" in model.thinking),
            },
            "server_tools": {"supported": True, "web_search": _flag(True), "code_execution": _flag(True)},
        },
    }
    if with_fallbacks:
        described["allowed_fallback_models"] = list(model.fallbacks)
    return described


def openai_page() -> Json:
    """The list as gateways in the style of OpenAI give it."""
    return {
        "object": "list",
        "data": [
            {"id": model.id, "object": "model", "created": 1790000000, "owned_by": "anthropic"} for model in MODELS
        ],
    }


def _flag(supported: bool) -> Json:
    return {"supported": supported}
