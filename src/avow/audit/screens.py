"""What an audit prints: the question before it sends, the bar, the report, and the tables of `list` and `show`."""

from collections.abc import Iterator, Sequence

from avow.audit import plot
from avow.audit.collecting import asked_in_all, is_complete, sittings_planned
from avow.audit.looking import open_look
from avow.audit.record import AuditRecord, Look
from avow.audit.replies import Arm, CardReply
from avow.audit.result import Finding, Result
from avow.audit.store import StoredAudit
from avow.audit.words import lines_of, number, sittings_shown
from avow.context import Context
from avow.errors import FileError, UsageError, system_words
from avow.terminal.cells import wrap
from avow.terminal.facts import BOLD, BOLD_YELLOW, FAINT, Facts
from avow.terminal.sanitize import clean_line
from avow.terminal.table import room, table
from avow.text.counts import counted
from avow.text.local_time import local

_BAR = 24
_LEAST_BAR = 4
LIST_HEADS = ("name", "model", "baseline", "looks used", "alpha spent", "last result")
REPLY_HEADS = ("look", "order", "card", "model asked", "verdict", "request id", "reply")


def agree(context: Context, lines: Sequence[str], *, yes: bool) -> None:
    """Say what will be sent and what it costs, and ask. Raises UsageError where the user says no, or where there is no
    terminal to ask on."""
    for line in lines:
        if yes or not context.stdin_is_terminal:
            context.screen.note(line)
        else:
            for row in rows_of(line, context.screen.err_facts):
                context.screen.err_line(row)
    if yes:
        return
    if not context.stdin_is_terminal or context.stdin is None:
        raise UsageError("avow cannot ask whether to send this: there is no terminal", hint="--yes sends it")
    context.screen.err("Send it? [y/N] ")
    try:
        answer = context.stdin.readline()
    except OSError as error:
        raise FileError(f"no answer could be read: {system_words(error)}") from None
    context.screen.line_ended()
    if answer.strip().lower() not in (b"y", b"yes"):
        raise UsageError("nothing was sent")


def show_progress(context: Context, label: str, done: int, due: int) -> None:
    """Draw one line on an interactive stderr: a bar, and how many replies have come."""
    facts = context.screen.err_facts
    context.screen.status(progress_line(label, done, due, facts.width - 1, unicode=facts.unicode))


def progress_line(label: str, done: int, due: int, width: int, *, unicode: bool = True) -> str:
    """The progress in at most `width` cells: the bar is shortened first, then the label, the figures last."""
    figures = f"{done}/{due}"
    bar = min(_BAR, width - len(label) - len(figures) - 2)
    if bar < _LEAST_BAR:
        return f"{label[: max(0, width - len(figures) - 1)]} {figures}".strip()
    filled = round(bar * done / max(due, 1))
    full, empty = ("━", "╌") if unicode else ("#", ".")
    return f"{label} {full * filled}{empty * (bar - filled)} {figures}"


def report(context: Context, result: Result, record: AuditRecord, look: Look | None) -> None:
    """Print the result of a look on stdout: its sentences, then the picks that differ most."""
    facts = context.screen.out_facts
    for place, line in enumerate(lines_of(result, record)):
        for row in rows_of(line, facts):
            style = "" if place else (BOLD_YELLOW if result.finding is Finding.DIFFERS else BOLD)
            context.screen.line(facts.styled(row, style))
    drawn = plot.plot_of(record, look) if look is not None else None
    if drawn is not None:
        context.screen.line()
        bars = tuple(bar._replace(value=clean_line(bar.value)) for bar in drawn.bars)
        for row in plot.lines_of(drawn._replace(bars=bars), facts.width, unicode=facts.unicode):
            context.screen.line(row)


def list_lines(audits: Sequence[StoredAudit], facts: Facts) -> list[str]:
    """One row for each audit, under `LIST_HEADS`."""
    return table([_list_row(kept) for kept in audits], facts, heads=LIST_HEADS)


