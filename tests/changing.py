"""An exchange with some of its fields changed, whichever of its parts has them."""

from typing import Any

from avow.exchange.exchange import Exchange


def changed(exchange: Exchange, **changes: Any) -> Exchange:
    """`exchange` with these fields, those of its question and of its reply included."""
    question = {name: changes.pop(name) for name in exchange.question._fields if name in changes}
    reply = {name: changes.pop(name) for name in exchange.reply._fields if name in changes}
    parts = {"question": exchange.question._replace(**question), "reply": exchange.reply._replace(**reply)}
    return exchange._replace(**{**parts, **changes})
