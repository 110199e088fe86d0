"""`avow history export`: exchanges for other programs and for query engines."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from avow.asking.typed import Typed
from avow.commands.history.declared import FORMS, GUARDS
from avow.commands.history.filter_options import FilterOptions, filters_of, typed_filters
from avow.context import Context
from avow.errors import FileError, UsageError, system_words, unknown_word
from avow.exit_codes import ExitCode
from avow.files.opening import check_apart, is_written_to
from avow.paths import expanded

if TYPE_CHECKING:
    from avow.history.export_scope import ExportScope
    from avow.history.store import History

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of `avow history export`: the form, which exchanges, with or without text, whether formulas in CSV
    are made harmless, and the cursor file that says what was exported before."""

    form: str = "jsonl"
    filters: FilterOptions = field(default_factory=FilterOptions)
    with_text: bool = True
    guard: str = "auto"
    since_last: str | None = None


def exported(typed: Typed) -> ExportOptions:
    """The options as they were typed."""
    return ExportOptions(
        typed["format"],
        typed_filters(typed),
        with_text=not typed.flag("no_text"),
        guard=typed["guard"],
        since_last=typed.text("since_last"),
    )


def run_export(options: ExportOptions, context: Context) -> ExitCode:
    """Write every exchange in the scope. Raises UsageError for an unknown form, or a cursor that is wrong."""
    if options.form not in FORMS:
        raise unknown_word(options.form, FORMS, "form")
    if options.guard not in GUARDS:
        raise unknown_word(options.guard, GUARDS, "guard")
    history = context.history(context.settings(), read_only=True)
    with _scope(options, history, context) as scope:
        _tell_what_is_left_out(history, scope, context)
        if options.form == "parquet":
            _write_parquet(history, scope, options, context)
        else:
            pieces = _lines(history, scope, options, context)
            while batch := "".join(islice(pieces, _AT_ONCE)):
                context.screen.data(batch, is_json=options.form == "jsonl")
    return ExitCode.OK


@contextmanager
def _scope(options: ExportOptions, history: "History", context: Context) -> "Iterator[ExportScope]":
    """What is exported. A cursor moves on when all of it has been written, and only then."""
    from avow.history.export_scope import ExportScope

    filters = filters_of(options.filters, context, both_kinds=False)
    if options.since_last is None:
        yield ExportScope(filters)
        return
    from avow.history import cursor

    path = expanded(options.since_last)
    check_apart({"--since-last": options.since_last}, (), kept=context.paths.kept)
    said = json.dumps({name: value for name, value in asdict(options.filters).items() if value})
    if is_written_to(context.stdout, path):
        raise UsageError(f"{path}: the export itself is written to this file", hint="give the cursor a file of its own")
    with cursor.held(path) as before:
        span, after = cursor.ahead(history, before, said, path)
        yield ExportScope(filters, span)
        _settle(context.stdout)
        cursor.save(path, after)


def _tell_what_is_left_out(history: "History", scope: "ExportScope", context: Context) -> None:
    """Say on a terminal that answers of the simulator are left out; a script that exports each night needs no such
    note."""
    if scope.filters.simulated is not False or not context.screen.err_facts.is_terminal:
        return
    query, values = scope._replace(filters=scope.filters._replace(simulated=True)).query("1")
    number = history.read(f"SELECT count(*) FROM ({query})", values)[0][0]  # noqa: S608
    if number:
        them = "it" if number == 1 else "those"
        context.screen.note(f"left out: {number} of the simulator's; --simulated exports {them} alone")


def _settle(stream: BinaryIO | None) -> None:
    """Write a file through to the disk before a cursor says that it is there. Raises FileError."""
    import os
    import stat

    try:
        if stream is not None and stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            os.fsync(stream.fileno())
    except (OSError, ValueError) as error:
        raise FileError(f"stdout cannot be written: {system_words(error)}") from None


def _lines(history: "History", scope: "ExportScope", options: ExportOptions, context: Context) -> Iterator[str]:
    if options.form == "jsonl":
        from avow.history.plain_json import json_lines

        return json_lines(history, scope, with_text=options.with_text)
    from avow.history.plain_csv import csv_lines

    guarded = options.guard == "always" or (options.guard == "auto" and goes_to(context.stdout, ".csv"))
    return csv_lines(history, scope, with_text=options.with_text, guarded=guarded)


def _write_parquet(history: "History", scope: "ExportScope", options: ExportOptions, context: Context) -> None:
    from avow.history import parquet
    from avow.history.plain_columns import column_batches

    if context.stdout is None:
        raise FileError("stdout is closed, so nothing can be printed", hint="send it to a file or a pipe")
    if context.screen.is_terminal:
        raise UsageError("Parquet is not text, and stdout is a terminal", hint="send it to a file: > answers.parquet")
    batches = column_batches(history, scope, with_text=options.with_text)
    parquet.write(batches, context.stdout, with_text=options.with_text)


def goes_to(stream: BinaryIO | None, end: str, names: str = "/proc/self/fd") -> bool:
    """Whether a stream is a file whose name ends with `end`. Where the system does not tell names (in the folder
    `names`), any file may be one."""
    import os
    import stat

    try:
        if stream is None or not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return False
        return Path(names, str(stream.fileno())).readlink().suffix.lower() == end
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
