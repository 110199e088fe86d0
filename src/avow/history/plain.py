"""Exports exchanges fast: lines and records straight from the columns of a row.

A plain row (one model wrote all of its text, nothing failed) is written from its columns, without making an `Exchange`.
The result is that of `export` and `table`; a test compares them. Any other row is made into an exchange first. SQLite
joins the columns that many rows share into one text, from which the parts of a line are made once: a column that Python
takes from it costs more than writing it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import Any, TypeVar

from avow.errors import HistoryError
from avow.exchange.exchange import Exchange, Status
from avow.exit_codes import ExitCode
from avow.history.export_scope import ExportScope
from avow.history.rows import KINDS, UNREADABLE, of_kind
from avow.history.store import History
from avow.history.table import COLUMNS
from avow.routing.verdict import REROUTED, Verdict

T = TypeVar("T")
Query = tuple[str, list[object]]
_NO_JSON = "JSON cannot hold BLOB"
"""How SQLite's complaint begins where a damaged column holds bytes."""
_SHARED = (
    *("status", "verdict", "exit_code", "withheld", "simulated", "requested_model", "served_model", "strength"),
    *("category", "recommended_model", "stop_reason", "template", "fallback_policy", "fallback_by", "retries"),
    *("retry_of", "source", "base_url"),
)
SHARED = f"json_array({', '.join(_SHARED)})"
"""SQL for the columns that many rows share, as `shared` takes them."""


_NO_BYTES = "x''"
"""In SQLite's order bytes come after everything else."""
_CAN_HOLD_BYTES = (
    *(*_SHARED, "id", "conversation_id", "created_at", "request_id", "message_id", "first_token_ms", "total_ms"),
    *("item_id", "run", "item_index", "item_repeat"),
)
_HAS_NO_BYTES = f"({' OR '.join([f'{name} >= {_NO_BYTES}' for name in _CAN_HOLD_BYTES])}) IS NOT 1"
"""The condition that a damaged file holds no bytes where JSON is made of a column."""

HAS_RIGHT_KINDS = " AND ".join(
    [f"typeof({name}) = 'text'" for name in ("id", "conversation_id", "created_at")]
    + [f"typeof({name}) IN ('text', 'null')" for name in ("request_id", "message_id")]
    + [f"typeof({name}) IN ('integer', 'null')" for name in ("first_token_ms", "total_ms")]
)
"""The condition that the columns which each row has for itself hold what they are for."""


def shared(key: str) -> Mapping[str, Any]:
    """The columns of `SHARED` by name. Raises one of UNREADABLE where one is not as `from_row` wants it."""
    found = dict(zip(_SHARED, json.loads(key), strict=True))
    of_kind(found, {name: KINDS[name] for name in _SHARED})
    Status(found["status"])
    if found["verdict"] is not None:
        Verdict(found["verdict"])
    if found["exit_code"] is not None:
        ExitCode(found["exit_code"])
    if found["fallback_policy"].startswith("["):
        json.loads(found["fallback_policy"])
    return found


_COUNTS = "json_extract(usage, '$.input_tokens'), json_extract(usage, '$.output_tokens')"
OF_CELLS = f"cost_usd, {_COUNTS}"
"""The numbers of a row that `check_numbers` looks at."""
ARE_VALUES = (
    "error_type IS NULL AND signal IS NULL AND exact IS NULL AND (usage IS NULL OR"
    " (json_valid(usage) AND instr(usage, 'true') = 0 AND instr(usage, 'false') = 0))"
)
"""The condition that the values of a row, if of the right kinds, are its cells; `json_extract` gives true as a number.
"""


def with_care(scope: ExportScope, names: str, fitting: str) -> tuple[Query, Query]:
    """A query for `each`, and the same for a file with bytes in its columns."""
    return scope.query(names, fitting), scope.query(names, f"{fitting} AND {_HAS_NO_BYTES}")


def each(
    history: History, queries: Sequence[Query], quickly: Callable[[Any], T], slowly: Callable[[Exchange], T]
) -> Iterator[T]:
    """For each row of a query whose first column is the number: `quickly` of the row if it is plain, else `slowly` of
    the exchange."""
    with history.at_one_moment():
        for row in rows(history, queries):
            try:
                yield quickly(row)
            except UNREADABLE:
                yield from map(slowly, exchange_of(history, row))


def rows(history: History, queries: Sequence[Query]) -> Iterator[Any]:
    """The rows of a query. Where a damaged row ends it, the next query goes on from there; it checks more."""
    given = 0
    for query in queries:
        try:
            for row in islice(history.raw(*query, named=False), given, None):
                given += 1
                yield row
            return
        except HistoryError as error:
            if query is queries[-1] or not str(error.__cause__).startswith(_NO_JSON):
                raise


def exchange_of(history: History, row: Any) -> Iterator[Exchange]:
    """The exchange of a row whose first column is the number; none where it is damaged."""
    return history.select("SELECT * FROM exchange WHERE number = ?", row[:1])


@lru_cache(4096)
def shared_cells(key: str) -> tuple[object, ...]:
    """The values of the columns SHARED_CELLS."""
    found = shared(key)
    found = {
        **found,
        "rerouted": found["verdict"] in REROUTED,
        "simulated": bool(found["simulated"]),
    }
    return tuple(found[name] for name in SHARED_CELLS)


_NAMES = [column.name for column in COLUMNS]
SHARED_CELLS = (*_NAMES[_NAMES.index("source") : _NAMES.index("cost_usd")], "base_url")
"""The columns of a table that many rows share: some that stand together, and one."""


def said(
    segments: str, explanation: str | None, system: str | None, prompt: str | None, text: str | None, gone: str | None
) -> tuple[str | None, ...]:
    """The cells of what was said after `error_message`; raises ValueError where several models wrote the text."""
    model_of_all(segments, text or "")
    return explanation, system, prompt, text_cell(segments, prompt, text), gone


def text_cell(segments: str, prompt: str | None, text: str | None) -> str | None:
    """The answer; None where neither question nor answer is kept."""
    return None if segments == "[]" and prompt is None else text or ""


def check_numbers(cost: object, *counts: object) -> None:
    """Raise ValueError for a cost that is no number, or a count that is no whole one; both may be unknown."""
    check_cost(cost)
    for count in counts:
        if count.__class__ is not int and count is not None:
            raise ValueError


def check_cost(cost: object) -> None:
    """Raise ValueError for a value that is neither a number nor None."""
    if cost is not None and not (cost.__class__ is float and isfinite(cost)):
        raise ValueError


def model_of_all(segments: str, text: str) -> str | None:
    """The model that wrote all of the text, in JSON; None where the answer has no text. Raises ValueError where several
    models wrote it."""
    if segments == "[]":
        if text:
            raise ValueError
        return None
    head, _colon, length = segments.rpartition(":")
    if length != f"{len(text)}}}]":
        raise ValueError
    return _one_segment(head)


@lru_cache(4096)
def _one_segment(head: str) -> str:
    """The model in `[{"model":…,"chars"`, in JSON. Raises ValueError for another beginning."""
    (one,) = json.loads(f"{head}:0}}]")
    if set(one) != {"model", "chars"}:
        raise ValueError
    return json.dumps(one["model"], ensure_ascii=False)
