"""The history for other programs: JSON Lines and CSV."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from avow.exchange.exchange import Exchange, as_json
from avow.history.rows import hidden
from avow.wire.json_value import JsonObject, encodable

_SCALARS = (
    "number",
    "id",
    "conversation_id",
    "created_at",
    "source",
    "status",
    "verdict",
    "rerouted",
    "exit_code",
    "simulated",
    "requested_model",
    "served_model",
    "strength",
    "category",
    "recommended_model",
    "stop_reason",
    "template",
    "retries",
    "retry_of",
    "cost_usd",
    "request_id",
    "message_id",
    "base_url",
)
_FROM_OBJECTS = ("first_token_ms", "total_ms", "input_tokens", "output_tokens", "error_type", "error_status")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_TEXTS = ("error_message", "explanation", "system", "prompt", "text", "withdrawn_text")


def as_object(exchange: Exchange, *, with_text: bool = True) -> JsonObject:
    """The object of `--output json`. An answer that was withheld from the screen is there; where nothing of what was
    said is kept, or without text, `prompt` and `text` are None."""
    if not with_text:
        exchange = hidden(exchange)
    shown = as_json(_unwithheld(exchange))
    if exchange.question.prompt is None and not exchange.routing.segments:
        shown["text"] = None
    return {**shown, "withheld": exchange.withheld}


def json_lines(exchanges: Iterable[Exchange], *, with_text: bool = True) -> Iterator[str]:
    """One line an exchange, in UTF-8 that every reader takes."""
    for exchange in exchanges:
        yield line(as_object(exchange, with_text=with_text))


def line(value: object) -> str:
    """`value` as one line of JSON."""
    return encodable(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + "\n"


def csv_lines(exchanges: Iterable[Exchange], *, with_text: bool = True, guarded: bool = False) -> Iterator[str]:
    """A heading and one record an exchange, by RFC 4180 with a plain line feed; empty cells are unknown. The models,
    outcomes and evidence of the hops are in JSON only. `guarded`: a spreadsheet takes no cell for a formula."""
    yield _record((*_SCALARS, *_FROM_OBJECTS, *(_TEXTS if with_text else ())))
    for exchange in exchanges:
        shown = as_object(exchange, with_text=with_text)
        usage, error = shown["usage"] or {}, shown["error"] or {}
        extra = {
            **shown["timing"],
            "input_tokens": usage.get("input_tokens"),
            "output_tokens": usage.get("output_tokens"),
            **{f"error_{key}": value for key, value in error.items()},
        }
        names = (*_SCALARS, *_FROM_OBJECTS, *(_TEXTS if with_text else ()))
        cells = [_cell(extra.get(name, shown.get(name))) for name in names]
        yield _record([_guarded(cell) for cell in cells] if guarded else cells)


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _guarded(cell: object) -> object:
    """A text that a spreadsheet would run, with an apostrophe before it (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell


def _record(cells: Iterable[object]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(cells)
    return encodable(written.getvalue())


def _unwithheld(exchange: Exchange) -> Exchange:
    return exchange._replace(withheld=False) if exchange.withheld else exchange
