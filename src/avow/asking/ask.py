"""Carries out an inquiry: asked, kept and reported, or only counted."""

import time
from collections.abc import Callable, Sequence, Set
from contextlib import nullcontext
from pathlib import Path

from avow.asking.inquiry import Inquiry, PreparedInquiry, drafted, prepare
from avow.asking.keeper import Keeper
from avow.context import Context
from avow.endpoint import remembered
from avow.endpoint.transport import Api
from avow.exchange.exchange import LONGEST_TRACEPARENT, Exchange, ExchangeEvent, Finished, Noted, Problem, as_json
from avow.exchange.run import converse
from avow.exit_codes import ExitCode, gravest
from avow.routing.verdict import reasons
from avow.settings.levels import Settings
from avow.wire.failure import not_an_answer, rejected
from avow.wire.json_value import obj, parse, whole

Outlet = Callable[[Exchange], str | None]
"""Takes a finished exchange; words for what went wrong, None where nothing did."""

LOOK_UP_S = 10.0
"""How long the endpoint may stay silent, at most, when it is asked which models may answer."""


def ask(
    inquiry: Inquiry,
    context: Context,
    on_event: Callable[[ExchangeEvent], None],
    outlets: Sequence[Outlet] = (),
    api: Api | None = None,
) -> Exchange:
    """Ask, keep the exchange, and return it finished. `on_event` is called with every event, `Finished` last; before
    that the `outlets` get the exchange. Without an `api` one is opened for this question alone.

    Raises AvowError where nothing was sent.
    """
    inquiry = inquiry._replace(settings=context.after_waiting(inquiry.settings))
    with nullcontext(api) if api else context.open(inquiry.settings, simulate=inquiry.simulate) as api:
        prepared = prepared_for(inquiry, context, api)
        refused = set(prepared.plan.without)

        def learn(model: str, names: frozenset[str]) -> None:
            refused.update(names)
            prepared.plan.learn(model, names)

        keeper = Keeper(context, inquiry.settings, on_event)
        exchange = prepared.exchange
        exchange = keeper.begin(exchange) if inquiry.begun is None else keeper.go_on(exchange, inquiry.begun)
        for note in prepared.notes:
            on_event(Noted(note))
        finished = converse(
            prepared.plan._replace(learn=learn),
            exchange,
            send=lambda request: api.send(request, prepared.plan.limits.deadline),
            on_event=on_event,
            save=keeper.save,
        )
        return _finish(inquiry, context, finished, keeper, on_event, outlets, refused)


def count(inquiry: Inquiry, context: Context) -> int:
    """How many input tokens the prompt has, by the API's own count; no model sees it.

    Raises ExchangeError where the API does not say.
    """
    inquiry = inquiry._replace(settings=context.after_waiting(inquiry.settings))
    with context.open(inquiry.settings, simulate=inquiry.simulate) as api:
        facts = remembered.read(_cache(context, api), api.endpoint.base_url, time.time())
        draft = drafted(inquiry, facts, simulated=api.simulated)
        request = api.endpoint.count_tokens(draft.body)
        if doubled := api.endpoint.doubled_words("/v1/messages/count_tokens"):
            context.screen.note(doubled)
        draft.check(request)
        seconds = inquiry.settings.number("deadline")
        with api.send(request, None if seconds is None else time.monotonic() + seconds) as response:
            data = response.read(1024 * 1024)
            if response.status >= 400:
                raise rejected(response.status, response.headers, data)
            try:
                number = whole(obj(parse(data)).get("input_tokens"))
            except ValueError:
                number = None
            if number is None:
                kind = response.headers.get("content-type", "")
                raise not_an_answer(response.status, kind, data, response.headers.get("request-id"))
            return number


