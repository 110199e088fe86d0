"""What the API refuses in the body of a request before a model sees it: fields, messages, blocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from avow.simulator import blocks, models, prompt_cache, schemas
from avow.simulator.script import HttpError, Json, bad_request

MAX_BODY = 32 * 1024 * 1024

_PER_TURN = "mid-conversation-output-config-|per-turn-control-"
"""The betas that allow `output_config` in a message with the role `system`; Claude Code 2.1.332 sends the second
one."""

# Field -> the family of beta headers it needs ("" where none).
_COUNTED = {
    "model": "", "messages": "", "system": "", "tools": "", "tool_choice": "", "thinking": "", "output_config": "",
    "cache_control": "", "speed": "", "context_management": "context-management-|compact-",
    "compaction": "compact-2026-09", "mcp_servers": "mcp-client-", "billing_policy": "oidc-",
}  # fmt: skip
_FIELDS = _COUNTED | {
    "max_tokens": "", "stream": "", "stop_sequences": "", "metadata": "", "service_tier": "", "inference_geo": "",
    "container": "", "diagnostics": "", "fallbacks": "server-side-fallback-",
    "fallback_credit_token": "fallback-credit-", "thread": "message-threads-",
    "safeguards": "dangerous-tool-use-",
}  # fmt: skip
_SAMPLING = ("temperature", "top_p", "top_k")
_OVERRIDES = frozenset(("model", "max_tokens", "thinking", "output_config", "speed"))


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request to be checked. `counting`: it is for `count_tokens`. `knows_block` says whether this server made a
    `fallback` block."""

    body: Json
    version: str
    betas: frozenset[str]
    counting: bool
    knows_block: Callable[[Json], bool]

    @property
    def model(self) -> models.PlayedModel | None:
        """The catalogue's entry for the requested model; `None` for a name the simulator does not know."""
        return models.find(str(self.body["model"]))

    def has_beta(self, families: str) -> bool:
        """Whether a beta of one of the families (joined by `|`) was sent."""
        return any(beta.startswith(tuple(families.split("|"))) for beta in self.betas)


def unknown_model(request: ReceivedRequest) -> HttpError | None:
    """The error for a model that does not exist, requested or in `fallbacks`; `None` where all exist."""
    named = str(request.body["model"])
    if models.find(named) is None:
        return HttpError(404, "not_found_error", f"model: {named}")
    entries = request.body.get("fallbacks")
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        if models.find(str(entry["model"])) is None:
            return bad_request(f"fallbacks.{number}.model: '{entry['model']}' is not a valid model")
    return None


def check_body(request: ReceivedRequest) -> HttpError | None:
    """The first thing wrong with the body of a messages or count_tokens request, or `None`."""
    for message in _complaints(request):
        return bad_request(message)
    return None


def _complaints(request: ReceivedRequest) -> Iterator[str]:
    yield from _fields(request)
    yield from _scalars(request)
    yield from _thinking(request)
    yield from _output_config(request)
    yield from _tools(request)
    yield from _fallbacks(request)
    yield from blocks.system_complaints(request.body.get("system"))
    sets_effort = request.has_beta(_PER_TURN)
    yield from blocks.message_complaints(request.body["messages"], request.version, sets_effort=sets_effort)
    yield from prompt_cache.complaints(request.body)
    yield from blocks.replay_complaints(
        request.body, request.model, request.knows_block, may_echo=request.has_beta("server-side-fallback-")
    )
    yield from _prefill(request)


def _fields(request: ReceivedRequest) -> Iterator[str]:
    known = _COUNTED if request.counting else _FIELDS
    for name in request.body:
        sampling = name in _SAMPLING and request.version != "2026-10-21" and not request.counting
        if sampling:
            continue
        if name not in known or (known[name] and not request.has_beta(known[name])):
            yield f"{name}: Extra inputs are not permitted"
    for name in ("model", "messages") if request.counting else ("model", "max_tokens", "messages"):
        if name not in request.body:
            yield f"{name}: Field required"


