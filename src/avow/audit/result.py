"""The result of a look as a value, and as the object of `avow.audit/1`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from avow.audit.effect import WouldHaveSeen
from avow.audit.share import Share
from avow.wire.json_value import JsonObject

SCHEMA = "avow.audit/1"


class Finding(StrEnum):
    """The conclusion of a look."""

    NO_DIFFERENCE = "no_difference"
    DIFFERS = "differs"
    VOID = "void"
    NOT_MEASURED = "not_measured"


class Difference(NamedTuple):
    """A condition that differs between the baseline and now, which makes the baseline void. Both values are JSON
    types."""

    field: str
    baseline: object
    now: object


@dataclass(frozen=True, slots=True)
class Measured:
    """One test of twenty replies. `p` is None where too few replies were in the test."""

    p: float | None
    p_directed: float | None = None
    excess_tv: float | None = None

    def as_json(self) -> JsonObject:
        """`{"p", "p_directed", "excess_tv"}`."""
        return {"p": self.p, "p_directed": self.p_directed, "excess_tv": self.excess_tv}


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a look. `replies`, `declared` and `off_format` count the first twenty replies, not the repeat;
    `alpha` is the level of the look; `cost_usd` is the cost of all that the look sent, None where a price is
    unknown."""

    name: str
    model: str
    finding: Finding
    floor: float
    alpha: float
    look: int
    looks: int
    against: str | None = None
    first: Measured = Measured(None)
    repeat: Measured | None = None
    share: Share | None = None
    replies: int = 0
    declared: int = 0
    off_format: int = 0
    would_have_seen: WouldHaveSeen | None = None
    cost_usd: float | None = None
    exit_code: int = 0
    differences: tuple[Difference, ...] = ()

    def as_json(self) -> JsonObject:
        """The object of `avow audit run --json`, `avow.audit/1`; with `void` also `differences`: what has changed."""
        body: JsonObject = {
            "schema": SCHEMA,
            "name": self.name,
            "model": self.model,
            "against": self.against,
            "result": str(self.finding),
            **self.first.as_json(),
            "floor": self.floor,
            "alpha": self.alpha,
            "look": self.look,
            "looks": self.looks,
            "repeat": self.repeat.as_json() if self.repeat else None,
            "share": self.share._asdict() if self.share else None,
            "replies": self.replies,
            "declared": self.declared,
            "off_format": self.off_format,
            "would_have_seen": self.would_have_seen._asdict() if self.would_have_seen else None,
            "cost_usd": self.cost_usd,
            "exit_code": self.exit_code,
        }
        if self.finding is Finding.VOID:
            body["differences"] = [difference._asdict() for difference in self.differences]
        return body
