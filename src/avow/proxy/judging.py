"""A call and its answer as an exchange: who answered what another client asked."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from avow.errors import Failure, StreamEnded
from avow.exchange.exchange import (
    LONGEST_TRACEPARENT,
    Exchange,
    Question,
    Reply,
    Status,
    derived_id,
    new_id,
    timestamp,
)
from avow.exchange.outcome import exit_code, priced
from avow.exit_codes import ExitCode
from avow.proxy.answer import Answer
from avow.proxy.call_observer import Call
from avow.proxy.question import ClientQuestion
from avow.proxy.session_tracker import CallEnd, Placement
from avow.routing.judge import judge
from avow.routing.verdict import Attempt, Pin, RequestFacts, Verdict, reasons
from avow.wire.json_value import text

SOURCE = "proxy"
_STOPS_OF_CLIENTS = frozenset({"tool_use", "pause_turn"})
"""Stops that are a turn's end for avow's own questions, and a step for a client that has tools."""


class JudgingContext(NamedTuple):
    """What judging needs in addition. `host` is the upstream's; `run` keeps the sessions of this process, which have no
    id of their own, apart from those of others; `hold`: an answer that is not as requested is withheld from the client;
    `require`: how strong the evidence must be (`strong`, `weak`); `traceparent`: the trace that a request is part of
    which names none itself."""

    base_url: str
    host: str
    run: str = ""
    prices: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    same_models: Mapping[str, Sequence[str]] = MappingProxyType({})
    accept_fallback: bool = False
    hold: bool = False
    require: str = "weak"
    traceparent: str | None = None


def begun(
    call: Call, question: ClientQuestion, place: Placement, context: JudgingContext, retry_of: str | None = None
) -> Exchange:
    """The exchange of a call whose request was just passed on."""
    own = question.session or f"{context.run}{place.session}"
    policy = question.fallbacks
    return Exchange(
        id=new_id(call.at),
        conversation_id=derived_id(question.client, own),
        created_at=timestamp(call.at),
        requested_model=place.requested_model or "",
        sent_model=question.model,
        question=Question(
            prompt=question.prompt,
            user_content=({"type": "text", "text": question.prompt},) if question.prompt else (),
        ),
        fallback_policy="default" if policy == ("default",) else (policy or "none"),
        fallback_by="client" if place.moved else "server",
        retry_of=retry_of,
        source=SOURCE,
        base_url=context.base_url,
        session=question.session or place.session,
        client=question.client,
        traceparent=(call.headers.get("traceparent") or context.traceparent or "")[:LONGEST_TRACEPARENT] or None,
    )


def attempt(question: ClientQuestion, answer: Answer) -> Attempt:
    """A call and its answer in the form that the judge takes."""
    failure = answer.error.failure if answer.error is not None else None
    return Attempt(question.model or "", answer.message, failure, answer.headers)


def judged(
    exchange: Exchange,
    call: Call,
    place: Placement,
    answer: Answer,
    attempts: Sequence[Attempt],
    context: JudgingContext,
) -> Exchange:
    """The finished exchange. `attempts` are the refusals that the call follows, then the call itself."""
    pin = None
    if place.moved is not None and not place.declined:
        pin = Pin(place.moved.model, place.moved.turn)
    asked = RequestFacts(exchange.requested_model, pin, context.host, context.same_models, by_avow=False)
    routing, cost, floor = priced(judge(asked, attempts), context.prices)
    message = answer.message
    status = _status(answer)
    if not answer.readable or status is Status.INCOMPLETE:  # also where it was cut off before it could be read
        routing = routing._replace(verdict=routing.verdict or Verdict.UNVERIFIED)
    failed_with = answer.error.exit_code if answer.error is not None else None
    if not answer.readable:
        failed_with = ExitCode.UNVERIFIED
    code = exit_code(
        Status.INCOMPLETE if status is Status.INTERRUPTED else status,
        routing.verdict,
        accept_fallback=context.accept_fallback,
        failed_with=failed_with,
        proven=routing.is_proven(context.require),
    )
    return exchange._replace(
        status=status,
        routing=routing,
        exit_code=code,
        withheld=context.hold and message is not None and code != ExitCode.OK,
        reply=_reply(call, answer, cost, floor),
        error=_failure(answer, status),
    )


def _reply(call: Call, answer: Answer, cost: float | None, floor: float) -> Reply:
    message = answer.message
    return Reply(
        content=tuple(message.content) if message else (),
        stop_reason=message.stop_reason if message else None,
        usage=(message.own_usage or None) if message else None,
        cost_usd=cost,
        cost_floor_usd=floor,
        first_token_ms=_since(call, answer.first_at),
        total_ms=_since(call, answer.ended_at),
        request_id=answer.headers.get("request-id") or (answer.error.request_id if answer.error else None),
        message_id=text(message.raw.get("id")) if message else None,
    )


def why_withheld(exchange: Exchange) -> str | None:
    """In words, why `--hold` does not pass this answer on; None where it does."""
    if exchange.exit_code == ExitCode.OK:
        return None
    routing, requested = exchange.routing, exchange.requested_model or "a model"
    if exchange.verdict is None or (exchange.verdict is Verdict.UNVERIFIED and exchange.status is not Status.COMPLETE):
        return f"requested {requested}; the answer is {exchange.status}"
    if exchange.verdict is Verdict.REFUSED:
        return f"{'; '.join(reasons(routing)) or 'the model declined'}; no model answered"
    if exchange.verdict is Verdict.AS_REQUESTED:
        return f"requested {requested}; the answer is {exchange.status} ({exchange.reply.stop_reason})"
    served = routing.served_model or "a model that the response does not name"
    why = f" ({'; '.join(reasons(routing))})" if reasons(routing) else ""
    return f"{exchange.verdict}: requested {requested}, answered by {served}{why}"


def end_of(answer: Answer) -> CallEnd:
    """How a call ended, as far as later calls depend on it."""
    message = answer.message
    if message is None or not message.whole:
        return CallEnd.NONE
    return CallEnd.REFUSED if message.refused else CallEnd.WHOLE


def without_text(exchange: Exchange) -> Exchange:
    """The exchange without the texts of question and answer; its errors stay."""
    routing = exchange.routing._replace(segments=(), withdrawn_text=None, explanation=None)
    return exchange._replace(question=Question(), reply=exchange.reply._replace(content=()), routing=routing)


def _status(answer: Answer) -> Status:
    message = answer.message
    left = answer.error is not None and answer.error.failure.type == "interrupted"
    if message is None:
        cut_off = Status.INCOMPLETE if isinstance(answer.error, StreamEnded) else Status.FAILED
        return Status.INTERRUPTED if left else cut_off
    if not message.whole:
        return Status.INTERRUPTED if left else Status.INCOMPLETE
    if message.refused:
        return Status.REFUSED
    if message.truncated and message.stop_reason not in _STOPS_OF_CLIENTS:
        return Status.TRUNCATED
    return Status.COMPLETE


def _failure(answer: Answer, status: Status) -> Failure | None:
    if answer.error is None or status.is_whole:
        return None
    return answer.error.failure


def _since(call: Call, moment: float | None) -> int | None:
    return None if moment is None else round((moment - call.begun_at) * 1000)
