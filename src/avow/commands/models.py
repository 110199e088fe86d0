"""`avow models`: what the key can use, or one model in detail."""

import time
from dataclasses import dataclass
from typing import Any

from avow.asking.request_fields import with_ids
from avow.asking.typed import Typed
from avow.commands.models_page import aliases_of, detail, listing, prices_of
from avow.context import Context
from avow.endpoint.listed_models import fetch, fetch_one
from avow.endpoint.remembered import EndpointFacts, keep, read
from avow.errors import CredentialsError, UsageError
from avow.exit_codes import ExitCode
from avow.models import catalogue
from avow.models.catalogue import Model
from avow.settings.levels import Settings
from avow.text.counts import counted
from avow.wire.json_value import JsonObject

SCHEMA = "avow.models/1"


@dataclass(frozen=True, slots=True)
class ModelsOptions:
    """The options of `avow models`: which model (None: all), in what form, and whether to ask again."""

    model: str | None = None
    as_json: bool = False
    refresh: bool = False
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class _ModelListing:
    """What is printed. `source` is `api` or `built-in`; `fetched_at` is in Unix seconds."""

    models: tuple[Model, ...]
    source: str
    base_url: str
    fetched_at: float | None = None
    has_list: bool | None = None


def command(typed: Typed, context: Context) -> ExitCode:
    """List the models, or describe one."""
    flags = (typed.flag("as_json"), typed.flag("refresh"))
    return run(ModelsOptions(typed.text("model"), *flags, typed.text("profile")), context)


def run(options: ModelsOptions, context: Context) -> ExitCode:
    """Print the list, or one model. Raises ExchangeError where the endpoint rejects the key or cannot be reached,
    UsageError for an unknown model."""
    settings = context.settings(profile=options.profile)
    shown = _gather(options, settings, context)
    prices = with_ids(settings).table("prices")
    if options.as_json:
        import json

        context.screen.out(json.dumps(_as_json(shown, settings, prices), indent=2) + "\n")
    elif options.model is not None:
        context.screen.out(detail(shown.models[0], settings.table("aliases"), prices, context.screen.out_facts))
    else:
        from avow.commands.paging import page

        page(listing(shown.models, prices, context.screen.out_facts), context)
    return ExitCode.OK


# -- what is known --------------------------------------------------------------------------------------------


def _gather(options: ModelsOptions, settings: Settings, context: Context) -> _ModelListing:
    base_url = settings.base_url
    now = time.time()
    cache = context.paths.cache
    wanted = catalogue.expand_alias(options.model, settings.table("aliases")) if options.model else None
    kept = read(cache, base_url, now)
    known = EndpointFacts(base_url, refused=kept.refused) if options.refresh else kept
    if known.fetched_at is None or (wanted and known.has_list and known.about(wanted) is None):
        try:
            known = _asked(known, wanted, settings, context)
        except CredentialsError as error:
            if known.fetched_at is None:
                context.screen.warn(
                    f"{error.message.partition(';')[0]}; showing the built-in list of {catalogue.DATED}"
                )
                return _built_in(wanted, base_url, None)
        keep(cache, known)
    if not known.has_list:
        context.screen.warn(
            f"{base_url} has no list of models; showing the built-in one of {catalogue.DATED}; other ids may work"
        )
        return _built_in(wanted, base_url, known)
    assert known.fetched_at is not None
    if (age := now - known.fetched_at) >= 60:
        context.screen.note(f"the list is {_duration(age)} old; --refresh asks again")
    return _listed(known, wanted, base_url)


def _asked(known: EndpointFacts, wanted: str | None, settings: Settings, context: Context) -> EndpointFacts:
    """Ask for the list where it is not known yet, and for the one model that is not on it."""
    from avow.commands.with_retries import with_retries
    from avow.endpoint.patience import Patience

    seconds = settings.number("timeout") or 30.0
    now = time.time()
    with context.open(settings, patience=Patience(seconds, seconds)) as api:
        facts = known
        if doubled := api.endpoint.doubled_words("/v1/models"):
            context.screen.note(doubled)
        if known.fetched_at is None:
            facts = with_retries(lambda: fetch(api.endpoint, api.send, now, known), settings, context)
        if wanted and facts.has_list and facts.about(wanted) is None:
            said = with_retries(lambda: fetch_one(api.endpoint, wanted, api.send), settings, context)
            facts = facts._replace(singles={**facts.singles, wanted: (now, said)})
    return facts


def _built_in(wanted: str | None, base_url: str, known: EndpointFacts | None) -> _ModelListing:
    has_list = None if known is None else False
    models = catalogue.models() if wanted is None else (_only(catalogue.find(wanted), wanted),)
    return _ModelListing(models, "built-in", base_url, known.fetched_at if known else None, has_list)


def _listed(known: EndpointFacts, wanted: str | None, base_url: str) -> _ModelListing:
    if wanted is None:
        models = known.listed()
    else:
        models = (_only(known.model(wanted) if known.about(wanted) else None, wanted),)
    return _ModelListing(models, "api", base_url, known.fetched_at, True)


def _only(model: Model | None, wanted: str) -> Model:
    if model is None:
        raise UsageError(f"there is no model {wanted!r} here", hint="`avow models` lists them; any id can be tried: -m")
    return model


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return counted(minutes, "minute") if minutes < 120 else counted(round(minutes / 60), "hour")


def _as_json(shown: _ModelListing, settings: Settings, own: dict[str, Any]) -> JsonObject:
    from avow.exchange.exchange import timestamp

    return {
        "schema": SCHEMA,
        "source": shown.source,
        "base_url": shown.base_url,
        "has_list": shown.has_list,
        "fetched_at": None if shown.fetched_at is None else timestamp(shown.fetched_at),
        "built_in_dated": catalogue.DATED,
        "models": [_model_as_json(model, settings, own) for model in shown.models],
    }


def _model_as_json(model: Model, settings: Settings, own: dict[str, Any]) -> JsonObject:
    entered, left = prices_of(model, own)
    return {
        "id": model.id,
        "aliases": aliases_of(model, settings.table("aliases")),
        "line": model.line or None,
        "context": model.context,
        "max_output": model.max_output,
        "price": {"input": entered, "output": left},
        "released": model.released or None,
        "lifecycle": model.lifecycle,
        "retires": model.retires,
        "not_before": model.not_before,
        "may_decline": model.may_decline,
        "takes_fallbacks": model.takes_fallbacks,
        "allowed_fallbacks": None if model.allowed_fallbacks is None else list(model.allowed_fallbacks),
        "efforts": None if model.efforts is None else list(model.efforts),
        "thinking": None if model.thinking is None else list(model.thinking),
    }
