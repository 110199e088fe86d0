"""Exports exchanges as columns fast, some hundred at a time: a run of rows is checked and moved by its columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from typing import Any

from avow.history.export_scope import ExportScope
from avow.history.plain import (
    ARE_VALUES,
    OF_CELLS,
    SHARED,
    SHARED_CELLS,
    check_numbers,
    exchange_of,
    model_of_all,
    rows,
    shared_cells,
    text_cell,
    with_care,
)
from avow.history.rows import KINDS, UNREADABLE
from avow.history.store import History
from avow.history.table import columns, record

AT_ONCE = 250
Columns = Sequence[Sequence[object]]
_NUMBERS = ("cost_usd", "input_tokens", "output_tokens")
_OWN = ("id", "conversation_id", "created_at", "request_id", "message_id", "first_token_ms", "total_ms")
_SAID = ("segments", "text", "explanation", "system", "prompt", "withdrawn_text")
_SELECTED = ("number", "shared", *_NUMBERS, *_OWN)
"""The names of what is selected, with text also those of `_SAID`."""
_ID = _SELECTED.index("id")


def column_batches(history: History, scope: ExportScope, *, with_text: bool) -> Iterator[Columns]:
    """The columns of up to AT_ONCE exchanges at a time, in the order of `table` and with the values of
    `table.record`."""
    selected = ", ".join(("p.n", SHARED, OF_CELLS, *_OWN, *(_SAID if with_text else ())))
    names = [column.name for column in columns(with_text=with_text)]
    with history.at_one_moment():
        source = rows(history, with_care(scope, selected, ARE_VALUES))
        while batch := list(islice(source, AT_ONCE)):
            parts = [
                (_moved_or_read if is_selected else _read)(history, list(run), names)
                for is_selected, run in groupby(batch, lambda row: row[_ID] is not None)
            ]
            yield _joined(parts)


def _moved_or_read(history: History, run: Sequence[Any], names: Sequence[str]) -> Columns:
    """The columns of some rows. Where one of them is not plain, each half is tried again."""
    try:
        return _moved(run, names)
    except UNREADABLE:
        if len(run) == 1:
            return _read(history, run, names)
    half = len(run) // 2
    return _joined([_moved_or_read(history, part, names) for part in (run[:half], run[half:])])


def _moved(run: Sequence[Any], names: Sequence[str]) -> Columns:
    """The columns of plain rows. Raises one of UNREADABLE where the record of one cannot be made from its columns."""
    found: dict[str, Sequence[Any]] = dict(zip((*_SELECTED, *_SAID), zip(*run, strict=True), strict=False))
    _check(found)
    kinds = {key: shared_cells(key) for key in set(found["shared"])}
    found |= zip(SHARED_CELLS, zip(*map(kinds.__getitem__, found["shared"]), strict=True), strict=True)
    found |= dict.fromkeys(("error_type", "error_status", "error_message"), (None,) * len(run))
    if "text" in found:
        found["text"] = list(map(text_cell, found["segments"], found["prompt"], found["text"]))
    return [found[name] for name in names]


def _check(found: Mapping[str, Sequence[Any]]) -> None:
    """Raise one of UNREADABLE where a value is not what its column is for, or several models wrote a text."""
    for name in (*_OWN, *_SAID) if "text" in found else _OWN:
        if not all(issubclass(kind, KINDS[name]) for kind in set(map(type, found[name]))):
            raise TypeError(name)
    for numbers in zip(*[found[name] for name in _NUMBERS], strict=True):
        check_numbers(*numbers)
    if "text" in found:
        for segments, text in zip(found["segments"], found["text"], strict=True):
            model_of_all(segments, text or "")


def _read(history: History, run: Iterable[Any], names: Sequence[str]) -> Columns:
    """The columns of other rows, each made into an exchange first; damaged ones are left out."""
    exchanges = [exchange for row in run for exchange in exchange_of(history, row)]
    records = [record(exchange, with_text="text" in names) for exchange in exchanges]
    return list(zip(*records, strict=True)) or [()] * len(names)


def _joined(parts: Sequence[Columns]) -> Columns:
    return parts[0] if len(parts) == 1 else [list(chain(*column)) for column in zip(*parts, strict=True)]
