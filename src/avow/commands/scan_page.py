"""A finished scan as people read it: counts, a row for each answer by another model, and a summary sentence; pure."""

from collections.abc import Iterator, Sequence

from avow.routing.verdict import STICKY
from avow.scan.reason import reason
from avow.scan.records import PastAnswer
from avow.scan.report import TOTALS_HEADER, ScanReport, totals_rows
from avow.terminal.cells import cells, wrap
from avow.terminal.facts import Facts
from avow.terminal.sanitize import clean_line
from avow.terminal.table import GAP, across, room, table
from avow.text.counts import counted
from avow.text.local_time import local
from avow.wire.api import CLAUDE

_SESSION_SHOWN = 8
_TOLD = {True: "yes", False: "no", None: "unknown"}
_MEANT = {
    "told": "told: whether the client showed a notice that the model had changed.",
    "sticky": "sticky: no decline in this response; after one, the API sends prompts that begin the same way to the "
    "other model for about an hour.",
    "unverified": "unverified: the records do not say which model was asked for, or which one answered.",
}
Row = tuple[str, ...]


def page(report: ScanReport, facts: Facts, *, rerouted_only: bool = False) -> str:
    """The whole page, with a newline at its end. `rerouted_only`: answers by the requested model were not counted."""
    if not report.answers:
        return _nothing(report, facts, rerouted_only=rerouted_only)
    parts = [table([[clean_line(cell) for cell in row] for row in totals_rows(report)], facts, heads=TOTALS_HEADER)]
    if report.reroutes:
        parts.append(list(_rows(report.reroutes, facts)))
    if report.contradictory:
        heading = _said("These answers declare a handover, but not to another model:", facts)
        parts.append([*heading, "", *_rows(report.contradictory, facts)])
    parts.append([line for said in _ending(report, rerouted_only=rerouted_only) for line in _said(said, facts)])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def sentence(report: ScanReport, *, rerouted_only: bool = False) -> str:
    """How many answers another model wrote, and how often the client did not say so."""
    number, told = len(report.reroutes), [answer.told for answer in report.reroutes]
    unverified = sum(each.unverified for each in report.totals)
    if not number and unverified:
        return f"No answer is known to be another model's, but {_count(unverified)} unverified."
    if not number and (refused := sum(each.refused for each in report.totals)):
        verb = "was" if refused == 1 else "were"
        return f"According to the records, no answer was written by another model; {refused:,} {verb} refused."
    if not number:
        return "According to the records, every answer was written by the model that was asked."
    of = "" if rerouted_only else f" of {report.answers:,}"
    verb = "was" if number == 1 else "were"
    noun = "answer" if (number if rerouted_only else report.answers) == 1 else "answers"
    hidden, unknown = told.count(False), told.count(None)
    start = f"{number:,}{of} {noun} {verb} written by another model"
    if hidden == number:
        return f"{start}; you were {'not' if number == 1 else 'never'} told."
    if not hidden and not unknown:
        return f"{start}; you were told{'' if number == 1 else ' each time'}."
    parts = [f"{_times(hidden)} you were not told"] if hidden else []
    parts += [f"{_times(unknown)} the records do not say whether you were told"] if unknown else []
    return f"{start}; {', and '.join(parts)}."


def _ending(report: ScanReport, *, rerouted_only: bool) -> Iterator[str]:
    yield sentence(report, rerouted_only=rerouted_only)
    shown = (*report.reroutes, *report.contradictory)
    if shown:
        yield _MEANT["told"]
    if any(reason(answer) == STICKY for answer in shown):
        yield _MEANT["sticky"]
    if any(each.unverified for each in report.totals):
        yield _MEANT["unverified"]


def _nothing(report: ScanReport, facts: Facts, *, rerouted_only: bool) -> str:
    """Why nothing was found, and where avow looked."""
    if report.files_read and rerouted_only:
        return "\n".join(_said("The records have no answer that another model is known to have written.", facts)) + "\n"
    if report.files_read:
        said = f"There are no answers in the {counted(report.files_read, 'file', grouped=True)} read. Looked in:"
    else:
        said = "There are no records of Claude Code or llm here. Looked in:"
    places = [line for path in report.looked_in for line in _said(f"  {clean_line(path)}", facts)]
    return "".join(f"{line}\n" for line in (*_said(said, facts), *places))


def _rows(answers: Sequence[PastAnswer], facts: Facts) -> Iterator[str]:
    """A table; on a terminal without what all rows share, and with two or three lines for each answer where it is
    narrow."""
    full = [_row(answer, facts) for answer in answers]
    whole = [_heads(facts), *full]
    if not facts.is_terminal or across(whole) <= facts.width:
        yield from table(full, facts, heads=whole[0])
        return
    heads, *rows = _shortened(full, facts)
    if across([heads, *rows]) <= facts.width:
        yield from table(rows, facts, heads=heads)
        return
    for when, client, session, models, why, told in full:
        yield from wrap(f"{when}{GAP}{client}{GAP}{session}", facts.width, rest="    ", whole=True)
        line = f"{models} ({why}); told: {told}"
        parts = [line] if cells(line) + len(GAP) <= facts.width else [models, f"{why}; told: {told}"]
        for part in parts:
            yield from wrap(part, facts.width, first=GAP, rest="    ", whole=True)


def _row(answer: PastAnswer, facts: Facts) -> Row:
    asked = clean_line(answer.requested_model or "") or "not recorded"
    served = clean_line(answer.served_model or "") or "not named"
    why = reason(answer)
    return (
        clean_line(local(answer.time)) if answer.time else "unknown",
        str(answer.client),
        clean_line(answer.session or answer.row or "")[:_SESSION_SHOWN],
        f"{asked}{_arrow(facts)}{served}",
        "sticky" if why == STICKY else clean_line(why),
        _TOLD[answer.told],
    )


def _shortened(rows: Sequence[Row], facts: Facts) -> list[Row]:
    """Heads and rows without what all rows share: the year, the client, the vendor in the models' names."""
    arrow = _arrow(facts)
    years, clients = {row[0][:5] for row in rows}, {row[1] for row in rows}
    names = [name for row in rows for name in row[3].split(arrow)]
    year = years.pop() if len(years) == 1 else ""
    vendor = CLAUDE if all(name.startswith(CLAUDE) or " " in name for name in names) else ""
    found = [_heads(facts, year, vendor)]
    for when, client, session, models, why, told in rows:
        short = arrow.join(name.removeprefix(vendor) for name in models.split(arrow))
        found.append((when.removeprefix(year), client, session, short, why, told))
    return [row[:1] + row[2:] for row in found] if len(clients) == 1 else found


def _heads(facts: Facts, year: str = "", vendor: str = "") -> Row:
    when = f"when ({year.rstrip('-')})" if year else "when"
    models = f"from{_arrow(facts)}to"
    return when, "client", "session", f"{models} ({vendor})" if vendor else models, "why", "told"


def _arrow(facts: Facts) -> str:
    return " → " if facts.unicode else " -> "


def _said(text: str, facts: Facts) -> list[str]:
    space = room(facts)
    indent = " " * (len(text) - len(text.lstrip()))
    return wrap(text.lstrip(), space, first=indent, rest=indent, whole=True) if space else [text]


def _count(number: int) -> str:
    return "1 is" if number == 1 else f"{number:,} are"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
