"""Who answered: one pure function from what was asked and what came back to a verdict with its evidence.

`avow.routing` lists the rules, 1 to 17; comments here, in `message_evidence` and in `runs` name the rule that the code
carries out, and so do the cases in `tests/routing/test_judge.py`.
"""

from collections.abc import Sequence

from avow.models.identity import Identity, compare
from avow.routing.gateways import strength_of_name
from avow.routing.message_evidence import MessageEvidence
from avow.routing.verdict import SESSION_MOVED, Attempt, Evidence, Hop, Outcome, RequestFacts, Routing, Segment, Verdict
from avow.wire.json_value import JsonObject, text


def judge(asked: RequestFacts, attempts: Sequence[Attempt]) -> Routing:
    """The routing that `attempts` prove, in order. Never `as_requested` for an answer that is not whole or where
    anything in the response names another model."""
    attempts = _distinct(attempts)
    last = next((n for n in range(len(attempts) - 1, -1, -1) if attempts[n].message is not None), None)
    if last is None:
        return Routing(hops=tuple(_skipped(attempt) for attempt in attempts if attempt.failure))
    deciding = attempts[last]
    message = deciding.message
    assert message is not None
    evidence = MessageEvidence(asked, deciding, message, client_moved=_client_moved(asked, deciding))
    hops = [hop for attempt in attempts[:last] for hop in _hops_before(attempt)]
    own = evidence.hops()
    hops += [*own, *(_skipped(attempt) for attempt in attempts[last + 1 :] if attempt.failure)]
    kept, withdrawn = _texts(attempts[:last])
    segments = (*kept, *evidence.segments())
    if evidence.refused:
        withdrawn += "".join(segment.text for segment in segments)
        segments = ()
    declines = [hop for hop in hops if hop.outcome is Outcome.DECLINED]
    details = next((a.message.stop_details for a in attempts if a.message and a.message.stop_details), {})
    return Routing(
        verdict=_verdict(evidence),
        strength=evidence.strength(),
        served_model=evidence.served(),
        category=declines[0].category if declines else None,
        explanation=text(details.get("explanation")),
        recommended_model=text(details.get("recommended_model")),
        hops=tuple(hops),
        evidence=(*_own_evidence(asked, attempts[: last + 1]), *evidence.pieces()),
        segments=_joined(segments),
        withdrawn_text=withdrawn or None,
        pin=asked.pin,
        moved_to=deciding.model if any(a.message and a.model != deciding.model for a in attempts[:last]) else None,
    )


def _verdict(evidence: MessageEvidence) -> Verdict:
    """What is declared counts first, then what gateways declare, then the names."""
    # Rule 1: a chain that declined to its end has a `fallback_message` too, and nobody answered.
    if evidence.refused:
        return Verdict.REFUSED
    # Rules 1 and 2: an iteration or a block declares it, also where it names nobody or was overwritten (rule 11).
    if evidence.message.declared or any(
        name.kind in ("from", "to", "fallback_message") for name in evidence.message.named
    ):
        return Verdict.UNVERIFIED if evidence.declined else _declared(evidence)
    # Rule 8: so does a gateway's header that counts or declares one.
    if any(statement.fallback for statement in evidence.statements):
        return Verdict.FALLBACK
    verdict = _by_names(evidence)
    # The right model for the request; but avow itself had named another one in it than the user did.
    if verdict is Verdict.AS_REQUESTED and evidence.client_moved:
        return Verdict.FALLBACK
    # Rule 15: what is not whole may yet have become another model's.
    if verdict is Verdict.AS_REQUESTED and not evidence.message.whole:
        return Verdict.UNVERIFIED
    return verdict


def _declared(evidence: MessageEvidence) -> Verdict:
    """A handover is declared: a fallback, unless all it names is the requested model itself."""
    # Rule 6: fields that contradict each other do not undo a declared fallback; `evidence` lists them all. Rule 11:
    # one that names nobody is a fallback to an unknown model. Only a handover from a model to itself says nothing.
    targets = [name.model for name in evidence.message.named if name.kind in ("to", "fallback_message")]
    named = [*targets, evidence.served()]
    if evidence.client_moved or not targets:
        return Verdict.FALLBACK
    if all(evidence.is_requested(model) is Identity.SAME for model in named):
        return Verdict.UNVERIFIED
    return Verdict.FALLBACK


