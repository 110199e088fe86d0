"""`avow models`: what the key can use, or one model in detail."""

import time
from dataclasses import dataclass
from typing import Any

from avow.asking.request_fields import with_ids
from avow.asking.typed import Typed
from avow.context import Context
from avow.endpoint.listed_models import fetch, fetch_one
from avow.endpoint.remembered import EndpointFacts, keep, read
from avow.errors import CredentialsError, UsageError
from avow.exit_codes import ExitCode
from avow.models import catalogue
from avow.models.catalogue import Model
from avow.settings.levels import Settings
from avow.terminal.facts import Facts
from avow.terminal.sanitize import clean_line
from avow.wire.json_value import JsonObject

SCHEMA = "avow.models/1"

HEADINGS = ("ID", "LINE", "CONTEXT", "OUTPUT", "IN / OUT", "LIFECYCLE", "MAY DECLINE", "FALLBACKS")


@dataclass(frozen=True, slots=True)
class ModelsOptions:
    """Which model (None: all), in what form, and whether to ask again."""

    model: str | None = None
    as_json: bool = False
    refresh: bool = False
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is to be shown. `source` is `api` or `built-in`; `fetched_at` Unix seconds."""

    models: tuple[Model, ...]
    source: str
    base_url: str
    fetched_at: float | None = None
    has_list: bool | None = None


def command(typed: Typed, context: Context) -> ExitCode:
    """List them, or tell of one."""
    flags = (typed.flag("as_json"), typed.flag("refresh"))
    return run(ModelsOptions(typed.text("model"), *flags, typed.text("profile")), context)


def run(options: ModelsOptions, context: Context) -> ExitCode:
    """Print the list, or one model. Raises ExchangeError where the endpoint rejects the key or cannot be reached,
    UsageError for a model that nobody knows."""
    settings = context.settings(profile=options.profile)
    context.screen.configure(
        color=settings.text("color") or "auto", plain=settings.flag("plain"), quiet=settings.flag("quiet")
    )
    shown = _gather(options, settings, context)
    prices = with_ids(settings).table("prices")
    if options.as_json:
        import json

        context.screen.out(json.dumps(_as_json(shown, settings, prices), indent=2) + "\n")
    elif options.model is not None:
        context.screen.out(_detail(shown.models[0], settings, prices, context.screen.out_facts))
    else:
        from avow.commands.paging import page

        page(_table(shown.models, prices, context), context)
    return ExitCode.OK


# -- what is known --------------------------------------------------------------------------------------------


def _gather(options: ModelsOptions, settings: Settings, context: Context) -> _Shown:
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
                    f"{error.message}: this is the built-in list of {catalogue.DATED}, not what a key can use"
                )
                return _built_in(wanted, base_url, None)
        keep(cache, known)
    if not known.has_list:
        context.screen.warn(
            f"{base_url} has no list of models: this is the built-in one of {catalogue.DATED}; other ids may work"
        )
        return _built_in(wanted, base_url, known)
    assert known.fetched_at is not None
    if (age := now - known.fetched_at) >= 60:
        context.screen.note(f"the list is {_duration(age)} old; --refresh asks again")
    return _listed(known, wanted, base_url)


def _asked(known: EndpointFacts, wanted: str | None, settings: Settings, context: Context) -> EndpointFacts:
    """Ask for the list where it is not known yet, and for the one model that it lacks."""
    from avow.commands.with_retries import with_retries
    from avow.endpoint.transport import Patience

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


def _built_in(wanted: str | None, base_url: str, known: EndpointFacts | None) -> _Shown:
    has_list = None if known is None else False
    models = catalogue.models() if wanted is None else (_only(catalogue.find(wanted), wanted),)
    return _Shown(models, "built-in", base_url, known.fetched_at if known else None, has_list)


def _listed(known: EndpointFacts, wanted: str | None, base_url: str) -> _Shown:
    if wanted is None:
        models = known.listed()
    else:
        models = (_only(known.model(wanted) if known.about(wanted) else None, wanted),)
    return _Shown(models, "api", base_url, known.fetched_at, True)


def _only(model: Model | None, wanted: str) -> Model:
    if model is None:
        raise UsageError(f"there is no model {wanted!r} here", hint="`avow models` lists them; any id can be tried: -m")
    return model


# -- what is shown --------------------------------------------------------------------------------------------


def _prices(model: Model, own: dict[str, Any]) -> tuple[float | None, float | None]:
    """USD per million tokens in and out; the user's own outrank the list's."""
    mine = own.get(model.id, {})
    rates = model.rates
    return mine.get("input", rates.input if rates else None), mine.get("output", rates.output if rates else None)


def _cells(model: Model, own: dict[str, Any]) -> tuple[str, ...]:
    entered, left = _prices(model, own)
    return (
        clean_line(model.id),
        clean_line(model.line) or "?",
        _tokens(model.context),
        _tokens(model.max_output),
        "?" if entered is None or left is None else f"${_money(entered)} / ${_money(left)}",
        _lifecycle(model),
        _yes_no(model.may_decline),
        _fallbacks(model),
    )


def _table(models: tuple[Model, ...], own: dict[str, Any], context: Context) -> str:
    from avow.terminal.table import table

    lines = table([_cells(model, own) for model in models], context.screen.out_facts, heads=HEADINGS)
    return "".join(f"{line}\n" for line in lines)


def _detail(model: Model, settings: Settings, own: dict[str, Any], facts: Facts) -> str:
    from avow.terminal.table import definitions, room

    name, line, context, output, _price, lifecycle, declines, fallbacks = _cells(model, own)
    rows = [
        ("Id", name),
        ("Aliases", ", ".join(_aliases(model, settings)) or "none"),
        ("Line", line),
        ("Context", f"{model.context:,} tokens" if model.context else context),
        ("Output", f"{model.max_output:,} tokens at most" if model.max_output else output),
        ("Price", _price_words(model, own)),
        ("Released", clean_line(model.released) or "?"),
        ("Lifecycle", lifecycle),
        ("May decline", declines),
        ("Fallbacks", fallbacks),
        ("`fallbacks`", {True: "accepted", False: "not accepted", None: "?"}[model.takes_fallbacks]),
        ("Efforts", clean_line(", ".join(model.efforts)) or "none" if model.efforts is not None else "?"),
        ("Thinking", clean_line(", ".join(model.thinking)) or "none" if model.thinking is not None else "?"),
    ]
    lines = definitions(rows, room(facts))
    return "".join(f"{line}\n" for line in lines)


def _price_words(model: Model, own: dict[str, Any]) -> str:
    entered, left = _prices(model, own)
    if entered is None or left is None:
        return "?"
    words = f"${_money(entered)} in, ${_money(left)} out for a million tokens"
    if model.id in own:
        return f"{words} (your own)"
    if model.long_from is not None and model.long_rates is not None:
        dear = model.long_rates
        words += f"; above {model.long_from:,} tokens of prompt ${_money(dear.input)} and ${_money(dear.output)}"
    if model.fast_rates is not None:
        words += f"; fast ${_money(model.fast_rates.input)} and ${_money(model.fast_rates.output)}"
    return words


def _aliases(model: Model, settings: Settings) -> list[str]:
    own = settings.table("aliases")
    names = [*own, *(name for name in catalogue.ALIASES if name not in own)]
    return [clean_line(name) for name in names if catalogue.expand_alias(name, own) in (model.id, model.dated)]


def _lifecycle(model: Model) -> str:
    words = clean_line(model.lifecycle or "") or "?"
    if model.retires:
        return f"{words}, retires {clean_line(model.retires)}"
    return f"{words}, not before {model.not_before}" if model.not_before else words


def _fallbacks(model: Model) -> str:
    if model.allowed_fallbacks is None:
        return "?"
    return clean_line(", ".join(model.allowed_fallbacks)) or "none"


def _yes_no(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "?"}[value]


def _tokens(number: int | None) -> str:
    if number is None:
        return "?"
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size and number % (size // 10) == 0:
            return f"{number / size:g}{unit}"
    return f"{number:,}"


def _money(usd: float) -> str:
    return f"{usd:g}" if usd == int(usd) else f"{usd:.2f}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{round(minutes / 60)} hours"


def _as_json(shown: _Shown, settings: Settings, own: dict[str, Any]) -> JsonObject:
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
    entered, left = _prices(model, own)
    return {
        "id": model.id,
        "aliases": _aliases(model, settings),
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
