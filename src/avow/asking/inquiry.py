"""What is asked, and everything about it that is decided before it is sent."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from avow.asking.request_fields import (
    attempt_limits,
    avow_falls_back,
    body_fields,
    cache_lifetime,
    chain_policy,
    with_ids,
)
from avow.endpoint.remembered import EndpointFacts
from avow.exchange.conversation import ReplayedTurns, pinned, replay
from avow.exchange.exchange import Exchange, Question, RunItem, new_id, timestamp
from avow.exchange.plan import BatchOutcome, Check, Plan
from avow.models.catalogue import Model
from avow.prompt import limits
from avow.routing.verdict import Pin, RequestFacts
from avow.settings.levels import Settings
from avow.values import NamedTuple
from avow.wire.blocks import Attachment, block
from avow.wire.json_value import JsonObject
from avow.wire.request import NOT_THEIRS, SUMMARIES, Endpoint, Request, messages_body

AllowedFallbacks = Callable[[str], tuple[str, ...]]
"""Gives the models that may answer for this one, in order."""


class Inquiry(NamedTuple):
    """What is to be asked. `earlier`: the turns of the conversation that it continues, oldest first.

    `fresh_model`: the model was named for this question (`-m`), so that the conversation no longer stays on another
    one. `checks`: each looks at the finished exchange, and may find a problem with it (exit 9). `source` is who asks:
    avow's user, or a command of its own such as `audit`. `in_chat`: the next question continues it. `begun`: its row is
    in the history already; `batch_outcome` is its result in a batch.
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
    source: str = "avow"
    in_chat: bool = False
    item: RunItem | None = None
    begun: Exchange | None = None
    batch_outcome: BatchOutcome | None = None


class Draft(NamedTuple):
    """What will be said, and to which model. `settings` are the inquiry's, with ids in place of aliases; `pin` is the
    model that the conversation stays on, if any; `params` are the fields of `body` that are kept with the exchange;
    `attachments` are those of all turns; `known` are the facts on the model that is asked; `without` are the additions
    that the endpoint is known to refuse for that model."""

    settings: Settings
    pin: Pin | None
    known: Model | None
    params: JsonObject
    user_content: tuple[JsonObject, ...]
    body: JsonObject
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...]
    without: frozenset[str] = frozenset()

    def check(self, request: Request) -> None:
        """Raise UsageError where `request`, made of this draft, is over a limit of the API."""
        limits.check(self.attachments, self.known.context if self.known else None, len(request.content))


class PreparedInquiry(NamedTuple):
    """An inquiry with everything decided, before anything is sent. `plan.request` is the request, as it is sent."""

    plan: Plan
    exchange: Exchange
    notes: tuple[str, ...] = ()


def prepare(
    inquiry: Inquiry,
    endpoint: Endpoint,
    facts: EndpointFacts,
    *,
    simulated: bool = False,
    allowed_fallbacks: AllowedFallbacks | None = None,
) -> PreparedInquiry:
    """Decide everything about `inquiry` that can be decided before it is sent. `allowed_fallbacks` is called where avow
    itself falls back to what the endpoint allows; without it only what is known already counts.

    Raises UsageError where it cannot be sent as it is.
    """
    draft = drafted(inquiry, facts, simulated=simulated)
    draft, request = _requested(draft, endpoint)
    draft.check(request)
    exchange = _exchange(inquiry, draft, endpoint.base_url, simulated=simulated)
    plan = _plan(inquiry, draft, endpoint, request, allowed_fallbacks)
    more = (endpoint.doubled_words("/v1/messages"), _own_headers(draft.settings))
    return PreparedInquiry(plan, exchange, (*draft.notes, *filter(None, more)))


def drafted(inquiry: Inquiry, facts: EndpointFacts, *, simulated: bool = False) -> Draft:
    """The body of the request, and what was decided on the way to it. Raises UsageError as `prepare` does."""
    settings = with_ids(inquiry.settings, simulated=simulated)
    requested = settings.text("model") or ""
    pin = None if inquiry.fresh_model else pinned(inquiry.earlier, requested, time.time())
    model = pin.model if pin else requested
    known = facts.model(model)
    params = _params(inquiry, settings, known)
    replayed = replay(
        inquiry.earlier,
        model=model,
        system=_system(params),
        tools=params.get("tools"),
        same_models=settings.table("same_models"),
    )
    notes = [*inquiry.notes, *_notes(replayed, pin)]
    user_content = _content(inquiry)
    message = {"role": "user", "content": _with_files(user_content, inquiry.attachments)}
    body = messages_body(model, [*replayed.messages, message], params, stream=settings.flag("stream"))
    if lifetime := cache_lifetime(settings, in_chat=inquiry.in_chat, simulated=simulated):
        body, own = _marked(body, params, lifetime, goes_on=inquiry.in_chat or bool(inquiry.earlier))
        notes += [own] if own and settings.text("cache") else []
    attachments = (*replayed.attachments, *inquiry.attachments)
    return Draft(
        settings,
        pin,
        known,
        params,
        user_content,
        body,
        attachments,
        tuple(notes),
        frozenset(facts.refused.get(model, ())),
    )


def _own_headers(settings: Settings) -> str | None:
    """A note on the user's headers that avow does not send, because it sets them itself; None without any."""
    names = sorted(name.lower() for name in settings.table("headers") if name.lower() in NOT_THEIRS)
    if not names:
        return None
    return f"--header {', '.join(names)}: left out, because avow sets such headers itself (--auth-style, --api-version)"


