"""An exchange for other programs: the JSON object, one line each."""

import json
from collections.abc import Iterable, Iterator

from avow.exchange.exchange import Exchange, as_json
from avow.history.hiding import hidden
from avow.wire.json_value import JsonObject, encodable


def as_object(exchange: Exchange, *, with_text: bool = True) -> JsonObject:
    """The object of `avow help json`. It has an answer that was withheld from the screen; without text, and where none
    is kept, `prompt` and `text` are None."""
    if not with_text:
        exchange = hidden(exchange)
    shown = as_json(_unwithheld(exchange))
    if exchange.question.prompt is None and not exchange.routing.segments:
        shown["text"] = None
    return {**shown, "withheld": exchange.withheld}


def json_lines(exchanges: Iterable[Exchange], *, with_text: bool = True) -> Iterator[str]:
    """One line for each exchange, in UTF-8 that every reader takes."""
    for exchange in exchanges:
        yield line(as_object(exchange, with_text=with_text))


def line(value: object) -> str:
    """`value` as one line of JSON."""
    return encodable(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + "\n"


def _unwithheld(exchange: Exchange) -> Exchange:
    return exchange._replace(withheld=False) if exchange.withheld else exchange
