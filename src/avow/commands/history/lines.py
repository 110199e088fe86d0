"""Exchanges as lines of a list: aligned, one line each, or three where the terminal is narrow."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from avow.exchange.exchange import Exchange, Status
from avow.routing.verdict import Verdict
from avow.terminal.cells import cells, cut, padded, wrap
from avow.terminal.facts import BOLD, FAINT, PLAIN, RED, YELLOW, Facts
from avow.terminal.sanitize import clean, clean_line
from avow.terminal.table import GAP, natural_widths, side_by_side
from avow.text.local_time import MINUTES, local
from avow.wire.api import CLAUDE

_LEAST_PROMPT = 12
"""Cells of a prompt; with fewer, the category gives way, and then an exchange has more than one line."""
_PROMPT_IN_PIPE = 72
_MEASURED = 500


class _Form(NamedTuple):
    """The layout of one list. `year` and `vendor` begin every time and every model's name, and stand in the heading
    alone; `widths` are those of the columns before the prompt, empty where an exchange has lines of its own."""

    year: str = ""
    vendor: str = ""
    category: bool = True
    widths: tuple[int, ...] = ()


_PLAIN = _Form()


def lines(exchanges: Iterable[Exchange], facts: Facts) -> Iterator[str]:
    """A heading on a terminal, then the lines of each exchange, each with its newline."""
    for line, _exchange in entries(exchanges, facts):
        yield line


def entries(exchanges: Iterable[Exchange], facts: Facts) -> Iterator[tuple[str, Exchange | None]]:
    """The same, each text with its exchange, None for the heading. Columns are as wide as the first 500 exchanges
    need."""
    source = iter(exchanges)
    first = list(islice(source, _MEASURED))
    if not first:
        return
    form = _form_on_terminal(first, facts) if facts.is_terminal else _aligned(first, facts, _PLAIN)
    if facts.is_terminal and form.widths:
        heads = (*_heads(form), "prompt")
        (head,) = side_by_side([[head] for head in heads], [*form.widths, 0], [True, *[False] * len(form.widths)])
        yield facts.styled(head, BOLD) + "\n", None
    for exchange in chain(first, source):
        yield _entry(exchange, form, facts), exchange


def _form_on_terminal(first: Sequence[Exchange], facts: Facts) -> _Form:
    """The layout that shows most and leaves room for the prompts."""
    years = {when(exchange)[:5] for exchange in first}
    names = [name for exchange in first for name in route(exchange, facts, category=False).split() if len(name) > 1]
    short = _Form(years.pop() if len(years) == 1 else "", CLAUDE if all(n.startswith(CLAUDE) for n in names) else "")
    terse = short._replace(category=False)
    # A row with a very long name has lines of its own rather than make all others longer.
    for form, longest in ((_PLAIN, None), (short, None), (terse, None), (terse, facts.width // 2)):
        aligned = _aligned(first, facts, form, longest=longest)
        if _left(aligned, facts) >= (_LEAST_PROMPT if form is not _PLAIN else 2 * _LEAST_PROMPT):
            return aligned
    return _PLAIN


def _aligned(first: Sequence[Exchange], facts: Facts, form: _Form, *, longest: int | None = None) -> _Form:
    heads = _heads(form) if facts.is_terminal else ("",) * 4
    rows = [cells_of(exchange, facts, form) for exchange in first]
    if longest is not None:
        rows = [row for row in rows if cells(row[3]) <= longest]
    return form._replace(widths=tuple(natural_widths([heads, *rows])))


def _heads(form: _Form) -> tuple[str, str, str, str]:
    year = f" ({form.year.rstrip('-')})" if form.year else ""
    return "#", f"when{year}", "result", f"model ({form.vendor})" if form.vendor else "model"


def _left(form: _Form, facts: Facts) -> int:
    """The cells that are left for the prompt."""
    return facts.width - sum(form.widths) - len(GAP) * len(form.widths)


def cells_of(exchange: Exchange, facts: Facts, form: _Form = _PLAIN) -> tuple[str, str, str, str]:
    """Number, time by the local clock, how it ended, and who was asked and answered."""
    names = route(exchange, facts, category=form.category)
    names = " ".join(name.removeprefix(form.vendor) for name in names.split(" "))
    return str(exchange.number or "-"), when(exchange).removeprefix(form.year), result(exchange), names


def when(exchange: Exchange, form: str = MINUTES) -> str:
    """When it was asked, by the local clock."""
    return clean_line(local(exchange.created_at, form))


def result(exchange: Exchange) -> str:
    """Verdict and status in words, where the status adds something, and other facts about the row."""
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


def route(exchange: Exchange, facts: Facts, *, category: bool = True) -> str:
    """`requested`, or `requested → served`, with the category of a decline where that is wanted."""
    arrow = "→" if facts.unicode else "->"
    routing = exchange.routing
    names = clean_line(exchange.requested_model)
    if exchange.verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED):
        names += f" {arrow} {clean_line(routing.served_model or '') or 'another model'}"
    elif exchange.verdict is Verdict.UNVERIFIED and routing.served_model != exchange.requested_model:
        names += f" {arrow} {clean_line(routing.served_model or '')}?"
    return f"{names} ({clean_line(routing.category)})" if routing.category and category else names


def prompt_line(exchange: Exchange, room: int) -> str:
    """The prompt on one line, cut to `room` cells."""
    if exchange.question.prompt is None:
        return "(not kept)"
    return cut(clean_line(exchange.question.prompt[: 8 * room]), room)


def marked(pieces: Sequence[tuple[str, bool]], facts: Facts) -> str:
    """An excerpt with its matches in bold, or in brackets where no styles may be used."""
    before, after = (BOLD, PLAIN) if facts.color else ("[", "]")
    shown = ((clean(text).replace("\n", " ").replace("\t", " "), is_match) for text, is_match in pieces)
    return "".join(f"{before}{text}{after}" if is_match else text for text, is_match in shown)


def style_of(exchange: Exchange) -> str:
    """The style of a result that is not as requested; its words say the same."""
    if exchange.verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED, Verdict.UNVERIFIED):
        return YELLOW
    if exchange.verdict is Verdict.REFUSED or exchange.status in (Status.FAILED, Status.INCOMPLETE):
        return RED
    return FAINT if exchange.status is Status.PENDING else ""


def _entry(exchange: Exchange, form: _Form, facts: Facts) -> str:
    number, time, ended, models = cells_of(exchange, facts, form)
    shown = facts.styled(ended, style_of(exchange))
    if not form.widths or (facts.is_terminal and cells(models) > form.widths[3]):
        number, time, ended, models = cells_of(exchange, facts)
        top = wrap(f"{number}  {time}  {ended}", facts.width, rest="    ")
        top[0] = top[0].replace(ended, shown)
        below = [*wrap(models, facts.width, first=GAP, rest="    "), GAP + prompt_line(exchange, facts.width - 2)]
        return "".join(f"{line}\n" for line in (*top, *below))
    widths = form.widths
    start = (padded(number, widths[0], right=True), padded(time, widths[1]), shown)
    padding = " " * (widths[2] - cells(ended))
    left = _left(form, facts) if facts.is_terminal else _PROMPT_IN_PIPE
    end = (padded(models, widths[3]), prompt_line(exchange, max(left, 8)))
    return f"{GAP.join(start)}{padding}{GAP}{GAP.join(end)}\n"
