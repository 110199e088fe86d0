"""Recomputes the results of an exported record, without the network and without the history."""

from dataclasses import dataclass

from avow.audit.judging import judge
from avow.audit.reading import record_from
from avow.audit.record import AuditRecord, Look, digest_of
from avow.audit.result import Result
from avow.exit_codes import ExitCode
from avow.wire.json_value import JsonObject, encodable_value, obj


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of computing a record again. `last` is its last finished look, None where there is none; `problems`
    say what does not agree."""

    record: AuditRecord
    last: Look | None
    result: Result | None
    problems: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether every result follows from its replies, and every hash is right."""
        return not self.problems

    @property
    def exit_code(self) -> int:
        """The exit status of the last look where all agrees, else 13."""
        if not self.agrees:
            return int(ExitCode.UNVERIFIED)
        return self.result.exit_code if self.result else int(ExitCode.OK)

    def as_json(self) -> JsonObject:
        """The recomputed object of the last look, with `agrees` and `problems` added."""
        body = self.result.as_json() if self.result else {}
        return {**body, "agrees": self.agrees, "problems": list(self.problems), "exit_code": self.exit_code}


def verify(value: object) -> Verified:
    """Compute every finished look of the record in `value` again, from its replies and its seed; only the cost is taken
    as it is. Raises UsageError where the value is not a record."""
    body = obj(encodable_value(value))
    record = record_from(body)
    problems = (
        [] if body.get("digest") == digest_of(body) else ["the digest is not that of this record: it was changed"]
    )
    for card, stored in zip(record.cards, body["cards"], strict=True):
        if stored.get("sha256") != card.sha256:
            problems.append(f"card {card.id}: the hash is not that of its text")
    if [look.number for look in record.runs] != list(range(1, len(record.runs) + 1)):
        problems.append("the looks are not numbered from 1")
    last: Look | None = None
    result: Result | None = None
    for look in record.runs:
        if look.result is None:
            continue
        last, result = look, judge(record, look, cost_usd=_cost(look.result))
        computed = result.as_json()
        wrong = [key for key, found in computed.items() if look.result.get(key) != found]
        if wrong or look.result.keys() != computed.keys():
            problems.append(f"look {look.number}: {', '.join(wrong) or 'the result'} is not what the replies give")
    return Verified(record, last, result, tuple(problems))


def _cost(result: JsonObject) -> float | None:
    cost = result.get("cost_usd")
    return cost if isinstance(cost, int | float) and not isinstance(cost, bool) else None
