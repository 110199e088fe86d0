"""From an inquiry to a finished exchange that is kept: what `ask`, `chat` and `retry` have in common."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from avow.asking.keeper import Keeper
from avow.asking.request_fields import body_fields, chain_policy, expand
from avow.context import Api, Context
from avow.endpoint.facts import EndpointFacts
from avow.endpoint.transport import Transport
from avow.errors import AvowError, Failure
from avow.exchange.attempts import Limits
from avow.exchange.conversation import Replayed, pinned, replay
from avow.exchange.exchange import (
    Exchange,
    ExchangeEvent,
    Finished,
    Noted,
    Problem,
    Question,
    as_json,
    new_id,
    timestamp,
)
from avow.exchange.run import Check, Plan, converse
from avow.exit_codes import ExitCode, gravest
from avow.models import catalogue
from avow.prompt import limits
from avow.routing.verdict import Asked, Pin, reasons
from avow.settings.levels import Settings
from avow.wire.blocks import Attachment, block
from avow.wire.failure import not_an_answer, rejected
from avow.wire.json_value import JsonObject, obj, parse
from avow.wire.request import Endpoint, messages_body

if TYPE_CHECKING:
    from avow.models.catalogue import Model


class Inquiry(NamedTuple):
    """What is to be asked. `earlier`: the turns of the conversation it goes on with, oldest first.

    `fresh_model`: the model was named for this question (`-m`), which ends a conversation's stay on another one.
    `checks`: each looks at the finished exchange, and may find a problem with it (exit 9).
    """

    settings: Settings
    prompt: str
    attachments: tuple[Attachment, ...] = ()
    template: str | None = None
    earlier: tuple[Exchange, ...] = ()
    retry_of: Exchange | None = None
    simulate: str | None = None
    fresh_model: bool = False
    response_format: JsonObject | None = None
    session: str | None = None
    notes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


class Prepared(NamedTuple):
    """An inquiry with everything decided, before anything is sent."""

    inquiry: Inquiry
    plan: Plan
    exchange: Exchange
    replayed: Replayed
    notes: tuple[str, ...] = ()


def prepare(
    inquiry: Inquiry,
    context: Context,
    endpoint: Endpoint,
    *,
    simulated: bool = False,
    transport: Transport | None = None,
) -> Prepared:
    """Decide everything about `inquiry` that can be decided before it is sent. With a `transport` the endpoint is
    asked which models may answer, where avow itself falls back and that is not known yet.

    Raises UsageError where it cannot be sent as it is.
    """
    settings = inquiry.settings
    requested = expand(settings.text("model") or catalogue.DEFAULT_MODEL, settings)
    pin = None if inquiry.fresh_model else pinned(inquiry.earlier, requested, time.time())
    sent = pin.model if pin else requested
    knowledge = EndpointFacts(None if simulated else context.paths.cache, endpoint.base_url)
    known = knowledge.model(sent)
    replayed = replay(
        inquiry.earlier,
        model=sent,
        system=settings.text("system"),
        same_models=settings.table("same_models"),
    )
    params = _params(inquiry, known)
    notes = [*inquiry.notes, *_notes(replayed, pin)]
    if "fallbacks" in params and knowledge.lacks_fallbacks(sent):
        del params["fallbacks"]
        notes.append("this endpoint does not support `fallbacks` (it said so within a day); asked without it")
    user_content = content_of(inquiry)
    message: JsonObject = {"role": "user", "content": _expanded(user_content, inquiry.attachments)}
    body = messages_body(sent, [*replayed.messages, message], params, stream=settings.flag("stream"))
    policy, by = settings.words_or_text("fallback"), settings.text("fallback_by") or "server"
    credit = by == "client" and policy != "none"
    request = endpoint.messages(body, credit=credit)
    limits.check((*replayed.attachments, *inquiry.attachments), known.context if known else None, len(request.content))
    exchange = Exchange(
        id=new_id(),
        conversation_id=_conversation(inquiry) or new_id(),
        created_at=timestamp(time.time()),
        requested_model=requested,
        sent_model=sent,
        simulated=simulated,
        question=Question(
            prompt=inquiry.prompt,
            system=settings.text("system"),
            template=inquiry.template,
            attachments=inquiry.attachments,
            params=params,
            user_content=user_content,
        ),
        fallback_policy=policy,
        fallback_by=by,
        retry_of=inquiry.retry_of.id if inquiry.retry_of else None,
        parent_id=inquiry.earlier[-1].id if inquiry.earlier else None,
        base_url=endpoint.base_url,
        session=inquiry.session,
    )
    if by == "client" and policy == "default":
        policy = (known.allowed_fallbacks if known else None) or ()
        if transport is not None:
            policy = knowledge.allowed_fallbacks(sent, endpoint, transport)
    deadline = settings.number("deadline")
    plan = Plan(
        endpoint=endpoint,
        request=request,
        asked=Asked(
            requested,
            pin=pin,
            host=urlsplit(endpoint.base_url).hostname or "",
            same_models=settings.table("same_models"),
        ),
        policy=chain_policy(settings, policy, by),
        limits=Limits(settings.integer("retries") or 0, None if deadline is None else time.monotonic() + deadline),
        accept_fallback=settings.flag("accept_fallback"),
        credit=credit,
        prices=settings.table("prices"),
        learn=knowledge.learn_lack_of_fallbacks,
        checks=inquiry.checks,
    )
    return Prepared(inquiry, plan, exchange, replayed, tuple(notes))


def _params(inquiry: Inquiry, known: "Model | None") -> JsonObject:
    """The parameters of the request; a retry has those of its original, and only who may answer is asked anew."""
    params = body_fields(inquiry.settings, known, inquiry.response_format)
    if inquiry.retry_of is None:
        return params
    same = {key: value for key, value in inquiry.retry_of.question.params.items() if key != "fallbacks"}
    return {**same, **({"fallbacks": params["fallbacks"]} if "fallbacks" in params else {})}


def _conversation(inquiry: Inquiry) -> str | None:
    """The id of the conversation that it goes on with or, as a retry, stands in."""
    if inquiry.retry_of is not None:
        return inquiry.retry_of.conversation_id
    return inquiry.earlier[-1].conversation_id if inquiry.earlier else None


def ask(
    inquiry: Inquiry,
    context: Context,
    on_event: Callable[[ExchangeEvent], None],
    report: Callable[[JsonObject], str | None] | None = None,
    api: Api | None = None,
) -> Exchange:
    """Ask, keep it, and give the finished exchange; `on_event` is called with all that happens, `Finished` last.
    Without an `api` it is opened for this question alone.

    Raises AvowError where nothing was sent.
    """
    with nullcontext(api) if api else context.open(inquiry.settings, simulate=inquiry.simulate) as api:
        prepared = prepare(inquiry, context, api.endpoint, simulated=api.simulated, transport=api.transport)
        keeper = Keeper(context, inquiry.settings, on_event)
        exchange = keeper.begin(prepared.exchange)
        for note in prepared.notes:
            on_event(Noted(note))
        finished = converse(
            prepared.plan,
            exchange,
            send=lambda request: api.send(request, prepared.plan.limits.deadline),
            on_event=on_event,
            save=keeper.save,
        )
        return _finish(inquiry, context, finished, keeper, on_event, report)


def count(inquiry: Inquiry, context: Context) -> int:
    """How many input tokens the prompt has, by the API's own count; no model sees it.

    Raises ExchangeError where the API does not say.
    """
    with context.open(inquiry.settings, simulate=inquiry.simulate) as api:
        prepared = prepare(inquiry, context, api.endpoint, simulated=api.simulated)
        request = prepared.plan.endpoint.count_tokens(prepared.plan.request.body or {})
        with api.send(request, prepared.plan.limits.deadline) as response:
            data = response.read(1024 * 1024)
            if response.status >= 400:
                raise rejected(response.status, response.headers, data)
            try:
                number = obj(parse(data)).get("input_tokens")
            except ValueError:
                number = None
            if not isinstance(number, int):
                kind = response.headers.get("content-type", "")
                raise not_an_answer(response.status, kind, data, response.headers.get("request-id"))
            return number


def _finish(
    inquiry: Inquiry,
    context: Context,
    exchange: Exchange,
    keeper: Keeper,
    on_event: Callable[[ExchangeEvent], None],
    report: Callable[[JsonObject], str | None] | None,
) -> Exchange:
    keeper.finish(exchange)
    if earlier := keeper.earlier_decline(exchange):
        phrases = "; ".join(reasons(earlier.routing))
        on_event(Noted(f"sticky since {earlier.created_at}, exchange {earlier.number}: {phrases}"))
    if report is not None and (wrong := report(as_json(exchange))) is not None:
        exchange = _unreported(exchange, wrong)
        keeper.finish(exchange)
    if inquiry.settings.flag("hold") and exchange.exit_code != 0:
        exchange = exchange._replace(withheld=True)
    on_event(Finished(exchange))
    _run_hook(inquiry.settings, context, exchange)
    return exchange


def _unreported(exchange: Exchange, words: str) -> Exchange:
    """The exchange whose report could not be written, for the reason in `words`."""
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


def content_of(inquiry: Inquiry) -> tuple[JsonObject, ...]:
    """The new user turn: the files first, then the question."""
    files = [{"type": "attachment", "index": index} for index in range(len(inquiry.attachments))]
    words = [{"type": "text", "text": inquiry.prompt}] if inquiry.prompt.strip() else []
    return (*files, *words)


def _expanded(content: tuple[JsonObject, ...], attachments: tuple[Attachment, ...]) -> list[JsonObject]:
    return [block(attachments[b["index"]]) if b["type"] == "attachment" else b for b in content]


def _notes(replayed: Replayed, pin: Pin | None) -> list[str]:
    notes = [
        f"turn {number} of the conversation is left out: {reason}"
        if number
        else f"earlier turns are left out: {reason}"
        for number, reason in replayed.left_out
    ]
    if pin is not None:
        notes.append(f"this conversation stays on {pin.model} since turn {pin.since_turn}; -m goes back")
    return notes


def failed_before_sending(error: AvowError) -> Failure:
    """An error that kept the request from leaving, as the failure of an answer."""
    kind = "credentials" if error.exit_code is ExitCode.CREDENTIALS else "connection"
    return Failure(kind, None, error.message)
