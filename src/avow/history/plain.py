"""Exports exchanges fast: lines and records straight from the columns of a row.

A plain row (one model wrote all of its text, nothing failed) is written from its columns, without making an `Exchange`.
The result is that of `export` and `table`; a test compares them. Any other row is made into an exchange first.
`plain_json` and `plain_csv` let SQLite assemble most of a line: a column that Python takes from it costs more than
writing it.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from avow.exchange.exchange import Exchange, Status
from avow.history.export_scope import ExportScope
from avow.history.rows import UNREADABLE
from avow.history.store import History
from avow.history.table import COLUMNS, Record, columns, record
from avow.routing.verdict import REROUTED

T = TypeVar("T")
_USAGE = "CASE WHEN json_valid(usage) THEN usage END"  # a value that is not JSON would end the whole query
_FROM_USAGE = {name: f"json_extract({_USAGE}, '$.{name}')" for name in ("input_tokens", "output_tokens")}
OF_USAGE = ", ".join(_FROM_USAGE.values())
"""The two token counts of a row; where they are not whole numbers, `are_counts` says so, or `IS_PLAIN`."""
IS_PLAIN = (
    "signal IS NULL AND exact IS NULL AND error_type IS NULL AND (usage IS NULL OR (json_valid(usage)"
    " AND instr(usage, 'true') = 0 AND instr(usage, 'false') = 0))"  # which json_extract would give as numbers
)
_STATUSES = frozenset(status.value for status in Status)


def _one_of(name: str, values: Iterable[str]) -> str:
    return f"{name} IN ({', '.join(repr(str(value)) for value in values)})"


IS_REROUTED = f"CASE WHEN {_one_of('verdict', sorted(REROUTED))} THEN 'true' ELSE 'false' END"
IS_KNOWN = _one_of("status", Status)


def are_integers(*names: str) -> str:
    """SQL for the condition that these columns hold whole numbers, or NULL."""
    return " AND ".join(f"({name} IS NULL OR typeof({name}) = 'integer')" for name in names)


def are_text(*names: str) -> str:
    """SQL for the condition that these columns hold no bytes, as those of a damaged file may."""
    return " AND ".join(f"typeof({name}) <> 'blob'" for name in names)


def records(history: History, scope: ExportScope, *, with_text: bool) -> Iterator[Record]:
    """One record for each exchange, as `table.record` makes it."""
    names = [_FROM_USAGE.get(column.name, column.name) for column in columns(with_text=with_text)]
    query = scope.query(f"{', '.join(names)}, {IS_PLAIN}, {'segments' if with_text else 'NULL'}")
    yield from each(history, query, _plain_record, lambda exchange: record(exchange, with_text=with_text))


def each(
    history: History,
    query: tuple[str, list[object]],
    quickly: Callable[[Any], T],
    slowly: Callable[[Exchange], T],
) -> Iterator[T]:
    """For each row of a query whose first column is the number: `quickly` of the row if it is plain, else `slowly` of
    the exchange."""
    for row in history.raw(*query):
        try:
            yield quickly(row)
        except UNREADABLE:
            number = row[0]
            yield from map(slowly, history.select("SELECT * FROM exchange WHERE number = ?", (number,)))


def _plain_record(row: Any) -> Record:
    values: list[Any] = list(row)
    segments, is_plain = values.pop(), values.pop()
    if not is_plain or values[_AT["status"]] not in _STATUSES:
        raise ValueError
    are_counts(values[_AT["input_tokens"]], values[_AT["output_tokens"]])
    check_cost(values[_AT["cost_usd"]])
    values[_AT["rerouted"]] = values[_AT["verdict"]] in REROUTED
    values[_AT["simulated"]] = bool(values[_AT["simulated"]])
    if segments is not None:
        text = values[_AT_TEXT] or ""
        model_of_all(segments, text)
        values[_AT_TEXT] = None if segments == "[]" and values[_AT_PROMPT] is None else text
    return values


_AT: Mapping[str, int] = {column.name: place for place, column in enumerate(COLUMNS)}
_AT_PROMPT, _AT_TEXT = ([c.name for c in columns(with_text=True)].index(name) for name in ("prompt", "text"))


def are_counts(*values: object) -> None:
    """Raise ValueError for a value that is neither a whole number nor None."""
    for value in values:
        if value.__class__ is not int and value is not None:
            raise ValueError


def check_cost(cost: object) -> None:
    """Raise ValueError for a value that is neither a number nor None."""
    if cost is not None and not (isinstance(cost, float) and math.isfinite(cost)):
        raise ValueError


def model_of_all(segments: str, text: str) -> str | None:
    """The model that wrote all of the text, in JSON; None where the answer has no text. Raises ValueError where several
    models wrote it."""
    if segments == "[]":
        if text:
            raise ValueError
        return None
    colon = segments.rindex(":") + 1
    if int(segments[colon:-2]) != len(text):
        raise ValueError
    return _one_segment(segments[:colon])


@lru_cache(4096)
def _one_segment(head: str) -> str:
    """The model in `[{"model":…,"chars":`, in JSON. Raises ValueError for another beginning."""
    (one,) = json.loads(head + "0}]")
    if set(one) != {"model", "chars"}:
        raise ValueError
    return json.dumps(one["model"], ensure_ascii=False)