def _scalars(request: ReceivedRequest) -> Iterator[str]:
    body = request.body
    if not isinstance(body["model"], str):
        yield "model: Input should be a valid string"
    if body["model"] == "":
        yield "model: String should have at least 1 character"
    if not isinstance(body.get("stream", False), bool):
        yield "stream: Input should be a valid boolean"
    if "max_tokens" in body:
        yield from _max_tokens(request, body["max_tokens"])
    stops = body.get("stop_sequences", [])
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        yield "stop_sequences: Input should be a valid list of strings"
    for number, stop in enumerate(stops):
        if not stop.strip():
            yield f"stop_sequences.{number}: each stop sequence must contain non-whitespace"
    if body.get("speed", "standard") not in ("standard", "fast", None):
        yield "speed: Input should be 'standard' or 'fast'"
    if body.get("service_tier", "auto") not in ("auto", "standard_only"):
        yield "service_tier: Input should be 'auto' or 'standard_only'"
    for name in ("metadata", "thinking", "output_config", "cache_control"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            yield f"{name}: Input should be an object"
    model = request.model
    adjusted = body.get("temperature", 1) != 1 or body.get("top_p", 1) != 1 or "top_k" in body
    if adjusted and (model is None or "enabled" not in model.thinking):
        yield "`temperature`, `top_p` and `top_k` may only have their default values on this model."


def _max_tokens(request: ReceivedRequest, limit: object) -> Iterator[str]:
    if not isinstance(limit, int) or isinstance(limit, bool):
        yield "max_tokens: Input should be a valid integer"
        return
    model = request.model
    most = model.output if model else 128_000
    if limit > most:
        name = request.body["model"]
        yield f"max_tokens: {limit} > {most}, which is the maximum allowed number of output tokens for {name}"
    if limit < 0:
        yield "max_tokens: Input should be greater than or equal to 0"
    if limit == 0 and request.body.get("stream"):
        yield "max_tokens: 0 is not supported with `stream`"


def _thinking(request: ReceivedRequest) -> Iterator[str]:
    thinking = request.body.get("thinking")
    if thinking is None:
        return
    form, model = thinking.get("type"), request.model
    extra = set(thinking) - {"type", "budget_tokens", "display", "block_binding"}
    for name in sorted(extra):
        yield f"thinking.{name}: Extra inputs are not permitted"
    if form not in ("adaptive", "enabled", "disabled", "between_tools"):
        yield "thinking.type: Input should be 'adaptive', 'enabled', 'disabled' or 'between_tools'"
    if model is not None and form not in model.thinking:
        if form == "adaptive":
            yield "adaptive thinking is not supported on this model"
        yield f'"thinking.type.{form}" is not supported for this model. Use "thinking.type.{model.thinking[0]}".'
    if form == "enabled":
        budget = thinking.get("budget_tokens")
        if not isinstance(budget, int) or budget < 1024:
            yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        elif budget >= request.body.get("max_tokens", budget + 1):
            yield "`max_tokens` must be greater than `thinking.budget_tokens`."
    elif "budget_tokens" in thinking:
        yield f"thinking.{form}.budget_tokens: Extra inputs are not permitted"
    displays = ["summarized", "omitted"] + ["updates"] * request.has_beta("thinking-display-updates-")
    if "display" in thinking and (form not in ("adaptive", "enabled") or thinking["display"] not in displays):
        yield f"thinking.{form}.display: Input should be 'summarized' or 'omitted'"
    if "block_binding" in thinking and not request.has_beta("thinking-binding-controls-"):
        yield "thinking.block_binding: Extra inputs are not permitted"


def _output_config(request: ReceivedRequest) -> Iterator[str]:
    config, model = request.body.get("output_config"), request.model
    if config is None:
        return
    for name in sorted(set(config) - {"effort", "format", "task_budget"}):
        yield f"output_config.{name}: Extra inputs are not permitted"
    effort = config.get("effort")
    if effort is not None:
        levels = ("low", "medium", "high", "xhigh", "max")
        if effort not in levels:
            yield "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"
        if model is not None and not model.effort:
            yield "This model does not support the effort parameter."
        if model is not None and effort not in model.effort:
            yield f"This model does not support effort level '{effort}'. Supported: {', '.join(model.effort)}."
    shape = config.get("format")
    if shape is not None:
        if not isinstance(shape, dict) or shape.get("type") != "json_schema":
            yield "output_config.format.type: Input should be 'json_schema'"
        elif not isinstance(shape.get("schema"), dict):
            yield "output_config.format.schema: Field required"
        else:
            yield from schemas.complaints(shape["schema"], "output_config.format.schema")


def _tools(request: ReceivedRequest) -> Iterator[str]:
    tools = request.body.get("tools", [])
    if not isinstance(tools, list):
        yield "tools: Input should be a valid list"
        return
    for number, tool in enumerate(tools):
        if not isinstance(tool, dict):
            yield f"tools.{number}: Input should be an object"
        elif not isinstance(tool.get("name"), str) and tool.get("type") in (None, "custom"):
            yield f"tools.{number}.custom.name: Field required"
        elif tool.get("type") in (None, "custom") and not isinstance(tool.get("input_schema"), dict):
            yield f"tools.{number}.custom.input_schema: Field required"
    choice, model = request.body.get("tool_choice"), request.model
    if choice is not None:
        if not isinstance(choice, dict) or choice.get("type") not in ("auto", "any", "tool", "none"):
            yield "tool_choice: Input tag should be one of 'auto', 'any', 'tool', 'none'"
        elif choice["type"] in ("any", "tool") and model is not None and not model.forced_tools:
            yield 'tool_choice: type "tool" and "any" are not supported for this model.'


def _fallbacks(request: ReceivedRequest) -> Iterator[str]:
    named: Any = request.body.get("fallbacks")
    if named is None:
        return
    if "fallback_credit_token" in request.body:
        yield "fallback_credit_token: may not be combined with `fallbacks`"
    if named == "default":
        return
    if not isinstance(named, list) or not named:
        yield "fallbacks: Input should be 'default' or a list of 1 to 3 entries"
        return
    if len(named) > 3:
        yield "fallbacks: List should have at most 3 items after validation"
    seen = {request.body["model"]}
    for number, entry in enumerate(named):
        if not isinstance(entry, dict) or not isinstance(entry.get("model"), str) or not entry["model"]:
            yield f"fallbacks.{number}.model: Field required"
            continue
        for name in sorted(set(entry) - _OVERRIDES):
            yield f"fallbacks.{number}.{name}: Extra inputs are not permitted"
        if entry["model"] in seen:
            yield f"fallbacks.{number}.model: '{entry['model']}' may be named only once"
        seen.add(entry["model"])
    model = request.model
    if model is not None and not model.fallbacks:
        yield f"'{request.body['model']}' does not support the `fallbacks` parameter."


def _prefill(request: ReceivedRequest) -> Iterator[str]:
    if request.body["messages"][-1]["role"] != "assistant" or "fallback_credit_token" in request.body:
        return
    model = request.model
    if model is None or not model.prefill:
        yield ("This model does not support assistant message prefill. The conversation must end with a user message.")
