"""What a scan found, added up: as JSON, and as rows of a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from avow.routing.verdict import Verdict
from avow.scan.places import Unreadable
from avow.scan.records import PastAnswer, SkipCounts
from avow.text.local_time import local

SCHEMA = "avow.scan/1"
TOTALS_HEADER = ("client", "month", "answers", "as requested", "rerouted", "refused", "unverified")

_MONTH = len("2026-11")


@dataclass(frozen=True, slots=True)
class Totals:
    """Answers of one client in one month (`2026-11`; None where no time was recorded), by verdict."""

    client: str
    month: str | None
    as_requested: int = 0
    fallback: int = 0
    substituted: int = 0
    refused: int = 0
    unverified: int = 0

    @property
    def answers(self) -> int:
        """How many answers."""
        return self.as_requested + self.rerouted + self.refused + self.unverified

    @property
    def rerouted(self) -> int:
        """How many of them another model wrote."""
        return self.fallback + self.substituted


@dataclass(frozen=True, slots=True)
class ScanReport:
    """A finished scan. `totals` are by months of UTC, `totals_here` by months of the local clock. `reroutes` and
    `contradictory` are in order of time and without text: prompts and answers are in the answers themselves.
    `contradictory` declare a handover, but not to another model."""

    totals: tuple[Totals, ...]
    totals_here: tuple[Totals, ...]
    reroutes: tuple[PastAnswer, ...]
    contradictory: tuple[PastAnswer, ...]
    files_read: int
    bytes_read: int
    counts: SkipCounts
    unreadable: tuple[Unreadable, ...]
    looked_in: tuple[str, ...]

    @property
    def answers(self) -> int:
        """All answers found."""
        return sum(each.answers for each in self.totals)


@dataclass(slots=True)
class ReportTally:
    """Adds up answers as they come; its size grows with the number of reroutes and months, not of answers."""

    _months: dict[tuple[str, str, str], dict[Verdict, int]] = field(default_factory=dict)
    """By client, month of UTC and month here."""
    _reroutes: list[PastAnswer] = field(default_factory=list)
    _contradictory: list[PastAnswer] = field(default_factory=list)

    def add(self, answer: PastAnswer) -> None:
        """Add one answer."""
        month = answer.time[:_MONTH] if answer.time else ""
        key = (answer.client, month, _month_here(answer.time) if answer.time else "")
        by_verdict = self._months.setdefault(key, dict.fromkeys(Verdict, 0))
        by_verdict[answer.verdict] += 1
        if answer.rerouted or answer.contradictory:
            kept = self._reroutes if answer.rerouted else self._contradictory
            kept.append(answer._replace(prompt=None, text=None, usage=None))

    def report(
        self,
        *,
        files_read: int,
        bytes_read: int,
        counts: SkipCounts,
        unreadable: Sequence[Unreadable],
        looked_in: Sequence[str],
    ) -> ScanReport:
        """The report on the answers added so far."""
        return ScanReport(
            totals=self._totals(here=False),
            totals_here=self._totals(here=True),
            reroutes=tuple(sorted(self._reroutes, key=_by_time)),
            contradictory=tuple(sorted(self._contradictory, key=_by_time)),
            files_read=files_read,
            bytes_read=bytes_read,
            counts=counts.copy(),
            unreadable=tuple(unreadable),
            looked_in=tuple(looked_in),
        )

    def _totals(self, *, here: bool) -> tuple[Totals, ...]:
        months: dict[tuple[str, str], Counter[Verdict]] = {}
        for (client, month, local_month), by_verdict in self._months.items():
            months.setdefault((client, local_month if here else month), Counter()).update(by_verdict)
        return tuple(
            Totals(str(client), month or None, **{verdict.value: number for verdict, number in by_verdict.items()})
            for (client, month), by_verdict in sorted(months.items())
        )


def report_as_json(report: ScanReport) -> dict[str, object]:
    """The report as an object of JSON types; every key is always present, null where unknown."""
    return {
        "schema": SCHEMA,
        "answers": report.answers,
        "totals": [
            {
                "client": each.client,
                "month": each.month,
                "answers": each.answers,
                "as_requested": each.as_requested,
                "rerouted": each.rerouted,
                "fallback": each.fallback,
                "substituted": each.substituted,
                "refused": each.refused,
                "unverified": each.unverified,
            }
            for each in report.totals
        ],
        "reroutes": [answer_as_json(answer) for answer in report.reroutes],
        "contradictory": [answer_as_json(answer) for answer in report.contradictory],
        "files_read": report.files_read,
        "bytes_read": report.bytes_read,
        "broken_lines": report.counts.broken_lines,
        "oversized_lines": report.counts.oversized_lines,
        "api_errors": report.counts.api_errors,
        "duplicates": report.counts.duplicates,
        "other_models": report.counts.other_models,
        "unreadable": [{"path": each.path, "reason": each.reason} for each in report.unreadable],
        "looked_in": list(report.looked_in),
    }


def answer_as_json(answer: PastAnswer) -> dict[str, object]:
    """Where an answer is and how it was routed, without prompt and text."""
    return {
        "client": str(answer.client),
        "time": answer.time,
        "session": answer.session,
        "requested_model": answer.requested_model,
        "served_model": answer.served_model,
        "verdict": str(answer.verdict),
        "rerouted": answer.rerouted,
        "category": answer.category,
        "trigger": answer.trigger,
        "told": answer.told,
        "hops": list(answer.hops),
        "evidence": [{"field": name, "value": value} for name, value in answer.evidence],
        "source": answer.source,
        "line": answer.line,
        "row": answer.row,
        "message_id": answer.message_id,
        "request_id": answer.request_id,
    }


def totals_rows(report: ScanReport) -> list[tuple[str, ...]]:
    """One row for each client and month of the local clock, under `TOTALS_HEADER`."""
    return [
        (
            each.client,
            each.month or "unknown",
            str(each.answers),
            str(each.as_requested),
            str(each.rerouted),
            str(each.refused),
            str(each.unverified),
        )
        for each in report.totals_here
    ]


def _month_here(time: str) -> str:
    """The month of a time by the local clock, which is at most a day from UTC."""
    return time[:_MONTH] if "02" <= time[_MONTH + 1 : _MONTH + 3] <= "27" else local(time)[:_MONTH]


def _by_time(answer: PastAnswer) -> tuple[bool, str, str, int]:
    return answer.time is None, answer.time or "", answer.source, answer.line or 0
