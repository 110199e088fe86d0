"""Exports exchanges as CSV fast: SQLite joins the cells of a row that other rows do not share."""

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

from avow.history.export_scope import ExportScope
from avow.history.plain import (
    ARE_VALUES,
    HAS_RIGHT_KINDS,
    OF_CELLS,
    SHARED,
    check_numbers,
    each,
    said,
    shared_cells,
    with_care,
)
from avow.history.store import History
from avow.history.table import cell, csv_line, heading, may_be_formula, record

_OWN = (
    "json_array(number, id, conversation_id, created_at, ifnull(request_id, ''), ifnull(message_id, ''),"
    " ifnull(first_token_ms, ''), ifnull(total_ms, ''))"
)
_CELLS = f"p.n, {SHARED}, {_OWN}, {OF_CELLS}"
_SAID = ", segments, explanation, system, prompt, text, withdrawn_text"


def csv_lines(history: History, scope: ExportScope, *, with_text: bool, guarded: bool = False) -> Iterator[str]:
    """A heading and one line for each exchange, as `table.csv_lines` gives them."""
    yield heading(with_text=with_text)
    yield from each(
        history,
        with_care(scope, _CELLS + (_SAID if with_text else ""), f"{ARE_VALUES} AND {HAS_RIGHT_KINDS}"),
        partial(_whole_line if with_text else _line_without_text, guarded),
        lambda exchange: csv_line(record(exchange, with_text=with_text), guarded=guarded),
    )


def _line_without_text(guarded: bool, row: Any) -> str:
    return f"{_line(guarded, *row)}\n"


def _whole_line(guarded: bool, row: Any) -> str:
    number, key, own, cost, inputs, outputs, *words = row
    cells = ["" if value is None else cell(value, guarded=guarded) for value in said(*words)]
    return f"{_line(guarded, number, key, own, cost, inputs, outputs)},,{','.join(cells)}\n"


def _line(
    guarded: bool, _number: int, key: str, own: str, cost: float | None, inputs: int | None, outputs: int | None
) -> str:
    """All cells but the texts. Raises ValueError where one that the row has for itself needs quotes, or an
    apostrophe."""
    check_numbers(cost, inputs, outputs)
    kinds, base_url = _shared_cells(key, guarded)
    if "\\" in own or (guarded and may_be_formula(own)):
        raise ValueError
    number, identity, conversation, created_at, request_id, message_id, first_ms, total_ms = (
        own[1:-1].replace('"', "").split(",")
    )
    return (
        f"{number},{identity},{conversation},{created_at},{kinds},{'' if cost is None else cost},{request_id},"
        f"{message_id},{base_url},{first_ms},{total_ms},{'' if inputs is None else inputs},"
        f"{'' if outputs is None else outputs},,"
    )


@lru_cache(4096)
def _shared_cells(key: str, guarded: bool) -> tuple[str, str]:
    *kinds, base_url = shared_cells(key)
    return ",".join([cell(value, guarded=guarded) for value in kinds]), cell(base_url, guarded=guarded)
