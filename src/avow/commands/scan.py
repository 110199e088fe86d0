"""`avow scan`: reads past answers in the records of other clients, and says which were written by another model."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from avow.asking.typed import Typed
from avow.context import Context
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.paths import home as home_folder
from avow.text.counts import counted

if TYPE_CHECKING:
    from avow.exchange.exchange import Exchange
    from avow.routing.verdict import Routing
    from avow.scan.records import PastAnswer
    from avow.scan.report import ScanReport
    from avow.scan.selection import Selection


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """The options of `avow scan`: where to look (empty: where the clients keep their records), and what to print."""

    paths: tuple[Path, ...] = ()
    since: str | None = None
    until: str | None = None
    session: str | None = None
    rerouted: bool = False
    fail_on: tuple[str, ...] = ()
    as_json: bool = False
    as_jsonl: bool = False
    keep: bool = False


def command(typed: Typed, context: Context) -> ExitCode:
    """Scan the paths that were named. Raises UsageError as `run` does, and where a person typed an option that is for
    settings."""
    if typed.flag("hook") or typed.flag("statusline"):  # not from a terminal, `live` takes them before
        raise UsageError(
            "this option is for the settings of Claude Code, which writes to its stdin",
            hint="`avow help clients` has the lines to paste",
        )
    options = ScanOptions(
        paths=tuple(Path(path) for path in typed.words("paths")),
        since=typed.text("since"),
        until=typed.text("until"),
        session=typed.text("session"),
        rerouted=typed.flag("rerouted"),
        fail_on=typed.words("fail_on"),
        as_json=typed.flag("as_json"),
        as_jsonl=typed.flag("as_jsonl"),
        keep=typed.flag("keep"),
    )
    return run(options, context)


def run(options: ScanOptions, context: Context) -> ExitCode:
    """Read the records, and print the report, or each answer as it is found; `--fail-on` decides the exit status.

    Raises UsageError for a path that holds no records, and for an unknown session, time or verdict.
    """
    from avow.commands.gate import Gate
    from avow.scan.scanning import scan

    if options.as_json and options.as_jsonl:
        raise UsageError("--json and --jsonl contradict each other", hint="give one of them")
    gate = Gate(options.fail_on)
    if not (options.as_json or options.as_jsonl):
        context.style(context.settings())
    progress = _Progress(context)
    home = home_folder(context.environ)
    found = scan(
        options.paths or None, home=home, environ=context.environ, on_progress=progress, selection=_selection(options)
    )
    history = context.history(context.settings()) if options.keep else None
    imported = 0
    for answers in _batches(found):
        for answer in answers:
            gate.see(answer.verdict)
        if options.as_jsonl:
            context.screen.clear()
            context.screen.out("".join(map(_json_line, answers)))
        if history is not None:
            imported += history.add(as_exchange(answer) for answer in answers)
    context.screen.clear()
    _print(found.report(), options, context)
    if history is not None:
        done = f"{counted(imported, 'answer')} imported; `avow history list` shows them"
        context.screen.note(done if imported else "nothing new to import")
    return gate.exit_code


def _selection(options: ScanOptions) -> "Selection":
    from avow.scan.selection import Selection, stamp

    if options.since is None and options.until is None:
        return Selection(session=options.session, rerouted=options.rerouted)
    from avow.history import moments
    from avow.text.local_time import now as local_now

    since, until = moments.between(options.since, options.until, local_now())
    return Selection(stamp(since), stamp(until), options.session, options.rerouted)


def _json_line(answer: "PastAnswer") -> str:
    import json

    from avow.scan.report import answer_as_json

    return json.dumps(answer_as_json(answer)) + "\n"


def _batches(found: "Iterable[PastAnswer]", size: int = 500) -> "Iterator[list[PastAnswer]]":
    from itertools import islice

    answers = iter(found)
    while batch := list(islice(answers, size)):
        yield batch


class _Progress:
    """Shows the progress on an interactive stderr, at most ten times a second."""

    def __init__(self, context: Context) -> None:
        self._screen = context.screen
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        import time

        now = time.monotonic()
        if now >= self._next and total:
            self._next = now + 0.1
            filled = round(20 * done / total)
            bar = "#" * filled + "." * (20 - filled)
            self._screen.status(f"[{bar}] {done / 1e6:.0f} of {total / 1e6:.0f} MB")


def _print(report: "ScanReport", options: ScanOptions, context: Context) -> None:
    from avow.commands.scan_page import page
    from avow.scan.report import report_as_json

    if options.as_json:
        import json

        context.screen.out(json.dumps(report_as_json(report), indent=2) + "\n")
        return
    if options.as_jsonl:
        _say((*_remarks(report), _where(report)), context)
        return
    context.screen.out(page(report, context.screen.out_facts, rerouted_only=options.rerouted))
    # Where nothing was found, the page has the places.
    _say((*_remarks(report), _where(report)) if report.answers else _remarks(report), context)


def _say(lines: "Sequence[str]", context: Context) -> None:
    for line in lines:
        context.screen.note(line)


def _remarks(report: "ScanReport") -> "list[str]":
    """What was skipped, one line for each reason."""
    counts = report.counts
    passed = (
        (counts.broken_lines, "line", "broken"),
        (counts.oversized_lines, "line", "too long to read"),
        (counts.api_errors, "record", "an error, not an answer"),
        (counts.duplicates, "answer", "a copy from another file"),
        (counts.other_models, "answer", "by another maker's model"),
    )
    remarks = [f"{counted(number, noun)} skipped: {why}" for number, noun, why in passed if number]
    remarks += [f"{each.path}: {each.reason}" for each in report.unreadable]
    return remarks


def _where(report: "ScanReport") -> str:
    return f"{counted(report.files_read, 'file', grouped=True)} read; looked in {', '.join(report.looked_in)}"


def as_exchange(answer: "PastAnswer") -> "Exchange":
    """A past answer as a row of the history, marked by its source. Its id is made from where it was found, so that it
    is imported only once."""
    from avow.exchange.exchange import Exchange, Question, Reply, Status, derived_id
    from avow.exchange.outcome import exit_code
    from avow.routing.verdict import Verdict

    found_at = (answer.client, answer.session, answer.message_id, answer.request_id, answer.time, answer.row)
    status = Status.REFUSED if answer.verdict is Verdict.REFUSED else Status.COMPLETE
    return Exchange(
        id=derived_id(*found_at),
        conversation_id=derived_id(answer.client, answer.session),
        created_at=answer.time or "1970-01-01T00:00:00.000Z",
        requested_model=answer.requested_model or "",
        status=status,
        routing=_routing(answer),
        exit_code=exit_code(status, answer.verdict),
        question=Question(prompt=answer.prompt),
        reply=Reply(
            usage=dict(answer.usage) if answer.usage else None,
            request_id=answer.request_id,
            message_id=answer.message_id,
        ),
        source=str(answer.client),
    )


def _routing(answer: "PastAnswer") -> "Routing":
    """Its models but the last declined; the last one answered, unless the answer is a refusal."""
    from avow.routing.verdict import Evidence, Hop, Outcome, Routing, Segment, Verdict

    refused = answer.verdict is Verdict.REFUSED
    last = Outcome.DECLINED if refused else Outcome.SERVED
    hops = [Hop(model, Outcome.DECLINED, answer.category) for model in answer.hops[:-1]]
    hops += [Hop(model, last, answer.category if refused else None) for model in answer.hops[-1:]]
    text = answer.text or ""
    return Routing(
        verdict=answer.verdict,
        served_model=answer.served_model,
        category=answer.category,
        hops=tuple(hops),
        evidence=tuple(Evidence(field, value, "strong") for field, value in answer.evidence),
        segments=(Segment(answer.served_model, text),) if text and not refused else (),
    )
