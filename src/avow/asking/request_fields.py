"""Settings as what a request says: the models by their ids, the fields of the body, and who may answer."""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from avow.exchange.attempts import Limits
from avow.exchange.chain import Policy
from avow.models import catalogue
from avow.settings.levels import Settings
from avow.wire.api import API_HOST
from avow.wire.json_value import JsonObject
from avow.wire.request import SUMMARIES

if TYPE_CHECKING:
    from avow.models.catalogue import Model

MAX_TOKENS = 64_000
MAX_TOKENS_WHOLE = 16_000


def with_ids(settings: Settings, *, simulated: bool = False) -> Settings:
    """The same settings, once for a request, with the ids that aliases of models stand for: `model` (the default one
    where none is set), `fallback` (as `fallback_policy` has it), `if_unavailable`. Tables by model (`overrides`,
    `prices`, `same_models`) know them by id too; an entry under the id itself outranks one under an alias. The user's
    own aliases outrank the built-in.
    """
    aliases = settings.table("aliases")

    def ids(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(catalogue.expand_alias(name, aliases) for name in names)

    def by_id(table: Mapping[str, Any]) -> dict[str, Any]:
        return {**dict(zip(ids(table), table.values(), strict=True)), **table}

    policy = fallback_policy(settings, simulated=simulated)
    # A name in `same_models` is a gateway's in the first place, and only then an alias.
    vouched = settings.table("same_models")
    same = {name: tuple(dict.fromkeys((*models, *ids(models)))) for name, models in vouched.items()}
    found = {
        "model": catalogue.expand_alias(settings.text("model") or catalogue.DEFAULT_MODEL, aliases),
        "fallback": policy if isinstance(policy, str) else ids(policy),
        "if_unavailable": ids(settings.words("if_unavailable")),
        "overrides": by_id(settings.table("overrides")),
        "prices": by_id(settings.table("prices")),
        "same_models": by_id(same),
    }
    return settings._replace(values={**settings.values, **found})


def fallback_policy(settings: Settings, *, simulated: bool = False) -> str | tuple[str, ...]:
    """Who may answer. Where the user says nothing, the API's own fallback on the API's own host (and the simulator's),
    and nobody anywhere else: gateways refuse the field, or have one of their own by that name. Where avow
    itself is to fall back, nothing of it is sent, so that works everywhere."""
    if settings.get("fallback") is not None:
        return settings.words_or_text("fallback")
    by_avow = settings.text("fallback_by") == "client"
    return "default" if simulated or by_avow or is_the_api(settings.base_url) else "none"


def is_the_api(base_url: str | None) -> bool:
    """Whether this is the API's own host."""
    return urlsplit(base_url or "").hostname == API_HOST


def cache_lifetime(settings: Settings, *, in_chat: bool = False, simulated: bool = False) -> str | None:
    """How long the API is to keep what later questions repeat, None where nothing is marked for that. Where the user
    says nothing, five minutes in a chat on the API's own host (and the simulator's), and nothing anywhere else."""
    said = settings.text("cache")
    if said is None:
        return "5m" if in_chat and (simulated or is_the_api(settings.base_url)) else None
    return None if said == "none" else said


def avow_falls_back(settings: Settings) -> bool:
    """Whether avow itself, and not the API, asks the next model after a refusal."""
    return settings.text("fallback_by") == "client" and settings.words_or_text("fallback") != "none"


def attempt_limits(settings: Settings) -> Limits:
    """How often and how long is tried, from now on."""
    seconds = settings.number("deadline")
    return Limits(settings.integer("retries") or 0, None if seconds is None else time.monotonic() + seconds)


def body_fields(settings: Settings, known: "Model | None", response_format: JsonObject | None = None) -> JsonObject:
    """The body's fields other than model, messages and stream. `settings` are those of `with_ids`; `known` are the
    facts about the model, `response_format` is the form that its answer must have."""
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
        params["thinking"] = {**SUMMARIES}
    if (fallbacks := server_fallbacks(settings)) is not None:
        params["fallbacks"] = fallbacks
    return {**params, **settings.table("options")}


def server_fallbacks(settings: Settings) -> object:
    """The `fallbacks` field: None where the API is not to fall back by itself. `settings` are those of `with_ids`."""
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


def chain_policy(settings: Settings, allowed: tuple[str, ...]) -> Policy:
    """What avow itself does when a model declines or cannot be had; `allowed` is what `default` stands for."""
    models = (settings.words("fallback") or allowed) if avow_falls_back(settings) else ()
    overrides = {name: override_fields(value) for name, value in settings.table("overrides").items()}
    return Policy(models, settings.words("if_unavailable"), overrides)
