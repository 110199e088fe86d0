"""What to expect of each gateway: how it is known, what it does with `fallbacks`, and what speaks for the model."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from avow.routing.gateways import HEARD, strength_of_name
from avow.wire.api import API_HOST

_LINE = "\n"


class Fallbacks(StrEnum):
    """What the gateway does with `fallbacks` (their documentation and responses, November 2026)."""

    HONOURED = "works"
    TAKEN = "takes it for itself"
    REFUSED = "refuses it"
    UNKNOWN = "not known"


class Gateway(NamedTuple):
    """One kind of host. `domains` are where it runs, `prefix` is how its headers begin (lower-case; empty: it has none
    of its own, or nobody has said); `body` are fields of its own in the answer."""

    name: str
    fallbacks: Fallbacks
    domains: tuple[str, ...] = ()
    prefix: str = ""
    body: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[tuple[str, str], ...]:
        """What its answers may say of the model, each with its strength: headers, fields of the body, `model`."""
        headers = ((name, strength) for name, strength in HEARD if self.prefix and name.startswith(self.prefix))
        worth = strength_of_name(self.domains[0] if self.domains else "")
        return (*headers, *((name, "strong") for name in self.body), ("model", worth))


GATEWAYS: tuple[Gateway, ...] = (
    Gateway("Claude API", Fallbacks.HONOURED, (API_HOST,)),
    Gateway("Google Cloud, run by Anthropic", Fallbacks.HONOURED, ("claude.googleapis.com",)),
    Gateway("Claude Platform on AWS", Fallbacks.UNKNOWN),
    Gateway("Bedrock", Fallbacks.REFUSED, ("amazonaws.com", "api.aws")),
    Gateway("Foundry", Fallbacks.REFUSED, ("services.ai.azure.com",)),
    Gateway("vLLM", Fallbacks.REFUSED),
    Gateway("LiteLLM", Fallbacks.TAKEN, prefix="x-litellm-"),
    Gateway("OpenRouter", Fallbacks.TAKEN, ("openrouter.ai",), body=("openrouter_metadata",)),
    Gateway("Bifrost", Fallbacks.UNKNOWN, prefix="x-bifrost-"),
    Gateway("Kong", Fallbacks.UNKNOWN, prefix="x-kong-"),
    Gateway("ngrok", Fallbacks.UNKNOWN, prefix="ngrok-aig-"),
    Gateway("Portkey", Fallbacks.UNKNOWN, prefix="x-portkey-"),
    Gateway("Cloudflare", Fallbacks.UNKNOWN, prefix="cf-aig-"),
)


def known(host: str, headers: Iterable[str]) -> Gateway | None:
    """The gateway that this host is, or that the names of its response's headers say it is; None: not known."""
    names = [name.lower().removeprefix("headers.") for name in headers]
    for gateway in GATEWAYS:
        if any(host == domain or host.endswith(f".{domain}") for domain in gateway.domains):
            # The one on AWS that Anthropic runs is not Bedrock.
            return None if host.startswith("aws-external-anthropic.") else gateway
        if gateway.prefix and any(name.startswith(gateway.prefix) for name in names):
            return gateway
    return None


def advice(gateway: Gateway | None) -> str | None:
    """What to know before `--fallback` is used there; None where it works, or where nothing is known against it."""
    match gateway.fallbacks if gateway else None:
        case Fallbacks.TAKEN:
            does = "takes `fallbacks` for a setting of its own and does not pass it on"
        case Fallbacks.REFUSED:
            does = "does not take `fallbacks`"
        case _:
            return None
    return f"{gateway.name if gateway else ''} {does}; `--fallback-by client` works there"


def table() -> tuple[tuple[str, str], ...]:
    """Each gateway, with what becomes of `fallbacks`, and what its answers say of the model, by strength."""
    return tuple(
        (gateway.name, f"fallbacks: {gateway.fallbacks}\n{evidence_words(gateway, between=_LINE)}")
        for gateway in GATEWAYS
    )


def evidence_words(gateway: Gateway, between: str = "; ") -> str:
    """What its answers may say of the model: `strong: x-kong-llm-model; weak: model`."""
    found = gateway.evidence
    said = ((worth, [name for name, strength in found if strength == worth]) for worth in ("strong", "weak", "none"))
    return between.join(f"{worth}: {', '.join(names)}" for worth, names in said if names)
