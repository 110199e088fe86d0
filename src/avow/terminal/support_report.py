"""What support needs to look up an exchange, without any text that was asked or answered; pure."""

import sys
from urllib.parse import urlsplit

from avow import __version__
from avow.exchange.exchange import Exchange
from avow.routing.verdict import Hop
from avow.terminal.notices import shown
from avow.terminal.sanitize import clean_line
from avow.terminal.why import policy_words

_MOST_SHOWN = 200
"""Characters of a piece of evidence that are shown: names of models are shorter."""


def support_report(exchange: Exchange) -> str:
    """`name: value` lines with a newline at the end; unknown values are left out. Times are in UTC, durations in ms.

    Nothing of prompt, answer, explanation or the message of an error: only types, names, ids and counts.
    """
    routing, reply, error = exchange.routing, exchange.reply, exchange.error
    facts = [
        ("time", exchange.created_at),
        ("request id", reply.request_id),
        ("message id", reply.message_id),
        ("host", urlsplit(exchange.base_url or "").hostname),
        ("model asked for", exchange.requested_model),
        ("model sent", exchange.sent_model if exchange.sent_model != exchange.requested_model else None),
        ("model served", routing.served_model),
        ("verdict", routing.verdict),
        ("category", routing.category),
        ("status", exchange.status),
        ("exit status", exchange.exit_code),
        ("stop reason", reply.stop_reason),
        ("error", f"{error.type}, HTTP {error.status}" if error and error.status else error and error.type),
        *((f"hop {index}", _hop(hop)) for index, hop in enumerate(routing.hops, 1)),
        *((f"evidence ({one.strength})", f"{one.field} = {str(one.value)[:_MOST_SHOWN]}") for one in routing.evidence),
        ("fallback", policy_words(exchange)),
        ("first token", None if reply.first_token_ms is None else f"{reply.first_token_ms} ms"),
        ("total", None if reply.total_ms is None else f"{reply.total_ms} ms"),
        ("retries", reply.retries),
        ("simulated", "yes" if exchange.simulated else None),
        ("exchange", exchange.id),
        ("avow", f"{__version__}, Python {'.'.join(map(str, sys.version_info[:3]))}, {sys.platform}"),
    ]
    return "".join(f"{name}: {clean_line(str(value))}\n" for name, value in facts if value is not None)


def _hop(hop: Hop) -> str:
    why = hop.category or (hop.error.type if hop.error else None)
    return f"{shown(hop.model)} {hop.outcome}" + (f" ({why})" if why else "")
