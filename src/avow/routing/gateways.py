"""What gateways say in headers and bodies about the model behind them, and what a name is worth on a host.

The headers are those of LiteLLM, Bifrost, Kong, ngrok, Portkey and Cloudflare as their documentation and their
responses named them in November 2026.
"""

import re
from collections.abc import Mapping

from avow.values import NamedTuple
from avow.wire.api import API_HOST
from avow.wire.json_value import JsonObject, items, obj
from avow.wire.names import name_in


class GatewayStatement(NamedTuple):
    """One statement of a gateway. `model`: the model behind it that it names; `route`: the group or the first choice
    it names, which is a model's name where the gateway has no other; `fallback`: it declares that it fell back;
    `other_option`: it says that it took another option than its first, not which model that is."""

    field: str
    value: object
    strength: str
    model: str | None = None
    route: str | None = None
    fallback: bool = False
    other_option: bool = False


_NAMES = (
    *("x-litellm-model-name", "x-bifrost-routing-info-model", "x-bifrost-resolved-model"),
    *("ngrok-aig-model", "x-kong-llm-model"),
)
_COUNTS = ("x-litellm-attempted-fallbacks", "x-bifrost-fallback-index")
_FLAGS = ("x-bifrost-routing-info-is-fallback",)
_TARGETS = ("x-bifrost-routing-info-server-side-fallback-model",)
_OPTIONS = ("x-portkey-last-used-option-index", "cf-aig-step")
_ROUTES = ("x-litellm-model-group", "x-bifrost-routing-info-primary-model", "x-bifrost-original-model")
_NOTES = ("ngrok-aig-attempts",)

_WEAK = (*_OPTIONS, *_NOTES)
HEARD = tuple(
    (name, "weak" if name in _WEAK else "strong")
    for name in (*_NAMES, *_COUNTS, *_FLAGS, *_TARGETS, *_OPTIONS, *_ROUTES, *_NOTES)
)
"""Every header that is listened to, with its strength."""


def statements_in(headers: Mapping[str, str], body: JsonObject) -> tuple[GatewayStatement, ...]:
    """Everything the response's headers (lower-case) and the message's foreign fields say about models."""
    heard = _from_headers(headers)
    if body.get("provider") is not None:
        heard.append(GatewayStatement("provider", body["provider"], "weak"))  # who ran it, not which model
    if body.get("openrouter_metadata") is not None:
        heard.append(_from_openrouter(obj(body["openrouter_metadata"])))
    return tuple(heard)


def _from_openrouter(metadata: JsonObject) -> GatewayStatement:
    """OpenRouter's metadata: of the endpoints that it could take, the one it selected. A switch there may have any
    cause, so it declares no fallback."""
    available = items(obj(metadata.get("endpoints")).get("available"))
    chosen = next((entry for entry in available if entry.get("selected") is True), {})
    name = name_in(chosen.get("model"))
    return GatewayStatement("openrouter_metadata", metadata, "strong" if name else "weak", name)


def _from_headers(headers: Mapping[str, str]) -> list[GatewayStatement]:
    heard = []
    for name, strength in HEARD:
        value = headers.get(name, "").strip()
        if not value:
            continue
        field = f"headers.{name}"
        model = value if name in (*_NAMES, *_TARGETS) else None
        route = value if name in _ROUTES else None
        other_option = name in _OPTIONS and _has_number_above_0(value)
        heard.append(
            GatewayStatement(field, value, strength, model, route, declares_fallback(field, value), other_option)
        )
    return heard


def declares_fallback(field: str, value: object) -> bool:
    """Whether this piece of evidence is a gateway's header that counts or declares a fallback."""
    name = field.removeprefix("headers.")
    if not field.startswith("headers.") or not isinstance(value, str):
        return False
    if name in _COUNTS:
        return _has_number_above_0(value)
    return name in _TARGETS or (
        name in _FLAGS and not {"true", "1", "yes"}.isdisjoint(re.split(r"[,\s]+", value.lower()))
    )


def strength_of_name(host: str) -> str:
    """What the body's `model` field is worth there: `strong`, `weak`, or `none` where it is a deployment's name."""
    if _within(host, "services.ai.azure.com"):
        return "none"
    if host == API_HOST or _within(host, "openrouter.ai"):
        return "strong"
    return "weak"


def asked_for(host: str) -> tuple[tuple[str, str], ...]:
    """The headers that make a gateway say more about the model behind it (OpenRouter's documentation)."""
    return (("X-OpenRouter-Metadata", "enabled"),) if _within(host, "openrouter.ai") else ()


def names_may_be_rewritten(host: str) -> bool:
    """Whether something stands between the client and the API that may put its own names into the response."""
    return host != API_HOST


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _has_number_above_0(value: str) -> bool:
    """Whether a count or an index is above 0: `1`, `config.targets[1]`, or one of a header that came twice (`0, 1`)."""
    return any(int(digits) > 0 for digits in re.findall(r"[0-9]{1,9}", value))
