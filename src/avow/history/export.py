"""An exchange for other programs: the JSON object, a line of it."""

import json
from collections.abc import Iterable, Iterator

from avow.exchange.exchange import Exchange, as_json
from avow.history.hiding import hidden
from avow.wire.json_value import JsonObject, encodable


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


def _unwithheld(exchange: Exchange) -> Exchange:
    return exchange._replace(withheld=False) if exchange.withheld else exchange
