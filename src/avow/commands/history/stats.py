"""`avow history stats`: sums as tables and bars."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from avow.commands.history.filter_options import FilterOptions, filters_of
from avow.commands.paging import page
from avow.context import Context
from avow.errors import unknown_word
from avow.exit_codes import ExitCode
from avow.history.filters import EVERYTHING
from avow.history.sums import GROUPS, UNUSUAL, as_json
from avow.terminal.cells import cells, wrap
from avow.terminal.facts import BOLD, Facts
from avow.terminal.sanitize import clean_line
from avow.terminal.table import GAP, room, table
from avow.text.counts import counted

if TYPE_CHECKING:
    from avow.history.store import History
    from avow.history.sums import Latency, ModelPair, ModelUse, Stats, Tally

_LONGEST_BAR = 30
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_NARROW = 60
_MANY = 50_000
_FOREIGN = "SELECT 1 FROM exchange WHERE source <> 'avow' AND source <> 'audit' LIMIT 1"
Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class StatsOptions:
    """The options of `avow history stats`: what to group by, and over which exchanges."""

    by: str = "month"
    filters: FilterOptions = field(default_factory=FilterOptions)
    as_json: bool = False


def run_stats(options: StatsOptions, context: Context) -> ExitCode:
    """Print the sums. Raises UsageError for an unknown grouping."""
    from avow.history.stats import stats

    if options.by not in GROUPS:
        raise unknown_word(options.by, GROUPS, "grouping")
    filters = filters_of(options.filters, context)
    history = context.history(context.settings(), read_only=True)
    if filters == EVERYTHING:
        _let_sums_be_kept(history, context)
    found = stats(history, options.by, filters, simulated=options.filters.simulated)
    is_all = not filters.sources and filters.run is None and not options.filters.simulated
    if is_all and history.read(_FOREIGN):
        context.screen.note("answers that other programs asked for are not counted; --source all counts them too")
    if options.as_json:
        import json

        context.screen.out(json.dumps(as_json(found), indent=2) + "\n")
    elif not found.total.requests:
        context.screen.note("no exchanges to count; --simulated counts those of the simulator")
    else:
        page("".join(f"{line}\n" for line in lines(found, context.screen.out_facts)), context)
    return ExitCode.OK


def _let_sums_be_kept(history: "History", context: Context) -> None:
    """Let a file that an earlier avow wrote keep its sums from now on; a damaged file is left as it is."""
    from avow.history import summary
    from avow.history.stats import keep_sums

    if history.is_salvaged or not history.path.exists() or summary.are_right(history.read(summary.LOOK)):
        return
    number = history.read("SELECT max(number) FROM exchange")[0][0] or 0
    if number > _MANY:
        context.screen.note(f"adding up {counted(number, 'exchange')} once; the sums are kept from now on")
    if not keep_sums(history.path):
        context.screen.note("the sums cannot be kept now; the exchanges are counted, which takes longer")


def lines(found: "Stats", facts: Facts) -> Iterator[str]:
    """All statistics, as tables with headings."""
    space = room(facts)
    for line in _summary(found.total):
        yield from wrap(line, space) if space else [line]
    yield from _groups(found.by, found.groups, facts)
    sections = (
        ("Who answered instead", _pairs(found.pairs, facts)),
        ("Declines by category", _declines(found.declines, facts)),
        ("Seconds by the model that answered", _latencies(found.latencies)),
        ("Tokens and cost by the model that ran", _uses(found.uses)),
    )
    for title, rows in sections:
        if len(rows) > 1:
            yield ""
            yield facts.styled(title, BOLD)
            heads, *shown = _telling(rows) if facts.is_terminal else rows
            yield from table(shown, facts, heads=heads)


def money(usd: float, unpriced: int) -> str:
    """A sum in USD; `at least` where a part of it is unknown."""
    amount = f"${usd:,.2f}" if usd >= 1 or not usd else f"${usd:.4f}"
    return f"at least {amount}" if unpriced else amount


def _summary(total: "Tally") -> Iterator[str]:
    requests = counted(total.requests, "request")
    share = f"{_percent(total.share)} answered as requested"
    if total.as_requested:
        share += f" ({_percent(total.share_strong)} with strong evidence)"
    yield f"{requests}, {share}, cost {money(total.cost_usd, total.unpriced)}"
    told = [f"{getattr(total, name)} {name}" for name in UNUSUAL if getattr(total, name)]
    if told:
        yield ", ".join(told)


def _groups(by: str, groups: Sequence["Tally"], facts: Facts) -> Iterator[str]:
    shown = [name for name in UNUSUAL if any(getattr(group, name) for group in groups)]
    if facts.is_terminal and facts.width < _NARROW:
        shown = [name for name in shown if name in ("fallback", "refused")]
    proof = any(group.as_requested_strong != group.as_requested for group in groups)
    rows: Rows = [(by, "requests", "as requested", *(["strong evidence"] if proof else []), *shown, "cost")]
    most = max((group.requests for group in groups), default=0)
    for group in groups:
        counts = (str(getattr(group, name)) for name in shown)
        strong = [_percent(group.share_strong)] if proof else []
        price = money(group.cost_usd, group.unpriced)
        rows.append((_named(group.key), str(group.requests), _percent(group.share), *strong, *counts, price))
    head, *lines = table(rows[1:], facts._replace(color=False), heads=rows[0])
    left = facts.width - max(map(cells, (head, *lines))) - len(GAP)
    is_aligned = head.startswith(by) and len(lines) == len(groups)
    yield ""
    yield facts.styled(head, BOLD) if is_aligned else head
    if facts.is_terminal and is_aligned and left > 4:
        bars = (_bar(group.requests, most, facts, longest=left) for group in groups)
        lines = [f"{line}{GAP}{bar}".rstrip() for line, bar in zip(lines, bars, strict=True)]
    yield from lines


def _pairs(pairs: Sequence["ModelPair"], facts: Facts) -> Rows:
    rows: Rows = [("requested", "answered", "category", "times")]
    for pair in pairs:
        served = clean_line(pair.served or "") or "another model"
        rows.append((clean_line(pair.requested), served, _named(pair.category), str(pair.count)))
    return rows


def _declines(declines: Sequence[tuple[str | None, int]], facts: Facts) -> Rows:
    most = max((count for _category, count in declines), default=0)
    bars = facts.is_terminal and facts.width >= _NARROW
    rows: Rows = [("category", "times", *([""] if bars else []))]
    for category, count in declines:
        rows.append((_named(category), str(count), *([_bar(count, most, facts)] if bars else [])))
    return rows


def _latencies(latencies: Sequence["Latency"]) -> Rows:
    rows: Rows = [("model", "answers", "first p50", "p95", "total p50", "p95")]
    for item in latencies:
        durations = (item.first_token_p50, item.first_token_p95, item.total_p50, item.total_p95)
        rows.append((clean_line(item.model), str(item.answers), *(_seconds(one) for one in durations)))
    return rows


def _uses(uses: Sequence["ModelUse"]) -> Rows:
    rows: Rows = [("model", "served", "declined", "skipped", "input", "output", "cache read", "cache write", "cost")]
    for use in uses:
        counts = (use.served, use.declined, use.skipped)
        tokens = (use.input_tokens, use.output_tokens, use.cache_read_tokens, use.cache_write_tokens)
        rows.append((_named(use.model), *map(str, counts), *map(str, tokens), money(use.cost_usd, use.unpriced)))
    return rows


def _telling(rows: Rows) -> Rows:
    """The rows without the columns that are 0 in each row."""
    kept = [any(cell != "0" for cell in column[1:]) for column in zip(*rows, strict=True)]
    return [tuple(cell for cell, keep in zip(row, kept, strict=True) if keep) for row in rows]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _seconds(milliseconds: int | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds / 1000:.1f}"


def _named(key: str | None) -> str:
    return "(none given)" if key is None else clean_line(key)


def _bar(count: int, most: int, facts: Facts, *, longest: int = _LONGEST_BAR) -> str:
    """A bar as long in proportion to `longest` as `count` is to `most`; at least one cell for a count above 0."""
    if not most or not count:
        return ""
    longest = min(longest, _LONGEST_BAR)
    if not facts.unicode or facts.plain:
        return "#" * max(1, round(longest * count / most))
    eighths = max(1, round(8 * longest * count / most))
    return _EIGHTHS[-1] * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