def show_lines(kept: StoredAudit, facts: Facts) -> Iterator[str]:
    """All that is kept of an audit: its terms, its sittings, each look and each reply."""
    record = kept.record
    conditions = record.conditions
    yield facts.styled(
        f"Audit {record.name}: {clean_line(conditions.model)} at {clean_line(conditions.base_url)}", BOLD
    )
    betas = ", ".join(map(clean_line, conditions.betas)) or "none"
    version, made_by = clean_line(conditions.api_version), clean_line(record.avow)
    yield f"version {version}, betas {betas}, {record.looks} looks planned, made by avow {made_by}"
    yield _baseline_words(kept)
    for card in record.cards:
        yield from rows_of(f"{clean_line(card.id)} ({card.sha256[:12]}): {clean_line(card.text)}", facts)
    for look in record.runs:
        yield ""
        yield from rows_of(_look_words(look), facts)
    yield ""
    yield from table([*_reply_rows(record)], facts, heads=REPLY_HEADS)


def rows_of(line: str, facts: Facts) -> list[str]:
    """A line as rows of a terminal, broken between words only."""
    indent = line[: len(line) - len(line.lstrip())]
    text, width = clean_line(line.strip()), room(facts)
    return (
        [f"{indent}{text}"] if width is None else wrap(text, width, first=indent, rest=f"{indent}  " if indent else "")
    )


def _list_row(kept: StoredAudit) -> tuple[str, ...]:
    record = kept.record
    used = len(record.runs)
    spent = number(record.alpha_total * used / record.looks) if used else "0"
    last = next((look.result for look in reversed(record.runs) if look.result), None)
    word = str(last.get("result")) if last else "none"
    if open_look(record) is not None:
        word = f"look {used} under way"
    count = f"{len(record.baseline)} of {asked_in_all(record)}"
    return (
        record.name,
        clean_line(record.conditions.model),
        count,
        f"{used} of {record.looks}",
        spent,
        clean_line(word),
    )


def _baseline_words(kept: StoredAudit) -> str:
    record = kept.record
    times = sittings_shown(record.baseline) or "none yet"
    kind = "one sitting" if record.one_sitting else f"{len(kept.seeds)} of {sittings_planned(record)} sittings"
    whole = "" if is_complete(kept) else " (not complete)"
    return f"baseline: {len(record.baseline)} of {asked_in_all(record)} replies in {kind}{whole}; begun: {times}"


def _look_words(look: Look) -> str:
    head = f"look {look.number}, {clean_line(local(look.created_at))}, seed {look.seed}"
    if look.against:
        head += f", against {look.against}"
    if look.result is None:
        return f"{head}: under way, {counted(len(look.all_replies), 'reply')} so far"
    told = look.result
    p = told.get("p")
    measured = f", p={number(p)}, excess TV {number(told['excess_tv'])}" if isinstance(p, float) else ""
    return f"{head}: {told.get('result')}{measured}"


def _reply_rows(record: AuditRecord) -> Iterator[tuple[str, ...]]:
    for reply in record.baseline:
        yield _reply_row(f"baseline {reply.sitting}", record.conditions.model, reply)
    for look in record.runs:
        models = {Arm.REQUESTED: record.conditions.model, Arm.AGAINST: look.against or ""}
        for place, replies in ((f"{look.number}", look.replies), (f"{look.number} repeat", look.repeat or ())):
            for reply in replies:
                yield _reply_row(place, models[reply.arm], reply)


def _reply_row(place: str, asked: str, reply: CardReply) -> tuple[str, ...]:
    """One reply of the baseline or of a look, under `REPLY_HEADS`."""
    text = f'"{clean_line(reply.text)[:60]}"' if reply.text else "(empty)"
    return (
        place, str(reply.order), clean_line(reply.card), clean_line(asked), clean_line(reply.verdict),
        clean_line(reply.request_id or "none"), text,
    )  # fmt: skip


def footer(context: Context, text: str) -> None:
    """Print a faint line after a report, on a terminal only."""
    facts = context.screen.err_facts
    if facts.is_terminal:
        for row in rows_of(text, facts):
            context.screen.err_line(facts.styled(row, FAINT))
