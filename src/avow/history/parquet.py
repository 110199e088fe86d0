"""Writes the history as Parquet with pyarrow (`avow[parquet]`), a row group at a time, so that memory is bounded."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

from avow.errors import FileError, ReaderGone, UsageError, system_words
from avow.history.table import Record, columns

GROUP_ROWS = 10_000
_LARGEST = 1 << 63


def write(records: Iterable[Record], stream: BinaryIO, *, with_text: bool) -> None:
    """Write records with the columns of `table`, in its order. Raises UsageError where pyarrow is not installed,
    FileError where the stream takes no more, ReaderGone where its reader has left."""
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
    source = iter(records)
    try:
        with ParquetWriter(stream, schema, compression="zstd") as writer:
            while group := list(islice(source, GROUP_ROWS)):
                arrays = [
                    _array(pyarrow, column.kind, values, types[column.kind])
                    for column, values in zip(named, zip(*group, strict=True), strict=True)
                ]
                writer.write_table(pyarrow.table(arrays, schema=schema), row_group_size=GROUP_ROWS)
        stream.flush()
    except BrokenPipeError:
        raise ReaderGone("the reader of stdout has left") from None
    except OSError as error:
        raise FileError(f"stdout cannot be written: {system_words(error)}") from None


def _array(pyarrow: Any, kind: str, values: Sequence[Any], wanted: Any) -> Any:
    """An array of the values; one value after another is looked at only where pyarrow does not take them all."""
    try:
        if kind == "moment":
            return pyarrow.array(values, pyarrow.string()).cast(wanted)
        if kind in ("text", "flag"):
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
