"""The record of an audit: baseline and looks with every reply, in a form that has one spelling and a digest."""

import hashlib
import json
from dataclasses import dataclass, field

from avow.audit.cards import Card
from avow.audit.plan import ALPHA_TOTAL, LOOKS
from avow.audit.replies import CardReply
from avow.audit.statistic import DRAWS
from avow.wire.json_value import JsonObject

SCHEMA = "avow.audit-record/1"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must not change between a baseline and its looks. `request` is the body without model and messages;
    `api_version` is the value of the header `anthropic-version`."""

    model: str
    base_url: str
    api_version: str
    betas: tuple[str, ...] = ()
    request: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """One of a record's `runs`. `repeat` is None where no repeat was needed so far; `result` (the object of
    `avow.audit/1`) is None while the look is not over."""

    number: int
    seed: int
    created_at: str
    against: str | None = None
    replies: tuple[CardReply, ...] = ()
    repeat: tuple[CardReply, ...] | None = None
    result: JsonObject | None = None

    @property
    def all_replies(self) -> tuple[CardReply, ...]:
        """The replies of the look and of its repeat."""
        return (*self.replies, *(self.repeat or ()))

    def as_json(self) -> JsonObject:
        """One of a record's `runs`."""
        return {
            "look": self.number,
            "against": self.against,
            "seed": self.seed,
            "created_at": self.created_at,
            "replies": [reply.as_json() for reply in self.replies],
            "repeat": None if self.repeat is None else [reply.as_json() for reply in self.repeat],
            "result": self.result,
        }


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """All that is known of an audit. `looks` is the number planned with the baseline; `avow` is the version that began
    it."""

    name: str
    avow: str
    conditions: Conditions
    cards: tuple[Card, ...]
    looks: int = LOOKS
    alpha_total: float = ALPHA_TOTAL
    draws: int = DRAWS
    one_sitting: bool = False
    baseline: tuple[CardReply, ...] = ()
    runs: tuple[Look, ...] = ()

    @property
    def card_ids(self) -> tuple[str, ...]:
        """The ids of the cards, in their order."""
        return tuple(sorted(card.id for card in self.cards))

    def as_json(self) -> JsonObject:
        """What `show --record` prints, its digest included."""
        body: JsonObject = {
            "schema": SCHEMA,
            "avow": self.avow,
            "name": self.name,
            "model": self.conditions.model,
            "base_url": self.conditions.base_url,
            "api_version": self.conditions.api_version,
            "betas": list(self.conditions.betas),
            "request": self.conditions.request,
            "cards": [{"id": card.id, "text": card.text, "sha256": card.sha256} for card in self.cards],
            "looks": self.looks,
            "alpha_total": self.alpha_total,
            "draws": self.draws,
            "one_sitting": self.one_sitting,
            "baseline": [reply.as_json() for reply in self.baseline],
            "runs": [look.as_json() for look in self.runs],
        }
        return {**body, "digest": digest_of(body)}


def canonical(body: JsonObject) -> bytes:
    """A JSON object in the one form that is hashed: UTF-8, keys in order, no spaces."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of(body: JsonObject) -> str:
    """`sha256:` and the hash of the canonical form without the key `digest`. It shows that a record was changed by
    accident; it is not a signature, because whoever changes a record can make a new digest."""
    without = {key: value for key, value in body.items() if key != "digest"}
    return f"sha256:{hashlib.sha256(canonical(without)).hexdigest()}"
