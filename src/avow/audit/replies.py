"""A reply to a card as it came, and the six picks that the test reads from it."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from avow.audit.cards import PICKS
from avow.routing.verdict import Verdict
from avow.wire.json_value import JsonObject

Picks = tuple[str, ...]
Sample = Mapping[str, Sequence[Picks]]
"""Replies by the id of their card, each as its six picks, in the order they were asked for."""

TRUNCATED: Picks = ("<truncated>",) * PICKS
EMPTY: Picks = ("<empty>",) * PICKS
OFF_FORMAT: Picks = ("<off-format>",) * PICKS
NOT_ON_FORMAT = frozenset({TRUNCATED, EMPTY, OFF_FORMAT})


class Arm(StrEnum):
    """Which model was asked: the one under audit, or the one it is compared with."""

    REQUESTED = "requested"
    AGAINST = "against"


@dataclass(frozen=True, slots=True)
class CardReply:
    """One whole reply, as it is kept. `sitting` counts the calls of `baseline` from 1; in a look it is the look's
    number. `order` is its place in the order of requests, from 1; `text` is as received; `verdict` is that of the
    exchange; `created_at` is RFC 3339 in UTC."""

    card: str
    arm: Arm
    sitting: int
    order: int
    created_at: str
    verdict: str
    text: str
    request_id: str | None = None
    message_id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: JsonObject | None = None

    @property
    def is_declared(self) -> bool:
        """Whether the response itself says that this is not the answer of the requested model: then it is not in the
        test."""
        return self.verdict != Verdict.AS_REQUESTED

    @property
    def picks(self) -> Picks:
        """The picks that the test reads from it."""
        return picks_of(self.stop_reason, self.text)

    def as_json(self) -> JsonObject:
        """The `REPLY` of a record."""
        return {
            "card": self.card,
            "arm": str(self.arm),
            "sitting": self.sitting,
            "order": self.order,
            "created_at": self.created_at,
            "request_id": self.request_id,
            "message_id": self.message_id,
            "model": self.model,
            "verdict": self.verdict,
            "stop_reason": self.stop_reason,
            "text": self.text,
            "usage": self.usage,
        }


def picks_of(stop_reason: str | None, text: str) -> Picks:
    """The six picks of a reply. A reply that was truncated, is empty or off format stays in the test, as six picks of a
    value of its own. Whether a pick is what was asked for (a number, a colour) is not judged."""
    if stop_reason == "max_tokens":
        return TRUNCATED
    line = unicodedata.normalize("NFKC", text).strip()
    if not line:
        return EMPTY
    parts = [" ".join(part.split()).casefold() for part in line.split(",")]
    if len(line.splitlines()) != 1 or len(parts) != PICKS or not all(parts):
        return OFF_FORMAT
    return tuple(parts)


def in_test(replies: Iterable[CardReply], arm: Arm = Arm.REQUESTED) -> tuple[CardReply, ...]:
    """The replies of an arm that are in the test, in the order in which they were asked for."""
    kept = (reply for reply in replies if reply.arm is arm and not reply.is_declared)
    return tuple(sorted(kept, key=lambda reply: (reply.sitting, reply.order)))


def sample_of(replies: Iterable[CardReply], cards: Iterable[str], arm: Arm = Arm.REQUESTED) -> dict[str, list[Picks]]:
    """The replies in the test by card, cards in the order of their ids; a card without replies has an empty list."""
    sample: dict[str, list[Picks]] = {card: [] for card in sorted(cards)}
    for reply in in_test(replies, arm):
        sample[reply.card].append(reply.picks)
    return sample
