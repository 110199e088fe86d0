"""A Parquet file holds what the CSV holds, with types, a row group at a time."""

import builtins
import io
import os
import tracemalloc
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from avow.errors import FileError, ReaderGone, UsageError
from avow.history import parquet
from avow.history.table import COLUMNS, TEXTS, columns, record
from tests.history.making import OLD
from tests.history.test_export import EXCHANGES

RECORDS = [record(exchange, with_text=True) for exchange in EXCHANGES]
BATCH = list(zip(*RECORDS, strict=True))


@pytest.mark.parametrize(("limit", "value", "groups"), [("ROWS", 8, 2), ("ROWS", 13, 1), ("BYTES", 1, 3)])
def test_there_and_back(limit: str, value: int, groups: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pyarrow = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    monkeypatch.setattr(parquet, f"GROUP_{limit}", value)
    file = tmp_path / "a.parquet"
    with file.open("wb") as stream:
        parquet.write([BATCH] * 3, stream, with_text=True)
    read = pyarrow.ParquetFile(file)
    assert read.num_row_groups == groups
    assert read.schema_arrow.names == [column.name for column in columns(with_text=True)]
    rows = read.read().to_pylist()
    for row, one in zip(rows, RECORDS * 3, strict=True):
        wanted = dict(zip(row, one, strict=True))
        assert row == {**wanted, "created_at": datetime.fromisoformat(str(wanted["created_at"]))}
    (found,) = duckdb.execute(f"SELECT sum(rerouted::INT), max(served_model), min(created_at) FROM '{file}'").fetchall()
    assert found[:2] == (3, OLD)
    assert isinstance(found[2], datetime)


@pytest.mark.parametrize(("limit", "value"), [("ROWS", 200), ("BYTES", 100_000)])
def test_memory_does_not_grow_with_the_rows(limit: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than a row group is held: what ten times the rows take at most is what they take."""
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.setattr(parquet, f"GROUP_{limit}", value)

    def peaks(count: int) -> tuple[int, int]:
        known: list[Sequence[object]] = [[value] * 50 for value in RECORDS[0][:-1]]
        batches = ([*known, [f"{n} " * 200] * 50] for n in range(count // 50))
        tracemalloc.start()
        with open(os.devnull, "wb") as stream:
            parquet.write(batches, stream, with_text=True)
        python = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return python, pyarrow.default_memory_pool().max_memory()

    peaks(200)
    few, many = peaks(600), peaks(6_000)
    assert many[0] < few[0] + 300_000
    assert many[1] < few[1] + 2_000_000


def test_without_text_and_without_rows() -> None:
    pyarrow = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    stream = io.BytesIO()
    parquet.write([], stream, with_text=False)
    assert pyarrow.ParquetFile(stream).schema_arrow.names == [column.name for column in COLUMNS]


def test_only_what_was_said_is_larger_for_speed() -> None:
    """Snappy takes half the time of zstd, in files that are 43 % larger."""
    pyarrow = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    stream = io.BytesIO()
    parquet.write([BATCH], stream, with_text=True)
    group = pyarrow.ParquetFile(stream).metadata.row_group(0)
    for column in map(group.column, range(group.num_columns)):
        is_said = column.path_in_schema in {one.name for one in TEXTS}
        assert (column.compression, column.is_stats_set) == (("SNAPPY", False) if is_said else ("ZSTD", True))


def test_what_does_not_fit_a_column_is_unknown() -> None:
    pyarrow = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    odd: dict[str, Any] = {
        "input_tokens": "ten",
        "output_tokens": 1 << 70,
        "created_at": "then",
        "cost_usd": "x",
        "id": 3,
    }
    one = [odd.get(column.name) for column in COLUMNS]
    stream = io.BytesIO()
    parquet.write([[(value,) for value in one]], stream, with_text=False)
    (row,) = pyarrow.ParquetFile(stream).read().to_pylist()
    assert (row["id"], row["rerouted"]) == ("3", None)
    assert {row[name] for name in odd if name != "id"} == {None}


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    stream = io.BytesIO()
    with pytest.raises(UsageError) as caught:
        parquet.write([BATCH], stream, with_text=True)
    assert caught.value.hint == "pip install 'avow[parquet]'"
    assert stream.getvalue() == b""


@pytest.mark.parametrize(("raised", "expected"), [(BrokenPipeError(), ReaderGone), (OSError(28, "full"), FileError)])
def test_a_stream_that_takes_no_more(raised: OSError, expected: type[Exception]) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    class Full(io.BytesIO):
        def write(self, _data: Any) -> int:
            raise raised

    with pytest.raises(expected):
        parquet.write([BATCH], Full(), with_text=True)
