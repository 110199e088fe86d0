"""How the items of a run ended: how many were answered as requested, in words, as an exit status. Pure."""

from collections import Counter
from typing import NamedTuple

from avow.exchange.exchange import Exchange, Status
from avow.exchange.outcome import exit_code
from avow.exit_codes import ExitCode, gravest
from avow.routing.verdict import NO_CATEGORY, Verdict
from avow.terminal.sanitize import clean_line
from avow.text.counts import counted

_UNASKED = "not asked"
_ORDER = (*Verdict, Status.INCOMPLETE, Status.FAILED, Status.INTERRUPTED, Status.PENDING)


def is_answered(exchange: Exchange) -> bool:
    """Whether the item has its answer and is not asked again."""
    return exchange.status.is_whole


def counted_as(exchange: Exchange) -> str:
    """What an item counts as: its verdict if it was answered, else its status."""
    verdict = exchange.verdict
    return str(verdict) if verdict is not None and is_answered(exchange) else str(exchange.status)


class AcceptanceRules(NamedTuple):
    """What the user accepts as an answer: a declared fallback too; `require` is how strong the evidence must be
    (`weak`, `strong`)."""

    accept_fallback: bool = False
    require: str = "weak"


def code_of(exchange: Exchange, rules: AcceptanceRules) -> ExitCode:
    """The exit status of an item by these rules: an item that was answered in an earlier call may have been asked by
    others."""
    code = exchange.exit_code
    if not is_answered(exchange):
        return code if isinstance(code, ExitCode) else ExitCode.INCOMPLETE
    return exit_code(
        exchange.status,
        exchange.verdict,
        accept_fallback=rules.accept_fallback,
        proven=exchange.routing.is_proven(rules.require),
        problems=[exchange.problem.exit_code] if exchange.problem else [],
    )


class MinimumShare(NamedTuple):
    """The share of all items, in percent, that must be as requested."""

    percent: float


class RunCounts:
    """Counts the items of a run of `total` as they end."""

    def __init__(self, total: int, rules: AcceptanceRules) -> None:
        self.total = total
        self.rules = rules
        self._by_name: Counter[str] = Counter()
        self._categories: Counter[str] = Counter()
        self._codes: Counter[ExitCode] = Counter()
        self.cost_usd = 0.0
        self.unpriced = 0

    def add(self, exchange: Exchange) -> None:
        """Count an item that has ended."""
        name = counted_as(exchange)
        self._by_name[name] += 1
        if name == Verdict.FALLBACK:
            self._categories[clean_line(exchange.routing.category or "") or NO_CATEGORY] += 1
        self._codes[code_of(exchange, self.rules)] += 1
        reply = exchange.reply
        self.cost_usd += reply.cost_floor_usd if reply.cost_usd is None else reply.cost_usd
        ran = any(hop.usage for hop in exchange.routing.hops) or exchange.verdict is not None
        self.unpriced += reply.cost_usd is None and ran

    def leave(self, number: int) -> None:
        """`number` items are in batches and have not ended."""
        self._by_name[str(Status.PENDING)] += number

    @property
    def done(self) -> int:
        """How many items have ended, or are in a batch."""
        return self._by_name.total()

    @property
    def unasked(self) -> int:
        """How many items have not ended and are in no batch."""
        return max(self.total - self.done, 0)

    @property
    def all_as_requested(self) -> bool:
        """Whether the requested model answered every item, and no answer has a problem."""
        return self.named(Verdict.AS_REQUESTED) == self.total and self.code() is ExitCode.OK

    def named(self, name: str) -> int:
        """How many items count as that verdict or status."""
        return self._by_name[str(name)]

    def parts(self) -> list[str]:
        """The same as `ended`, and how many were not asked."""
        return [*self.ended(), *([f"{self.unasked} {_UNASKED}"] if self.unasked else [])]

    def ended(self) -> list[str]:
        """`912 as_requested`, `81 fallback (frontier_llm 77, cyber 4)`, …; without those that are 0."""
        return [
            f"{number} {name}{self._why() if name is Verdict.FALLBACK else ''}"
            for name in _ORDER
            if (number := self._by_name[str(name)])
        ]

    def cost(self) -> str:
        """`$3.21`; `at least $3.21` where a part is unknown."""
        usd = self.cost_usd
        amount = f"${usd:,.2f}" if usd >= 1 or not usd else f"${usd:.4f}"
        return f"at least {amount}" if self.unpriced else amount

    def line(self, run: int | None) -> str:
        """The last line of a run."""
        name = "run" if run is None else f"run {run}"
        return f"avow: {name}: {counted(self.total, 'item')}: {', '.join(self.parts())}; {self.cost()}"

    def code(self) -> ExitCode:
        """The exit status of the gravest item."""
        return gravest(*self._codes)

    def gate(self, least: MinimumShare | None) -> ExitCode:
        """The exit status of the run. With `least` it is 0 if that share of all items is as requested and every item
        was answered."""
        if least is None:
            return self.code()
        answered = sum(self.named(verdict) for verdict in Verdict)
        is_enough = self.named(Verdict.AS_REQUESTED) * 100 >= least.percent * self.total - 1e-9
        if is_enough and answered == self.total:
            return ExitCode.OK
        code = self.code()
        return ExitCode.FALLBACK if code is ExitCode.OK and self.named(Verdict.FALLBACK) else code

    def _why(self) -> str:
        """The categories of the fallbacks, if any is known."""
        if set(self._categories) <= {NO_CATEGORY}:
            return ""
        return f" ({', '.join(f'{name} {number}' for name, number in self._categories.most_common())})"
