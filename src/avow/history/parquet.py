"""Writes the history as Parquet with pyarrow (`avow[parquet]`), a row group at a time, so that memory is bounded."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from avow.errors import FileError, ReaderGone, UsageError, system_words
from avow.history.table import TEXTS, columns

GROUP_ROWS = 10_000
GROUP_BYTES = 16_000_000
"""A row group ends at this number of rows, or of bytes before they are compressed."""
_ALL_DIFFERENT = ("number", "id", "request_id", "message_id", "prompt", "text", "withdrawn_text")
"""Columns that a dictionary of their values does not make smaller; trying it takes time."""
_LARGEST = 1 << 63
_SAID = tuple(column.name for column in TEXTS)
"""Most of the bytes: compressed with Snappy, which takes half the time of zstd, and without the least and the greatest
value, by which nobody looks for a text."""


def write(batches: Iterable[Sequence[Sequence[object]]], stream: BinaryIO, *, with_text: bool) -> None:
    """Write the columns of `table`, in its order, some rows of them in each batch. Raises UsageError where pyarrow is
    not installed, FileError where the stream takes no more, ReaderGone where its reader has left."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise UsageError(
            "--format parquet needs pyarrow, which is not installed", hint="pip install 'avow[parquet]'"
        ) from None
    types = {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "flag": pyarrow.bool_(),
        "moment": pyarrow.timestamp("ms", "UTC"),
    }
    named = columns(with_text=with_text)
    schema = pyarrow.schema([(column.name, types[column.kind]) for column in named])
    names = [column.name for column in named]
    try:
        with ParquetWriter(
            stream,
            schema,
            compression={name: "snappy" if name in _SAID else "zstd" for name in names},
            use_dictionary=[name for name in names if name not in _ALL_DIFFERENT],
            write_statistics=[name for name in names if name not in _SAID],
        ) as writer:
            for group in _groups(_tables(pyarrow, schema, [column.kind for column in named], batches)):
                writer.write_table(pyarrow.concat_tables(group))
        stream.flush()
    except BrokenPipeError:
        raise ReaderGone("the reader of stdout has left") from None
    except OSError as error:
        raise FileError(f"stdout cannot be written: {system_words(error)}") from None


def _tables(
    pyarrow: Any, schema: Any, kinds: Sequence[str], batches: Iterable[Sequence[Sequence[object]]]
) -> Iterator[Any]:
    for batch in batches:
        arrays = map(partial(_array, pyarrow), kinds, batch, schema.types)
        yield pyarrow.table(list(arrays), schema=schema)


def _groups(tables: Iterable[Any]) -> Iterator[list[Any]]:
    """The tables of one row group after another."""
    group: list[Any] = []
    rows = size = 0
    for table in tables:
        group.append(table)
        rows, size = rows + table.num_rows, size + table.get_total_buffer_size()
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield group
            group, rows, size = [], 0, 0
    if group:
        yield group


def _array(pyarrow: Any, kind: str, values: Sequence[Any], wanted: Any) -> Any:
    """An array of the values; one value after another is looked at only where pyarrow does not take them all."""
    try:
        if kind == "moment":
            return pyarrow.array(values, pyarrow.string()).cast(wanted)
        return pyarrow.array(values, wanted)
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
        pass
    return pyarrow.array(_fitting(kind, values), wanted)


def _fitting(kind: str, values: Iterable[Any]) -> list[Any]:
    """The values, None in place of a value of another kind than the column's: servers and old files may hold
    anything."""
    fits = _KINDS[kind]
    return [None if value is None else fits(value) for value in values]


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


_KINDS: dict[str, Callable[[Any], Any]] = {
    "text": lambda value: value if isinstance(value, str) else str(value),
    "integer": lambda value: value if isinstance(value, int) and -_LARGEST <= value < _LARGEST else None,
    "number": lambda value: float(value) if isinstance(value, int | float) else None,
    "flag": bool,
    "moment": _moment,
}
