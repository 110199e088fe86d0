"""Exchanges as lines of a list: aligned, on one line each, or on two where the terminal is narrow."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice

from avow.exchange.exchange import Exchange, Status
from avow.routing.verdict import Verdict
from avow.terminal.cells import cells, cut, padded
from avow.terminal.facts import BOLD, FAINT, PLAIN, RED, YELLOW, Facts
from avow.terminal.sanitize import clean, clean_line
from avow.terminal.table import GAP, natural_widths, side_by_side

_ONE_LINE_FROM = 110
_PROMPT_IN_PIPE = 72
_MEASURED = 500
_HEADS = ("#", "when", "result", "model")


def lines(exchanges: Iterable[Exchange], facts: Facts) -> Iterator[str]:
    """A heading on a terminal, then the lines of each exchange, newline included."""
    for line, _exchange in entries(exchanges, facts):
        yield line


def entries(exchanges: Iterable[Exchange], facts: Facts) -> Iterator[tuple[str, Exchange | None]]:
    """The same, each text with its exchange; None for the heading. Columns are as wide as the first 500 need."""
    source = iter(exchanges)
    first = list(islice(source, _MEASURED))
    if not first:
        return
    rows = [cells_of(exchange, facts) for exchange in first]
    heads = _HEADS if facts.is_terminal else ("",) * len(_HEADS)
    widths = natural_widths([heads, *rows])
    one_line = not facts.is_terminal or facts.width >= _ONE_LINE_FROM
    if one_line and facts.is_terminal:
        (head,) = side_by_side([[head] for head in (*heads, "prompt")], [*widths, 0], [True, *[False] * len(widths)])
        yield facts.styled(head, BOLD) + "\n", None
    for exchange in chain(first, source):
        yield _entry(exchange, widths, facts, one_line=one_line), exchange


def cells_of(exchange: Exchange, facts: Facts) -> tuple[str, str, str, str]:
    """Number, time by the local clock, how it ended, and who was asked and answered."""
    return str(exchange.number or "-"), when(exchange), result(exchange), route(exchange, facts)


def when(exchange: Exchange, form: str = "%Y-%m-%d %H:%M") -> str:
    """When it was asked, by the local clock."""
    try:
        return f"{datetime.fromisoformat(exchange.created_at).astimezone():{form}}"
    except (ValueError, OverflowError, OSError):
        return clean_line(exchange.created_at)


def result(exchange: Exchange) -> str:
    """Verdict and status in words, as far as they differ, and what else matters about the row."""
    words = [str(exchange.verdict).replace("_", " ")] if exchange.verdict else []
    if exchange.status not in (Status.COMPLETE, Status.REFUSED) or not words:
        words.append(str(exchange.status))
    if exchange.withheld:
        words.append("withheld")
    if exchange.simulated:
        words.append("simulated")
    if exchange.source != "avow":
        words.append(f"from {clean_line(exchange.source)}")
    return ", ".join(words)


def route(exchange: Exchange, facts: Facts) -> str:
    """`requested`, or `requested → served`, with the category of a decline."""
    arrow = "→" if facts.unicode else "->"
    routing = exchange.routing
    names = clean_line(exchange.requested_model)
    if exchange.verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED):
        names += f" {arrow} {clean_line(routing.served_model or '') or 'another model'}"
    elif exchange.verdict is Verdict.UNVERIFIED and routing.served_model != exchange.requested_model:
        names += f" {arrow} {clean_line(routing.served_model or '')}?"
    return f"{names} ({clean_line(routing.category)})" if routing.category else names


def prompt_line(exchange: Exchange, room: int) -> str:
    """The prompt on one line, cut to `room` cells."""
    if exchange.question.prompt is None:
        return "(not kept)"
    return cut(clean_line(exchange.question.prompt[: 8 * room]), room)


def marked(pieces: Sequence[tuple[str, bool]], facts: Facts) -> str:
    """An excerpt with its matches in bold, or in brackets where nothing may be styled."""
    before, after = (BOLD, PLAIN) if facts.color else ("[", "]")
    shown = ((clean(text).replace("\n", " ").replace("\t", " "), is_match) for text, is_match in pieces)
    return "".join(f"{before}{text}{after}" if is_match else text for text, is_match in shown)


def style_of(exchange: Exchange) -> str:
    """The style of a result that is not as it should be; its words say the same."""
    if exchange.verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED, Verdict.UNVERIFIED):
        return YELLOW
    if exchange.verdict is Verdict.REFUSED or exchange.status in (Status.FAILED, Status.INCOMPLETE):
        return RED
    return FAINT if exchange.status is Status.PENDING else ""


def _entry(exchange: Exchange, widths: Sequence[int], facts: Facts, *, one_line: bool) -> str:
    number, time, ended, models = cells_of(exchange, facts)
    shown = facts.styled(ended, style_of(exchange))
    if not one_line:
        top = cut(f"{number}  {time}  {ended}", facts.width)
        top = top.replace(ended, shown) if ended in top else top
        below = (cut(models, facts.width - 2), prompt_line(exchange, facts.width - 2))
        return "".join(f"{line}\n" for line in (top, *(f"  {line}" for line in below)))
    start = (padded(number, widths[0], right=True), padded(time, widths[1]), shown)
    padding = " " * (widths[2] - cells(ended))
    left = facts.width - sum(widths) - len(GAP) * len(widths) if facts.is_terminal else _PROMPT_IN_PIPE
    end = (padded(models, widths[3]), prompt_line(exchange, max(left, 8)))
    return f"{GAP.join(start)}{padding}{GAP}{GAP.join(end)}\n"
