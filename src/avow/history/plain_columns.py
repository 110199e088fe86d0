"""Exports exchanges as columns fast, some hundred at a time: each row is checked, and then moved with its whole run."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

from avow.history.export_scope import ExportScope
from avow.history.plain import (
    ARE_CELLS,
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
from avow.history.rows import UNREADABLE
from avow.history.store import History
from avow.history.table import columns, record

AT_ONCE = 250
Columns = Sequence[Sequence[object]]
_OWN = ("id", "conversation_id", "created_at", "request_id", "message_id", "first_token_ms", "total_ms")
_SAID = ("segments", "text", "explanation", "system", "prompt", "withdrawn_text")
_SELECTED = ("number", "shared", "cost_usd", "input_tokens", "output_tokens", *_OWN)
"""The names of what is selected, with text also those of `_SAID`."""


def column_batches(history: History, scope: ExportScope, *, with_text: bool) -> Iterator[Columns]:
    """The columns of up to AT_ONCE exchanges at a time, in the order of `table` and with the values of
    `table.record`."""
    selected = ", ".join(("p.n", SHARED, OF_CELLS, *_OWN, *(_SAID if with_text else ())))
    names = [column.name for column in columns(with_text=with_text)]
    with history.at_one_moment():
        source = rows(history, with_care(scope, selected, ARE_CELLS))
        while batch := list(islice(source, AT_ONCE)):
            found: list[list[object]] = [[] for _ in names]
            for is_plain, alike in groupby(batch, _is_plain):
                run = tuple(alike)
                part = _moved(run, names) if is_plain else _read(history, run, names)
                for column, values in zip(found, part, strict=True):
                    column += values
            yield found


def _is_plain(row: Any) -> bool:
    """Whether the record of a row can be made from its columns."""
    _number, shared, *numbers = row[:5]
    try:
        check_numbers(*numbers)
        shared_cells(shared)
        if len(row) > len(_SELECTED):
            segments, text = row[len(_SELECTED) : len(_SELECTED) + 2]
            model_of_all(segments, text or "")
    except UNREADABLE:
        return False
    return True


def _moved(run: Sequence[Any], names: Sequence[str]) -> Columns:
    """The columns of plain rows."""
    found: dict[str, Sequence[Any]] = dict(zip((*_SELECTED, *_SAID), zip(*run, strict=True), strict=False))
    kinds, found["base_url"] = zip(*map(shared_cells, found["shared"]), strict=True)
    found |= zip(SHARED_CELLS, zip(*kinds, strict=True), strict=True)
    found |= dict.fromkeys(("error_type", "error_status", "error_message"), (None,) * len(run))
    if "text" in found:
        found["text"] = list(map(text_cell, found["segments"], found["prompt"], found["text"]))
    return [found[name] for name in names]


def _read(history: History, run: Iterable[Any], names: Sequence[str]) -> Columns:
    """The columns of other rows, each made into an exchange first; damaged ones are left out."""
    exchanges = [exchange for row in run for exchange in exchange_of(history, row)]
    records = [record(exchange, with_text="text" in names) for exchange in exchanges]
    return list(zip(*records, strict=True)) or [()] * len(names)
