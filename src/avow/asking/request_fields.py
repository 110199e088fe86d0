"""Settings as what a request says: the fields of its body, and who may answer."""

from typing import TYPE_CHECKING

from avow.errors import UsageError
from avow.exchange.chain import Policy
from avow.models import catalogue
from avow.settings.levels import Settings
from avow.wire.json_value import JsonObject

if TYPE_CHECKING:
    from avow.models.catalogue import Model

MAX_TOKENS = 64_000
MAX_TOKENS_WHOLE = 16_000
_OPTION_FOR = {
    "model": "use -m MODEL",
    "messages": "the prompt and -c make the messages",
    "stream": "use --no-stream",
    "fallbacks": "use --fallback",
}


def expand(name: str, settings: Settings) -> str:
    """The id that an alias stands for; the user's own aliases outrank the built-in ones."""
    return catalogue.expand_alias(name, settings.table("aliases"))


def body_fields(settings: Settings, known: "Model | None", response_format: JsonObject | None = None) -> JsonObject:
    """The body's fields besides model, messages and stream; `known` is what is known of the model, `response_format`
    the form its answer has to take. Raises UsageError for an `-o` that has an option of its own."""
    most = settings.integer("max_tokens")
    if most is None:
        most = MAX_TOKENS if settings.flag("stream") else MAX_TOKENS_WHOLE
        most = min(most, known.max_output) if known and known.max_output else most
    params: JsonObject = {"max_tokens": most}
    if system := settings.text("system"):
        params["system"] = system
    output: JsonObject = {}
    if effort := settings.text("effort"):
        output["effort"] = effort
    if response_format is not None:
        output["format"] = response_format
    if output:
        params["output_config"] = output
    if stops := settings.words("stop"):
        params["stop_sequences"] = list(stops)
    if speed := settings.text("speed"):
        params["speed"] = speed
    if settings.flag("show_thinking"):
        params["thinking"] = {"type": "adaptive", "display": "summarized"}
    if (fallbacks := server_fallbacks(settings)) is not None:
        params["fallbacks"] = fallbacks
    for key, value in settings.table("options").items():
        if key in _OPTION_FOR:
            raise UsageError(f"-o {key}: this field has an option of its own", hint=_OPTION_FOR[key])
        params[key] = value
    return params


def server_fallbacks(settings: Settings) -> object:
    """The `fallbacks` field: None where the API is not to fall back by itself."""
    policy = settings.words_or_text("fallback")
    if policy == "none" or settings.text("fallback_by") == "client":
        return None
    if isinstance(policy, str):
        return policy
    overrides = settings.table("overrides")
    return [{"model": model, **override_fields(overrides.get(model, {}))} for model in policy]


def override_fields(override: JsonObject) -> JsonObject:
    """A model's overrides from the config as fields of the body."""
    fields: JsonObject = {key: override[key] for key in ("max_tokens", "thinking", "speed") if key in override}
    if "effort" in override:
        fields["output_config"] = {"effort": override["effort"]}
    return fields


def chain_policy(settings: Settings, policy: str | tuple[str, ...], by: str) -> Policy:
    """What avow itself does when a model declines or cannot be had. `policy` is the models to ask, or `none`."""
    models = policy if by == "client" and isinstance(policy, tuple) else ()
    overrides = {name: override_fields(value) for name, value in settings.table("overrides").items()}
    unavailable = tuple(expand(name, settings) for name in settings.words("if_unavailable"))
    return Policy(tuple(expand(name, settings) for name in models), unavailable, overrides)
