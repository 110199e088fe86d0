"""Who answered, as values: the verdict, the hops, the evidence, and which model wrote which text."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from avow.errors import Failure
from avow.routing.gateways import declares_fallback
from avow.values import NamedTuple
from avow.wire.api import API_HOST
from avow.wire.json_value import JsonObject
from avow.wire.message import Message


class Verdict(StrEnum):
    """What the response proves about who answered (`avow help fallback`)."""

    AS_REQUESTED = "as_requested"
    FALLBACK = "fallback"
    REFUSED = "refused"
    SUBSTITUTED = "substituted"
    UNVERIFIED = "unverified"


REROUTED = frozenset({Verdict.FALLBACK, Verdict.SUBSTITUTED})
NO_CATEGORY = "no category given"
SESSION_MOVED = "session.moved"
"""The field of evidence that another client asked, or goes on asking, another model than the one that declined."""
STICKY = "sticky: no decline in this response"


class Outcome(StrEnum):
    """How one hop ended."""

    SERVED = "served"
    DECLINED = "declined"
    SKIPPED = "skipped"


class Hop(NamedTuple):
    """One model that was tried. `usage` is its own token counts, None where the response gives none."""

    model: str | None
    outcome: Outcome
    category: str | None = None
    error: Failure | None = None
    usage: JsonObject | None = None
    cost_usd: float | None = None

    def as_json(self) -> JsonObject:
        """`{"model", "outcome", "category", "error", "usage", "cost_usd"}`."""
        return {
            "model": self.model,
            "outcome": str(self.outcome),
            "category": self.category,
            "error": self.error.as_json() if self.error else None,
            "usage": self.usage,
            "cost_usd": self.cost_usd,
        }


class Evidence(NamedTuple):
    """One thing the verdict rests on. `strength`: `strong` (a routing field), `weak` (a name that may be
    an echo) or `none` (a name that says nothing about the model)."""

    field: str
    value: object
    strength: str

    def as_json(self) -> JsonObject:
        """`{"field", "value", "strength"}`."""
        return {"field": self.field, "value": self.value, "strength": self.strength}


class Segment(NamedTuple):
    """A stretch of the answer and the model that wrote it."""

    model: str | None
    text: str


class Attempt(NamedTuple):
    """One request and its result. `model` is the one sent.

    `headers` are the response's, lower-case. `continued`: the next attempt went on from this one's text.
    """

    model: str
    message: Message | None = None
    failure: Failure | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    continued: bool = False


class Pin(NamedTuple):
    """That a conversation stays on `model`, because the client fell back to it in turn `since_turn` (from 1 on)."""

    model: str
    since_turn: int


class RequestFacts(NamedTuple):
    """What routing must know of the question. `pin`: why it was sent to another model than `requested_model`; `host`:
    who was asked; `by_avow`: it was avow that asked, not another client whose answers it judges."""

    requested_model: str
    pin: Pin | None = None
    host: str = API_HOST
    same_models: Mapping[str, Sequence[str]] = MappingProxyType({})
    by_avow: bool = True


class Routing(NamedTuple):
    """Who answered, how that is known, and which model wrote what. `verdict` is None while no message began.

    `pin`: the question was sent to another model than the requested one, because the conversation stays there;
    `strength`: that of the strongest evidence that names who answered (`strong`, `weak`, `none`);
    `moved_to`: avow itself asked this model (as the request named it) after another had declined.
    """

    verdict: Verdict | None = None
    served_model: str | None = None
    category: str | None = None
    explanation: str | None = None
    recommended_model: str | None = None
    hops: tuple[Hop, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    segments: tuple[Segment, ...] = ()
    withdrawn_text: str | None = None
    pin: Pin | None = None
    moved_to: str | None = None
    strength: str | None = None

    @property
    def rerouted(self) -> bool:
        """Whether another model than the requested one answered."""
        return self.verdict in REROUTED

    @property
    def is_by_name_only(self) -> bool:
        """Whether the requested model answered as far as a name says that may have been rewritten on its way."""
        return self.verdict is Verdict.AS_REQUESTED and self.strength in ("weak", "none")

    def is_proven(self, require: str) -> bool:
        """Whether the evidence is as strong as `--require` (`weak`, `strong`) asks for."""
        return require != "strong" or self.strength == "strong"

    @property
    def text(self) -> str:
        """The answer: all segments joined."""
        return "".join(segment.text for segment in self.segments)

    @property
    def declared_by(self) -> str | None:
        """The gateway's header that counts or declares a fallback, in lower case."""
        fields = (item.field for item in self.evidence if declares_fallback(item.field, item.value))
        return next((field.removeprefix("headers.") for field in fields), None)

    @property
    def is_sticky(self) -> bool:
        """Whether the API sent the question straight to the fallback: nothing in this exchange tells of a model that
        declined or could not be had, and neither avow nor a gateway moved it."""
        tried = any(hop.outcome is not Outcome.SERVED for hop in self.hops)
        moved = tried or self.pin is not None or self.declared_by is not None
        return self.verdict is Verdict.FALLBACK and not moved


def reasons(routing: Routing) -> tuple[str, ...]:
    """Why another model answered, or none: one phrase a hop, as the line `avow: fallback:` has them."""
    found = []
    for hop in routing.hops:
        if hop.outcome is Outcome.DECLINED:
            found.append(f"{hop.model or 'a model'} declined: {hop.category or NO_CATEGORY}")
        elif hop.outcome is Outcome.SKIPPED:
            found.append(f"{hop.model} skipped: {hop.error.type if hop.error else 'could not be tried'}")
    if routing.pin is not None:
        found.append(f"this conversation stays on {routing.pin.model} since turn {routing.pin.since_turn}")
    if not found and routing.verdict is Verdict.FALLBACK and routing.declared_by is not None:
        found.append(f"declared by {routing.declared_by}")
    return (STICKY,) if routing.is_sticky else tuple(found)
