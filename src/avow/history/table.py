"""The columns of CSV and Parquet in their order, and an exchange as a record with these columns."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from avow.exchange.exchange import Exchange
from avow.history.export import as_object
from avow.wire.json_value import encodable, obj, whole

Record = Sequence[object]


class Column(NamedTuple):
    """A column: its name, and the kind of its values (`text`, `integer`, `number`, `flag`, `moment`); unknown values
    are None."""

    name: str
    kind: str = "text"


COLUMNS = (
    Column("number", "integer"),
    Column("id"),
    Column("conversation_id"),
    Column("created_at", "moment"),
    Column("source"),
    Column("status"),
    Column("verdict"),
    Column("rerouted", "flag"),
    Column("exit_code", "integer"),
    Column("simulated", "flag"),
    *map(Column, ("requested_model", "served_model", "strength", "category", "recommended_model", "stop_reason")),
    Column("template"),
    Column("retries", "integer"),
    Column("retry_of"),
    Column("cost_usd", "number"),
    *map(Column, ("request_id", "message_id", "base_url")),
    Column("first_token_ms", "integer"),
    Column("total_ms", "integer"),
    Column("input_tokens", "integer"),
    Column("output_tokens", "integer"),
    Column("error_type"),
    Column("error_status", "integer"),
)
TEXTS = tuple(map(Column, ("error_message", "explanation", "system", "prompt", "text", "withdrawn_text")))
"""What `--no-text` leaves out; they stand last. The hops and the evidence are in JSON only."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BEGINNINGS = ('"=', '"+', '"-', '"@', '" ')
"""How a text of ASCII alone begins in JSON that a spreadsheet may run; control characters have an escape there."""


def columns(*, with_text: bool) -> tuple[Column, ...]:
    """All columns in their order."""
    return (*COLUMNS, *TEXTS) if with_text else COLUMNS


def record(exchange: Exchange, *, with_text: bool) -> Record:
    """An exchange as the values of its columns."""
    shown = as_object(exchange, with_text=with_text)
    usage, error = obj(shown["usage"]), shown["error"] or {}
    values = {
        **shown,
        **shown["timing"],
        "input_tokens": whole(usage.get("input_tokens")),
        "output_tokens": whole(usage.get("output_tokens")),
        **{f"error_{key}": error.get(key) for key in ("type", "status", "message")},
    }
    found = [values[column.name] for column in columns(with_text=with_text)]
    return [encodable(value) if isinstance(value, str) else value for value in found]


def heading(*, with_text: bool) -> str:
    """The first line of a CSV file."""
    return ",".join(column.name for column in columns(with_text=with_text)) + "\n"


def csv_lines(records: Iterable[Record], *, with_text: bool, guarded: bool = False) -> Iterator[str]:
    """A heading and one line for each record, by RFC 4180 with a plain line feed; empty cells are unknown. `guarded`: a
    spreadsheet takes no cell for a formula. (Python's `csv` reads one letter at a time, which takes four times as
    long.)"""
    yield heading(with_text=with_text)
    for one in records:
        yield csv_line(one, guarded=guarded)


def csv_line(one: Record, *, guarded: bool = False) -> str:
    """A record as a line of CSV."""
    return ",".join([cell(value, guarded=guarded) for value in one]) + "\n"


def cell(value: object, *, guarded: bool = False) -> str:
    """A value as a cell. `guarded`: a text that a spreadsheet would run gets an apostrophe in front (OWASP, CSV
    injection). Raises TypeError for a value that no column has, such as the bytes of a damaged row."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            text = f"'{value}" if guarded and value.lstrip(" ").startswith(_FORMULA) else value
        case int() | float():
            text = str(value)
        case _:
            raise TypeError(type(value).__name__)
    if "," in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def may_be_formula(cells: str) -> bool:
    """Whether one of the texts in a JSON array without escapes may be taken for a formula."""
    return not cells.isascii() or any(beginning in cells for beginning in _BEGINNINGS)
