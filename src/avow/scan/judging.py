"""What a recorded message proves about who wrote it: the rules of `routing`, for requests that avow did not send."""

from typing import NamedTuple

from avow.models.identity import Identity, compare
from avow.routing.judge import judge as judge_routing
from avow.routing.verdict import Attempt, RequestFacts, Routing, Verdict
from avow.wire.json_value import JsonObject, encodable_value, items, obj, text
from avow.wire.message import whole

_NOT_RECORDED = ""  # a name that is neither the same as any other nor different from it


class Conclusion(NamedTuple):
    """What a recorded message proves; the fields are those of `records.PastAnswer`."""

    verdict: Verdict
    requested: str | None
    served: str | None
    category: str | None = None
    hops: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()


def declares(usage: object, content: list[JsonObject]) -> bool:
    """Whether a message, or a part of one, declares a fallback."""
    for block in content:
        if block.get("type") == "fallback":
            return True
    iterations = obj(usage).get("iterations")
    return bool(iterations) and any(each.get("type") == "fallback_message" for each in items(iterations))


def echoed(content: list[JsonObject]) -> str | None:
    """The model that was asked for, as the first fallback block repeats it; None without one."""
    for block in content:
        if block.get("type") == "fallback" and (sent := text(obj(block.get("from")).get("model"))):
            return sent
    return None


def judge(
    message: JsonObject,
    content: list[JsonObject],
    requested: str | None,
    *,
    recorded: bool,
    resolved: str | None = None,
) -> Conclusion:
    """The verdict on a recorded message of any shape; `content` are all its blocks.

    `recorded`: the client wrote down that this request asked for `requested`; else that is the last known choice of the
    session, which the message's own declarations outrank. `resolved` is the model that the client noted as the
    answering one.
    """
    declared = declares(message.get("usage"), content)
    named = text(message.get("model"))
    if not declared and requested is None and message.get("stop_reason") != "refusal":
        # Whoever answered: nothing says who was asked.
        return Conclusion(Verdict.UNVERIFIED, None, named or resolved, evidence=_names(named, resolved))
    essence = _essence(message, content)
    asked = requested if recorded else echoed(content) or requested
    routing = _route(essence, asked)
    if declared and not recorded and asked == requested and routing.verdict is Verdict.UNVERIFIED:
        # A choice that was only inferred gives way where it would make the declaration meaningless.
        asked, routing = None, _route(essence, None)
    conclusion = Conclusion(
        verdict=routing.verdict or Verdict.UNVERIFIED,
        requested=asked,
        served=routing.served_model,
        category=routing.category,
        hops=tuple(hop.model for hop in routing.hops if hop.model),
        evidence=tuple((each.field, str(each.value)) for each in routing.evidence if each.value is not None),
    )
    return _with_resolved(conclusion, resolved, named) if resolved else conclusion


def _essence(message: JsonObject, content: list[JsonObject]) -> JsonObject:
    """The parts of a message that name models, at their places; nothing else, because it may be large or very deep."""
    iterations = items(obj(message.get("usage")).get("iterations"))
    return {
        "model": text(message.get("model")),
        "stop_reason": text(message.get("stop_reason")),
        "stop_details": {"category": text(obj(message.get("stop_details")).get("category"))},
        "usage": {
            "iterations": [{"type": text(each.get("type")), "model": text(each.get("model"))} for each in iterations]
        },
        "content": [_handover(block) if block.get("type") == "fallback" else {} for block in content],
    }


def _handover(block: JsonObject) -> JsonObject:
    return {
        "type": "fallback",
        "from": {"model": text(obj(block.get("from")).get("model"))},
        "to": {"model": text(obj(block.get("to")).get("model"))},
        "trigger": {"category": text(obj(block.get("trigger")).get("category"))},
    }


def _route(essence: JsonObject, asked: str | None) -> Routing:
    sent = asked or _NOT_RECORDED
    # `whole` takes a message without a reason to have stopped for one that was cut off, or logged before it ended.
    return judge_routing(RequestFacts(sent), [Attempt(sent, whole(encodable_value(essence)))])


def _with_resolved(conclusion: Conclusion, resolved: str, named: str | None) -> Conclusion:
    """Use the client's note where the message names no model or contradicts itself; where both name a model and differ,
    nothing is proven."""
    asked, verdict = conclusion.requested, conclusion.verdict
    told = conclusion._replace(evidence=(*conclusion.evidence, ("resolved_model", resolved)))
    if verdict is not Verdict.REFUSED and told.served is None:
        told = told._replace(served=resolved)
    if asked is None or compare(asked, resolved) is not Identity.DIFFERENT:
        return told
    if verdict is Verdict.AS_REQUESTED:
        return told._replace(verdict=Verdict.UNVERIFIED, served=None)
    if verdict is Verdict.UNVERIFIED and len(told.hops) > 1:
        return told._replace(verdict=Verdict.FALLBACK, served=resolved)
    if verdict is Verdict.UNVERIFIED and named is None:
        return told._replace(verdict=Verdict.SUBSTITUTED)
    return told


def _names(named: str | None, resolved: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((field, name) for field, name in (("model", named), ("resolved_model", resolved)) if name)
