"""The values of a scan: one past answer, and what was skipped on the way."""

from enum import StrEnum
from typing import NamedTuple

from avow.routing.verdict import REROUTED, Verdict
from avow.wire.json_value import JsonObject


class Client(StrEnum):
    """The clients whose records can be read."""

    CLAUDE_CODE = "claude-code"
    LLM = "llm"


class PastAnswer(NamedTuple):
    """One message of the API, as another client recorded it.

    `time` is RFC 3339 in UTC. `line` (transcripts, from 1) or `row` (databases) is its place in `source`.
    `requested_model` is None where the client did not record it; `served_model` is None where the record does not name
    it or contradicts itself. `trigger` is why a client changed the model (`refusal`, `overloaded`, …), `category` that
    of the refusal. `told`: whether the client showed its user a notice; None where nothing had to be said, or where
    that is unknown. `hops` are the models tried, in order. `evidence` are (field, value) pairs as recorded.
    """

    client: Client
    time: str | None
    session: str | None
    source: str
    line: int | None
    row: str | None
    message_id: str | None
    request_id: str | None
    requested_model: str | None
    served_model: str | None
    verdict: Verdict
    category: str | None = None
    trigger: str | None = None
    told: bool | None = None
    hops: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str], ...] = ()
    usage: JsonObject | None = None
    prompt: str | None = None
    text: str | None = None

    @property
    def rerouted(self) -> bool:
        """Whether another model than the requested one answered."""
        return self.verdict in REROUTED

    @property
    def contradictory(self) -> bool:
        """Whether a handover was declared, but no other model is named."""
        return self.verdict is Verdict.UNVERIFIED and len(self.hops) > 1


class SkipCounts:
    """What a scan left out: broken lines (not JSON, cut off), lines too long to read, error records that are not
    answers, answers copied from another file, rows of other makers' models."""

    __slots__ = ("api_errors", "broken_lines", "duplicates", "other_models", "oversized_lines")

    def __init__(
        self,
        *,
        broken_lines: int = 0,
        oversized_lines: int = 0,
        api_errors: int = 0,
        duplicates: int = 0,
        other_models: int = 0,
    ) -> None:
        self.broken_lines = broken_lines
        self.oversized_lines = oversized_lines
        self.api_errors = api_errors
        self.duplicates = duplicates
        self.other_models = other_models

    def copy(self) -> "SkipCounts":
        """The counts as they are now."""
        return SkipCounts(**{name: getattr(self, name) for name in self.__slots__})