def prepared_for(inquiry: Inquiry, context: Context, api: Api) -> PreparedInquiry:
    """The inquiry, prepared with what is remembered of the endpoint; what avow learns from the endpoint meanwhile is
    kept."""
    cache, base_url = _cache(context, api), api.endpoint.base_url

    def allowed_fallbacks(model: str) -> tuple[str, ...]:
        from avow.endpoint import listed_models

        given = api.patience
        patience = given._replace(first_s=min(LOOK_UP_S, given.first_s), between_s=min(LOOK_UP_S, given.between_s))
        quick = api._replace(patience=patience)
        return listed_models.allowed_fallbacks(cache, api.endpoint, model, quick.send, time.time())

    def learn(model: str, refused: frozenset[str]) -> None:
        if cache is not None:
            remembered.keep_refused(cache, base_url, model, refused, time.time())

    facts = remembered.read(cache, base_url, time.time())
    prepared = prepare(inquiry, api.endpoint, facts, simulated=api.simulated, allowed_fallbacks=allowed_fallbacks)
    parent = context.environ.get("TRACEPARENT", "")[:LONGEST_TRACEPARENT] or None
    exchange = prepared.exchange._replace(traceparent=parent)
    return prepared._replace(plan=prepared.plan._replace(learn=learn), exchange=exchange)


def _cache(context: Context, api: Api) -> Path | None:
    """The folder where facts may be remembered; None for the simulator."""
    return None if api.simulated else context.paths.cache


def _finish(
    inquiry: Inquiry,
    context: Context,
    exchange: Exchange,
    keeper: Keeper,
    on_event: Callable[[ExchangeEvent], None],
    outlets: Sequence[Outlet],
    refused: Set[str],
) -> Exchange:
    exchange = keeper.finish(exchange)
    keeper.expire()
    if earlier := keeper.earlier_decline(exchange):
        from avow.text.local_time import local

        phrases = "; ".join(reasons(earlier.routing))
        on_event(Noted(f"sticky since {local(earlier.created_at)}, exchange {earlier.number}: {phrases}"))
    if inquiry.settings.text("cache") not in (None, "none") and inquiry.item is None:
        from avow.asking.uncached import why_uncached  # deferred: a plain question has no need of it
        from avow.wire.caching import MARK

        if MARK not in refused and (note := why_uncached(exchange)):
            on_event(Noted(note))
    for outlet in outlets:
        if (wrong := outlet(exchange)) is not None:
            exchange = keeper.finish(_undelivered(exchange, wrong))
    if is_withheld(exchange, inquiry.settings):
        exchange = exchange._replace(withheld=True)
    if exchange.error is not None and exchange.error.status == 404:
        from avow.asking.not_found import hint_of  # deferred: a plain question has no need of it

        exchange = exchange._replace(error=exchange.error._replace(hint=hint_of(exchange, inquiry.settings)))
    on_event(Finished(exchange))
    push_after(inquiry.settings, context, exchange)
    _run_hook(inquiry.settings, context, exchange)
    return exchange


def is_withheld(exchange: Exchange, settings: Settings) -> bool:
    """Whether `--hold` keeps the finished exchange from being shown."""
    return settings.flag("hold") and exchange.exit_code != 0


def push_after(settings: Settings, context: Context, exchange: Exchange) -> None:
    """Start a push of the history, where the user wants one after each exchange and this one is in it."""
    is_wanted = settings.text("telemetry.push") == "after" and exchange.number is not None
    if is_wanted and not exchange.simulated and exchange.signal is None:
        from avow.asking import afterwards

        afterwards.push(context.environ, context.paths, settings.profile)


def _undelivered(exchange: Exchange, words: str) -> Exchange:
    """The exchange that an outlet could not take, for the reason in `words`."""
    if exchange.problem is not None and exchange.problem.words is not None:
        words = f"{exchange.problem.words}; {words}"
    code = exchange.exit_code
    return exchange._replace(
        problem=Problem(ExitCode.UNEXPECTED, words),
        exit_code=gravest(code, ExitCode.UNEXPECTED) if isinstance(code, ExitCode) else code,
    )


def _run_hook(settings: Settings, context: Context, exchange: Exchange) -> None:
    """Run the user's command after a rerouted answer; what goes wrong with it is only noted."""
    command = settings.words("on_reroute")
    if not command or not exchange.routing.rerouted or exchange.signal is not None:
        return
    from avow.asking import hooks

    body = as_json(exchange._replace(withheld=False))
    problem = hooks.run(command, body, context.environ, settings.number("on_reroute_timeout") or 10.0)
    if problem is not None:
        context.screen.note(problem)
