"""One answer in a Claude Code transcript: gathered from its records, and judged."""

from typing import NamedTuple

from avow.models.identity import Identity, compare
from avow.routing.verdict import REROUTED, Verdict
from avow.scan.judging import Conclusion, declares, judge
from avow.scan.records import Client, PastAnswer
from avow.wire.json_value import JsonObject, obj, text
from avow.wire.message import block_text


class Notice(NamedTuple):
    """A `system` record about a change of model, or about a refusal without one.

    `told`: its words for the user, else None. `turn_only`: it applies until the next prompt; others apply until a model
    is chosen.
    """

    subtype: str
    original: str | None
    fallback: str | None
    category: str | None
    trigger: str | None
    told: bool | None
    turn_only: bool

    @property
    def evidence(self) -> tuple[tuple[str, str], ...]:
        """(field, value) pairs of what it says about models."""
        found = (
            ("system.subtype", self.subtype),
            ("system.originalModel", self.original),
            ("system.fallbackModel", self.fallback),
            ("system.trigger", self.trigger),
            ("system.apiRefusalCategory", self.category),
        )
        return tuple((name, value) for name, value in found if value)

    @property
    def hops(self) -> tuple[str, ...]:
        """The models it names, in order."""
        return tuple(model for model in (self.original, self.fallback) if model)


class Chain:
    """One line of conversation: a session's main one, or a sub-agent's.

    `choice` is the model last known to be asked for, `inferred` the model that only a fallback block named; `place`
    counts prompts and changes of model: all records of one message have the same place.
    """

    __slots__ = ("choice", "inferred", "place", "prompt", "switch")

    def __init__(self) -> None:
        self.choice: str | None = None
        self.inferred: str | None = None
        self.switch: Notice | None = None
        self.prompt: str | None = None
        self.place = 0


class GatheredAnswer:
    """An answer whose records are still being gathered, and what was known of its chain when it began.

    `notice` is a record about this very answer; a refusal without records of its own has an empty `message`.
    `declared`: the message itself says that another model continued it. `asked` is the model that the client wrote down
    for its request (`requestedModel`, since 2.1.332). `weight` is in bytes.
    """

    __slots__ = (
        *("asked", "chain", "choice", "content", "declared", "inferred", "line", "message", "message_id", "notice"),
        *("place", "prompt", "request_id", "session", "switch", "time", "uuids", "weight"),
    )

    def __init__(
        self,
        chain: Chain,
        *,
        line: int,
        time: str | None,
        session: str | None,
        message_id: str | None,
        request_id: str | None,
        asked: str | None,
    ) -> None:
        self.chain = chain
        self.place = chain.place
        self.choice, self.inferred, self.switch, self.prompt = chain.choice, chain.inferred, chain.switch, chain.prompt
        self.line = line
        self.time = time
        self.session = session
        self.message_id = message_id
        self.request_id = request_id
        self.asked = asked
        self.notice: Notice | None = None
        self.message: JsonObject = {}
        self.content: list[JsonObject] = []
        self.uuids: set[str] = set()
        self.declared = False
        self.weight = 0

    @property
    def refused(self) -> bool:
        """Whether the model declined and no other model continued this message."""
        return self.message.get("stop_reason") == "refusal"

    def add(self, message: JsonObject, blocks: list[JsonObject]) -> None:
        """Add the message of one more record; fields that it lacks keep their earlier values."""
        self.content.extend(blocks)
        self.declared = self.declared or declares(message.get("usage"), blocks)
        if not self.message:
            self.message = message
            return
        usage = _merged(obj(self.message.get("usage")), obj(message.get("usage")))
        self.message = {**_merged(self.message, message), "usage": usage}


