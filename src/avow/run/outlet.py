"""Writes the items of a run as they end: to stdout, to a file, and to the reports."""

from avow.errors import AvowError
from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.files.reading import PipeWait
from avow.run.counts import AcceptanceRules, RunCounts, code_of
from avow.run.lines import item_line
from avow.run.options import RunOptions
from avow.run.order import OrderedOutput
from avow.run.reports import JUnitReport, MarkdownSummary, OutputFile, annotation
from avow.settings.levels import Settings
from avow.terminal.json_watchers import encoded
from avow.terminal.screen import Screen
from avow.wire.json_value import JsonObject


class Outlet:
    """Opens every file, or raises UsageError, before anything is sent. Later errors of a file are raised."""

    def __init__(self, asked: RunOptions, screen: Screen, settings: Settings) -> None:
        self._screen = screen
        self.rules = AcceptanceRules(settings.flag("accept_fallback"), settings.text("require") or "weak")
        wait = PipeWait(notice=screen.warn)
        self._out = OutputFile("--out", asked.out, wait) if asked.out is not None else None
        is_for_people = screen.out_facts.is_terminal and settings.text("output") != "jsonl"
        self._shows_lines = is_for_people
        self._prints_json = not is_for_people and self._out is None
        self._order = None if asked.unordered else OrderedOutput()
        self._junit = JUnitReport(OutputFile("--junit", asked.junit, wait)) if asked.junit is not None else None
        self._summary = (
            MarkdownSummary(OutputFile("--summary", asked.summary, wait, appends=True))
            if asked.summary is not None
            else None
        )
        self._annotate = asked.annotate

    def may_begin(self, position: int) -> bool:
        """Whether the output of that position could be kept until it is due."""
        return self._order is None or self._order.may_begin(position)

    def put(self, position: int, exchange: Exchange, value: JsonObject) -> None:
        """Write an item that has ended. Raises ReaderGone and FileError."""
        code = code_of(exchange, self.rules)
        for report in (self._junit, self._summary):
            if report is not None:
                report.add(exchange, code)
        if self._annotate and code is not ExitCode.OK:
            self._screen.err_line(annotation(exchange))
        shown = item_line(exchange, self._screen.out_facts) if self._shows_lines else ""
        line = f"{encoded(value)}{shown}"
        for due in (line,) if self._order is None else self._order.put(position, line):
            self._write(due)

    def close(self, run: int | None, counts: RunCounts, *, silent: bool) -> None:
        """Write all that is left; `silent`: write no more to stdout, because it is gone."""
        try:
            for due in self._order.close() if self._order is not None else ():
                self._write(due)
        except AvowError:
            if not silent:
                raise
        finally:
            if self._out is not None:
                self._out.close()
            if self._junit is not None:
                self._junit.close(run, counts.unasked)
            if self._summary is not None:
                self._summary.close(run, counts)

    def _write(self, due: str) -> None:
        line, _newline, shown = due.partition("\n")
        if self._out is not None:
            self._out.write(f"{line}\n", surely=True)
        if self._prints_json:
            self._screen.out(f"{line}\n")
        if self._shows_lines:
            self._screen.out(f"{shown}\n")