def _by_names(evidence: MessageEvidence) -> Verdict:
    """No fallback is declared: only names tell, and all of them must agree."""
    # Rule 8: a gateway's own word about the model behind it outranks `model`, which it may have rewritten.
    behind = [evidence.is_sent(model) for model in evidence.behind()]
    if Identity.DIFFERENT in behind:
        return Verdict.SUBSTITUTED
    # Rule 11: every name counts, wherever it stood and whatever overwrote it.
    own = [evidence.is_sent(name.model) for name in evidence.message.named if name.kind == "model"]
    # Rule 14: a route that only repeats what was asked for names no model.
    unnamed = not own and not any(statement.model for statement in evidence.statements)
    if unnamed or (strength_of_name(evidence.asked.host) == "none" and not evidence.is_vouched()):
        return Verdict.UNVERIFIED
    if evidence.restarted or evidence.signed_by_another():
        return Verdict.UNVERIFIED  # rules 13 and 17
    fields = [*own, *behind]
    if all(field is Identity.DIFFERENT for field in fields):
        return Verdict.SUBSTITUTED
    # Rules 4 and 12: several entries are not a reroute; but one that names another model speaks against it, and so
    # does a name that nobody can place (rule 11).
    entries = [evidence.is_sent(name.model) for name in evidence.message.named if name.kind == "message"]
    agreed = all(identity is Identity.SAME for identity in (*fields, *entries))
    routes = [evidence.is_sent(statement.route) for statement in evidence.statements if statement.route]
    another_option = any(statement.other_option for statement in evidence.statements)
    if agreed and Identity.DIFFERENT not in routes and not another_option:
        return Verdict.AS_REQUESTED
    return Verdict.UNVERIFIED


def _distinct(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Without those that failed and were made again in another form on the same model: they do not count as hops."""
    following = [attempt.model for attempt in attempts[1:]]
    return [a for a, then in zip(attempts, [*following, None], strict=False) if a.message or a.model != then]


def _client_moved(asked: RequestFacts, deciding: Attempt) -> bool:
    """Whether avow itself sent the deciding request to another model than the requested one."""
    return compare(asked.requested_model, deciding.model, asked.same_models) is not Identity.SAME


def _skipped(attempt: Attempt) -> Hop:
    return Hop(attempt.model, Outcome.SKIPPED, error=attempt.failure)


def _hops_before(attempt: Attempt) -> list[Hop]:
    """The hops of an attempt after which avow asked another model."""
    if attempt.message is None:
        return [_skipped(attempt)]
    return MessageEvidence(RequestFacts(attempt.model), attempt, attempt.message, client_moved=False).hops()


def _texts(attempts: Sequence[Attempt]) -> tuple[tuple[Segment, ...], str]:
    """What stays of the texts of attempts before the last (those that were continued), and what was withdrawn."""
    kept: tuple[Segment, ...] = ()
    withdrawn = ""
    for attempt in attempts:
        if attempt.message is None:
            continue
        evidence = MessageEvidence(RequestFacts(attempt.model), attempt, attempt.message, client_moved=False)
        if attempt.continued:
            kept += evidence.segments()
        else:
            withdrawn += "".join(segment.text for segment in evidence.segments())
    return kept, withdrawn


def _own_evidence(asked: RequestFacts, attempts: Sequence[Attempt]) -> list[Evidence]:
    """What the client did, avow mostly: attempts before the last, and a conversation that stays on another model."""
    found = []
    for index, attempt in enumerate(attempts[:-1]):
        outcome = Outcome.SKIPPED if attempt.message is None else Outcome.DECLINED
        did: JsonObject = {"model": attempt.model, "outcome": str(outcome), "then": attempts[index + 1].model}
        found.append(Evidence(f"avow.attempts[{index}]" if asked.by_avow else SESSION_MOVED, did, "strong"))
    if asked.pin is not None:
        field = "conversation.pinned" if asked.by_avow else SESSION_MOVED
        found.append(Evidence(field, asked.pin._asdict(), "strong"))
    return found


def _joined(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Neighbours by one model as one segment."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and joined[-1].model == segment.model:
            joined[-1] = Segment(segment.model, joined[-1].text + segment.text)
        else:
            joined.append(segment)
    return tuple(joined)
