"""What a user can do about a 404: correct the model's name, or the base URL."""

from urllib.parse import urlsplit

from avow.errors import nearest
from avow.exchange.exchange import Exchange
from avow.models import catalogue
from avow.settings.levels import Settings

_SENT_TO = "/v1/messages"


def hint_of(exchange: Exchange, settings: Settings) -> str | None:
    """The hint for an exchange that ended in a 404. An answer that names the model is about the model, and any other
    about the address."""
    name = exchange.sent_model or exchange.requested_model
    message = exchange.error.message if exchange.error else ""
    if name.lower() not in message.lower() and "model" not in message.lower():
        base = (exchange.base_url or "").rstrip("/")
        path = urlsplit(base).path
        wrong = _SENT_TO.removesuffix("/messages") if path.endswith("/v1") else _SENT_TO if _SENT_TO in path else ""
        better = f"; did you mean {base.removesuffix(wrong)}?" if wrong and base.endswith(wrong) else ""
        return f"there is nothing at {base}{_SENT_TO}: the base URL is probably wrong{better}"
    known = {*settings.table("aliases"), *catalogue.ALIASES, *(model.id for model in catalogue.models())}
    if name not in known and (near := nearest(name, sorted(known))):
        return f"did you mean {near}? `avow models` lists what the key can use"
    return exchange.error.hint if exchange.error else None
