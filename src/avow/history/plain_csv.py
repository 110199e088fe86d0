"""Exports exchanges as CSV fast: SQLite joins the cells that need no quotes."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from avow.history.export_scope import ExportScope
from avow.history.plain import (
    IS_KNOWN,
    IS_PLAIN,
    IS_REROUTED,
    OF_USAGE,
    are_counts,
    are_integers,
    are_text,
    check_cost,
    each,
    model_of_all,
)
from avow.history.store import History
from avow.history.table import COLUMNS, TEXTS, cell, csv_line, heading, may_be_formula, record

_NAMES = [column.name for column in COLUMNS]
_AT_COST, _AT_USAGE = _NAMES.index("cost_usd"), _NAMES.index("input_tokens")
_BEFORE, _AFTER = _NAMES[:_AT_COST], _NAMES[_AT_COST + 1 : _AT_USAGE]
_INTEGERS = tuple(column.name for column in COLUMNS[:_AT_USAGE] if column.kind == "integer")
_SAID = tuple(column.name for column in TEXTS if column.name != "error_message")
_MADE = {
    "rerouted": IS_REROUTED,
    "simulated": "CASE WHEN simulated THEN 'true' ELSE 'false' END",
}


def _joined(names: list[str]) -> str:
    """SQL for a JSON array of these cells, which are texts or whole numbers. Without its quotes it is a part of a CSV
    line, unless something in it had to be escaped. (Bytes would end the whole query.)"""
    kinds = {name: "integer" if name in _INTEGERS else "text" for name in names}
    cells = [
        _MADE.get(name, f"CASE typeof({name}) WHEN '{kind}' THEN {name} ELSE '' END") for name, kind in kinds.items()
    ]
    return f"json_array({', '.join(cells)})"


_CAN_BE_WRITTEN = " AND ".join(
    (
        IS_PLAIN,
        IS_KNOWN,
        are_integers("simulated", *_INTEGERS),
        are_text(*(name for name in (*_BEFORE, *_AFTER) if name not in (*_INTEGERS, *_MADE))),
    )
)
_CELLS = f"number, {_CAN_BE_WRITTEN}, {_joined(_BEFORE)}, cost_usd, {_joined(_AFTER)}, {OF_USAGE}"


def csv_lines(history: History, scope: ExportScope, *, with_text: bool, guarded: bool = False) -> Iterator[str]:
    """A heading and one line for each exchange, as `table.csv_lines` gives them."""
    yield heading(with_text=with_text)
    query = scope.query(f"{_CELLS}, segments, {', '.join(_SAID)}" if with_text else _CELLS)
    yield from each(
        history,
        query,
        partial(_whole_line if with_text else _line_without_text, guarded=guarded),
        lambda exchange: csv_line(record(exchange, with_text=with_text), guarded=guarded),
    )


def _line_without_text(row: Any, *, guarded: bool) -> str:
    return f"{_line(row, guarded)}\n"


def _whole_line(row: Any, *, guarded: bool) -> str:
    *facts, segments, explanation, system, prompt, text, withdrawn = row
    text = text or ""
    model_of_all(segments, text)
    if segments == "[]" and prompt is None:
        text = None
    said = ",".join(
        [
            "" if value is None else cell(value, guarded=guarded)
            for value in (explanation, system, prompt, text, withdrawn)
        ]
    )
    return f"{_line(facts, guarded)},,{said}\n"


def _line(facts: Any, guarded: bool) -> str:
    """All cells but the texts. Raises ValueError where a cell needs quotes or an apostrophe."""
    _number, is_plain, before, cost, after, input_tokens, output_tokens = facts
    are_counts(input_tokens, output_tokens)
    check_cost(cost)
    if not is_plain:
        raise ValueError
    if "\\" in before or "\\" in after or before.count(",") >= len(_BEFORE) or after.count(",") >= len(_AFTER):
        raise ValueError
    if guarded and (may_be_formula(before) or may_be_formula(after)):
        raise ValueError
    tokens = f"{'' if input_tokens is None else input_tokens},{'' if output_tokens is None else output_tokens}"
    cells = f"{before[1:-1]},{'' if cost is None else cost},{after[1:-1]}".replace('"', "")
    return f"{cells},{tokens},,"