def read_notice(record: JsonObject, subtype: str) -> Notice:
    """The notice in a `system` record, in either spelling: transcripts write camelCase, the client's stream
    snake_case."""
    shown = text(record.get("content")) is not None and record.get("isMeta") is not True
    local = record.get("scope") == "local" and record.get("isSidechain") is not True
    return Notice(
        subtype=subtype,
        original=text(either(record, "originalModel", "original_model")),
        fallback=text(either(record, "fallbackModel", "fallback_model")),
        category=text(either(record, "apiRefusalCategory", "api_refusal_category")),
        trigger=text(record.get("trigger")),
        told=shown or None,
        # A model that was unavailable is tried again at the next prompt; after a refusal the session stays moved.
        turn_only=subtype == "model_fallback" or local,
    )


def either(record: JsonObject, *names: str) -> object:
    """The first of several fields that exists."""
    return next((record[name] for name in names if record.get(name) is not None), None)


def _merged(one: JsonObject, later: JsonObject) -> JsonObject:
    return one | {key: value for key, value in later.items() if value is not None and value != []}


def conclude(answer: GatheredAnswer, source: str) -> PastAnswer:
    """The answer as it is reported, once all its records are read."""
    moved = _moved_by_client(answer)
    notice = answer.notice or moved
    conclusion = _judge(answer, moved)
    verdict = conclusion.verdict
    written = "".join(block_text(block) for block in answer.content)
    told = notice.told if notice else False if verdict in REROUTED or verdict is Verdict.REFUSED else None
    return PastAnswer(
        client=Client.CLAUDE_CODE,
        time=answer.time,
        session=answer.session,
        source=source,
        line=answer.line,
        row=None,
        message_id=answer.message_id,
        request_id=answer.request_id,
        requested_model=conclusion.requested,
        served_model=conclusion.served,
        verdict=verdict,
        category=conclusion.category or (notice.category if notice else None),
        trigger=notice.trigger if notice else None,
        told=told,
        hops=conclusion.hops,
        evidence=conclusion.evidence,
        usage=obj(answer.message.get("usage")) or None,
        prompt=answer.prompt,
        text=None if verdict is Verdict.REFUSED else written or None,
    )


def _moved_by_client(answer: GatheredAnswer) -> Notice | None:
    """The notice that says that the client itself asked the answering model; None without one."""
    switch, model = answer.switch, text(answer.message.get("model"))
    if switch is None or switch.fallback is None or model is None or answer.refused or answer.declared:
        return None
    return switch if compare(switch.fallback, model) is Identity.SAME else None


def _judge(answer: GatheredAnswer, moved: Notice | None) -> Conclusion:
    model = text(answer.message.get("model"))
    if moved and model:
        return Conclusion(
            Verdict.FALLBACK,
            requested=moved.original,
            served=model,
            category=moved.category,
            hops=moved.hops,
            evidence=(*moved.evidence, ("model", model)),
        )
    notice = answer.notice
    if notice and not answer.message:
        return Conclusion(
            Verdict.REFUSED, notice.original, None, notice.category, hops=notice.hops, evidence=notice.evidence
        )
    if answer.asked:
        return _judge_as_recorded(answer, answer.asked)
    known = answer.choice or (notice.original if notice else None)
    if known is None and (answer.refused or answer.declared):
        known = answer.inferred
    conclusion = judge(answer.message, answer.content, known, recorded=False)
    if notice:
        return conclusion._replace(evidence=(*notice.evidence, *conclusion.evidence))
    return conclusion


def is_asked_by(notice: Notice, asked: str) -> bool:
    """Whether `asked` is the model that the client itself switched to, not a choice of its user."""
    return notice.fallback is not None and compare(notice.fallback, asked) is Identity.SAME


def _judge_as_recorded(answer: GatheredAnswer, asked: str) -> Conclusion:
    """The verdict where the request's model is recorded. After a switch by the client that is the new model, and the
    notice has the model that the user asked for."""
    conclusion = judge(answer.message, answer.content, asked, recorded=True)
    evidence = (("requestedModel", asked), *conclusion.evidence)
    told_by = [notice for notice in (answer.switch, answer.notice) if notice]
    for notice in told_by:
        evidence = (*notice.evidence, *evidence)
    first = next((notice.original for notice in told_by if notice.original and is_asked_by(notice, asked)), None)
    return conclusion._replace(requested=first or conclusion.requested, evidence=evidence)