def _requested(draft: Draft, endpoint: Endpoint) -> tuple[Draft, Request]:
    """The request of the draft, and the draft without the additions that the endpoint is known to refuse."""
    credit = avow_falls_back(draft.settings)
    if not draft.without:
        return draft, endpoint.messages(draft.body, credit=credit)
    from avow.wire import additions

    request, left_out = additions.request_without(endpoint, draft.body, draft.without, credit=credit)
    if not left_out:
        return draft, request
    params = additions.fields_without(draft.params, left_out)
    said = f"this endpoint does not support {additions.listed(left_out)} (it said so less than a day ago)"
    note = f"{said}; asked without {'it' if len(left_out) == 1 else 'them'}"
    return draft._replace(params=params, body=request.body or {}, notes=(*draft.notes, note)), request


def _plan(
    inquiry: Inquiry, draft: Draft, endpoint: Endpoint, request: Request, allowed_fallbacks: AllowedFallbacks | None
) -> Plan:
    settings = draft.settings
    allowed: tuple[str, ...] = ()
    if avow_falls_back(settings) and settings.words_or_text("fallback") == "default":
        known = (draft.known.allowed_fallbacks if draft.known else None) or ()
        allowed = allowed_fallbacks(draft.body["model"]) if allowed_fallbacks else known
    asked = RequestFacts(
        settings.text("model") or "",
        pin=draft.pin,
        host=urlsplit(endpoint.base_url).hostname or "",
        same_models=settings.table("same_models"),
    )
    return Plan(
        endpoint,
        request,
        asked,
        policy=chain_policy(settings, allowed),
        limits=attempt_limits(settings),
        accept_fallback=settings.flag("accept_fallback"),
        credit=avow_falls_back(settings),
        without=draft.without,
        prices=settings.table("prices"),
        checks=inquiry.checks,
        require=settings.text("require") or "weak",
        batch_outcome=inquiry.batch_outcome,
    )


def _exchange(inquiry: Inquiry, draft: Draft, base_url: str, *, simulated: bool) -> Exchange:
    settings = draft.settings
    last = inquiry.earlier[-1] if inquiry.earlier else None
    params = draft.params
    if inquiry.batch_outcome is not None and not inquiry.batch_outcome.is_asked_again:
        params = {name: value for name, value in params.items() if name != "fallbacks"}  # batches take none
    goes_on = inquiry.retry_of or last
    return Exchange(
        id=new_id(),
        conversation_id=goes_on.conversation_id if goes_on else new_id(),
        created_at=timestamp(time.time()),
        requested_model=settings.text("model") or "",
        sent_model=draft.body["model"],
        simulated=simulated,
        question=Question(
            prompt=inquiry.prompt,
            system=_system(params),
            template=inquiry.template,
            attachments=inquiry.attachments,
            params=params,
            user_content=draft.user_content,
        ),
        fallback_policy=settings.words_or_text("fallback"),
        fallback_by=settings.text("fallback_by") or "server",
        retry_of=inquiry.retry_of.id if inquiry.retry_of else None,
        parent_id=last.id if last else None,
        base_url=base_url,
        session=inquiry.session,
        source=inquiry.source,
        item=inquiry.item,
    )


def _marked(body: JsonObject, params: JsonObject, lifetime: str, *, goes_on: bool) -> tuple[JsonObject, str]:
    """The body with marks for the API's cache, unless the user's own fields have marks already; and a note about
    that."""
    from avow.wire import caching  # deferred: a plain question has no need of it

    if caching.has_marks(params):
        return body, "-o puts marks for the cache into the request, so --cache adds none"
    return caching.marked(body, lifetime, goes_on=goes_on), ""


def _params(inquiry: Inquiry, settings: Settings, known: Model | None) -> JsonObject:
    """The parameters of the request. A retry has those of its original, except who may answer. Parameters that were not
    kept (by an older version, by a scan) are those of a new question, and no model is asked for more than it can
    write."""
    params = body_fields(settings, known, inquiry.response_format)
    if inquiry.retry_of is None or inquiry.item is not None:  # an item says all itself
        return params
    same = {key: value for key, value in inquiry.retry_of.question.params.items() if key != "fallbacks"}
    if "max_tokens" not in same:  # every request has it, so they were not kept
        return {**params, **same}
    most = known.max_output if known else None
    if most and isinstance(same["max_tokens"], int) and settings.text("model") != inquiry.retry_of.requested_model:
        same["max_tokens"] = min(same["max_tokens"], most)
    if settings.flag("show_thinking"):
        same.setdefault("thinking", {**SUMMARIES})  # without it there may be nothing to show
    return {**same, **({"fallbacks": params["fallbacks"]} if "fallbacks" in params else {})}


def _system(params: JsonObject) -> str | None:
    """The system prompt that goes out, where it is a text: a retry has its original's, whatever the config says now."""
    system = params.get("system")
    return system if isinstance(system, str) else None


def _content(inquiry: Inquiry) -> tuple[JsonObject, ...]:
    """The new user turn, as it is kept: the files first, then the question."""
    files = [{"type": "attachment", "index": index} for index in range(len(inquiry.attachments))]
    words = [{"type": "text", "text": inquiry.prompt}] if inquiry.prompt.strip() else []
    return (*files, *words)


def _with_files(content: tuple[JsonObject, ...], attachments: tuple[Attachment, ...]) -> list[JsonObject]:
    return [block(attachments[b["index"]]) if b["type"] == "attachment" else b for b in content]


def _notes(replayed: ReplayedTurns, pin: Pin | None) -> list[str]:
    notes = [
        f"turn {number} of the conversation is left out: {reason}"
        if number
        else f"earlier turns are left out: {reason}"
        for number, reason in replayed.left_out
    ]
    if pin is not None:
        notes.append(f"this conversation stays on {pin.model} since turn {pin.since_turn}; -m goes back")
    return notes
