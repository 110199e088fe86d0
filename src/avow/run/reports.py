"""The reports of a run for CI systems: JUnit, a Markdown summary, annotations; and the file of JSON lines."""

import os
import tempfile
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr  # nosec B406: XML is written here, none is read

from avow.errors import FileError, system_words
from avow.exchange.exchange import Exchange
from avow.exit_codes import ExitCode
from avow.files.opening import open_to_write
from avow.files.reading import PATIENT, PipeWait
from avow.run.counts import RunCounts, counted_as, is_answered
from avow.run.lines import what
from avow.terminal.sanitize import clean_line
from avow.text.counts import counted
from avow.wire.json_value import encodable

_MOST_ROWS = 200


class OutputFile:
    """A file that was opened before anything was sent. `option` names it in errors."""

    def __init__(self, option: str, path: str, wait: PipeWait = PATIENT, *, appends: bool = False) -> None:
        """Raises UsageError where it cannot be written."""
        self._place = f"{option} {path}"
        self._stream: BinaryIO = os.fdopen(open_to_write(path, self._place, wait, appends=appends), "wb")

    def write(self, text: str, *, surely: bool = False) -> None:
        """Write `text`; with `surely` it is on the disk when this returns. Raises FileError."""
        try:
            self._stream.write(encodable(text).encode())
            self._stream.flush()
            if surely:
                self._sync()
        except OSError as error:
            raise FileError(f"{self._place}: it cannot be written: {system_words(error)}") from None

    def close(self) -> None:
        """Close it. Raises FileError."""
        try:
            self._stream.close()
        except OSError as error:
            raise FileError(f"{self._place}: it cannot be written: {system_words(error)}") from None

    def _sync(self) -> None:
        try:
            os.fsync(self._stream.fileno())
        except OSError:
            return  # a pipe or a device, which has no disk


class JUnitReport:
    """One test case for each item: a failure if the item is not as requested, an error if nothing was answered. The
    cases wait in a file, because the head of the report has their number."""

    def __init__(self, target: OutputFile) -> None:
        self._target = target
        self._cases = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self._tests = self._failures = self._errors = 0
        self._seconds = 0.0

    def add(self, exchange: Exchange, code: ExitCode) -> None:
        """Add an item that has ended; `code` is its exit status."""
        self._tests += 1
        seconds = (exchange.reply.total_ms or 0) / 1000
        self._seconds += seconds
        body = ""
        if code is not ExitCode.OK:
            tag = "failure" if is_answered(exchange) else "error"
            self._failures += tag == "failure"
            self._errors += tag == "error"
            kind = quoteattr(_xml(counted_as(exchange)))
            message = quoteattr(_xml(explained(exchange)))
            details = escape(_xml(_details(exchange)))
            body = f"<{tag} type={kind} message={message}>{details}</{tag}>"
        name = quoteattr(_xml(_name(exchange)))
        group = quoteattr(_xml(exchange.requested_model))
        self._cases.write(f'    <testcase classname={group} name={name} time="{seconds:.3f}">{body}</testcase>\n')

    def close(self, run: int | None, unasked: int) -> None:
        """Write the whole report. Raises FileError."""
        name = "avow run" if run is None else f"avow run {run}"
        numbers = (
            f'tests="{self._tests + unasked}" failures="{self._failures}" errors="{self._errors}" '
            f'skipped="{unasked}" time="{self._seconds:.3f}"'
        )
        self._target.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {numbers}>\n  <testsuite name="{name}" {numbers}>\n'
        )
        self._cases.seek(0)
        while piece := self._cases.read(1 << 16):
            self._target.write(piece)
        for number in range(1, unasked + 1):
            self._target.write(f'    <testcase classname="not asked" name="{number}"><skipped/></testcase>\n')
        self._target.write("  </testsuite>\n</testsuites>\n")
        self._target.close()
        self._cases.close()


class MarkdownSummary:
    """Markdown that is appended to a file: the last line of the run, and a table of the items that are not as
    requested."""

    def __init__(self, target: OutputFile) -> None:
        self._target = target
        self._rows: list[str] = []
        self._more = 0

    def add(self, exchange: Exchange, code: ExitCode) -> None:
        """Add an item that has ended; `code` is its exit status."""
        if code is ExitCode.OK:
            return
        if len(self._rows) >= _MOST_ROWS:
            self._more += 1
            return
        cells = (
            _name(exchange),
            counted_as(exchange),
            exchange.requested_model,
            exchange.routing.served_model or "",
            exchange.routing.category or (exchange.error.message if exchange.error else ""),
            exchange.reply.request_id or "",
        )
        self._rows.append(f"| {' | '.join(_markdown(cell) for cell in cells)} |")

    def close(self, run: int | None, counts: RunCounts) -> None:
        """Write the whole summary. Raises FileError."""
        name = "avow run" if run is None else f"avow run {run}"
        lines = [
            f"### {name}: {counted(counts.total, 'item')}",
            "",
            f"{', '.join(counts.parts())}; {counts.cost()}",
            "",
        ]
        if self._rows:
            lines += ["| item | verdict | requested | answered by | why | request |", "|---|---|---|---|---|---|"]
            lines += self._rows
            lines += [f"| and {self._more} more | | | | | |"] if self._more else []
            lines.append("")
        self._target.write("\n".join(lines) + "\n")
        self._target.close()


def annotation(exchange: Exchange) -> str:
    """The line by which GitHub shows an item that is not as requested."""
    title = _command(f"avow: {counted_as(exchange)}").replace(":", "%3A").replace(",", "%2C")
    return f"::error title={title}::{_command(f'{_name(exchange)}: {explained(exchange)}')}"


def explained(exchange: Exchange) -> str:
    """Who was asked, who answered and why, on one line."""
    words = [counted_as(exchange), what(exchange)]
    if exchange.problem is not None and exchange.problem.words:
        words.append(exchange.problem.words)
    if exchange.reply.request_id:
        words.append(f"request {exchange.reply.request_id}")
    return clean_line("; ".join(words))


def _details(exchange: Exchange) -> str:
    routing = exchange.routing
    facts: tuple[tuple[str, object], ...] = (
        ("requested", exchange.requested_model),
        ("answered by", routing.served_model),
        ("category", routing.category),
        ("status", exchange.status),
        ("verdict", routing.verdict),
        ("error", exchange.error.message if exchange.error else None),
        ("request id", exchange.reply.request_id),
        ("history", exchange.number),
    )
    return "".join(f"{name}: {value}\n" for name, value in facts if value is not None)


def _name(exchange: Exchange) -> str:
    return exchange.id if exchange.item is None else exchange.item.name


def _xml(text: str) -> str:
    """The text without characters that XML 1.0 cannot represent."""
    return "".join(
        character if character in "\t\n\r" or (character >= " " and not _has_no_place(character)) else "�"
        for character in encodable(text)
    )


def _has_no_place(character: str) -> bool:
    return "\ud800" <= character <= "\udfff" or character in "\ufffe\uffff"


def _markdown(text: str) -> str:
    line = clean_line(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
    return line[:300]


def _command(text: str) -> str:
    return clean_line(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
