"""The request of an audit: the same body in every arm but for the model, and none of the settings of `ask`."""

from avow.audit.record import Conditions
from avow.context import Context
from avow.errors import UsageError
from avow.models import catalogue
from avow.settings.keys import KEYS
from avow.settings.levels import Settings
from avow.wire.json_value import JsonObject, obj
from avow.wire.request import messages_body

MAX_TOKENS = 1024
"""Thinking counts inside it; a card asks for about 25 tokens."""
EFFORT = "low"

_CONNECTION = frozenset(
    {
        "timeout", "retries", "quiet", "verbose", "color", "plain", "base_url", "auth_style", "api_version", "headers",
        "api_key_command", "keyring.enabled", "history.enabled", "history.content", "history.keep_days", "profile",
        "aliases", "prices", "same_models",
    }
)  # fmt: skip
"""Settings that reach an audit: how the endpoint is spoken to and what is kept, nothing that shapes a request."""


def request_for(model: str) -> JsonObject:
    """The body without model and messages: no system prompt, tools, cache, `fallbacks` or sampling parameters; low
    effort and adaptive thinking where the model takes them, by the built-in catalogue, because what an endpoint lists
    may change from day to day."""
    known = catalogue.find(model)
    request: JsonObject = {"max_tokens": MAX_TOKENS, "stream": True}
    if known is not None and known.thinking and "adaptive" in known.thinking:
        request["thinking"] = {"type": "adaptive"}
    if known is not None and known.efforts and EFFORT in known.efforts:
        request["output_config"] = {"effort": EFFORT}
    return request


def settings_for(given: Settings, model: str, request: JsonObject) -> Settings:
    """The settings with which `ask` sends exactly `request` to `model`."""
    values = {name: given.values[name] if name in _CONNECTION else key.default for name, key in KEYS.items()}
    own = {key: value for key, value in request.items() if key not in ("max_tokens", "stream", "output_config")}
    values |= {
        "model": model,
        "fallback": "none",
        "max_tokens": request["max_tokens"],
        "stream": request["stream"],
        "effort": obj(request.get("output_config")).get("effort"),
        "options": own,
    }
    return given._replace(values=values)


def conditions_of(model: str, given: Settings, context: Context) -> Conditions:
    """The conditions of a request to `model` now. Nothing is sent, and no key is needed."""
    request = request_for(model)
    endpoint = context.endpoint(given, context.credential_to_show(given))
    headers = endpoint.messages(messages_body(model, [], request, stream=False)).headers
    betas = next((value for name, value in headers if name == "anthropic-beta"), "")
    return Conditions(
        model=model,
        base_url=endpoint.base_url.rstrip("/"),
        api_version=endpoint.version,
        betas=tuple(sorted(beta.strip() for beta in betas.split(",") if beta.strip())),
        request=request,
    )


def check_named(against: str, model: str, request: JsonObject) -> None:
    """Raises UsageError where the model to compare with cannot get the same request as the model under audit."""
    if against == model:
        raise UsageError(f"--against {against}: this is the model under audit", hint="name another model")
    known = catalogue.find(against)
    lacks = []
    if known is not None and "thinking" in request and "adaptive" not in (known.thinking or ()):
        lacks.append("adaptive thinking")
    if known is not None and "output_config" in request and EFFORT not in (known.efforts or ()):
        lacks.append(f"effort {EFFORT}")
    if lacks:
        raise UsageError(
            f"--against {against}: it does not take {' or '.join(lacks)}, with which {model} is asked",
            hint="both models must get the same request; name another one",
        )
