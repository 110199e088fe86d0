"""Finds the earlier decline that explains why the API sent a turn straight to a fallback."""

from avow.exchange.exchange import Exchange
from avow.history.filters import Filters
from avow.history.rows import milliseconds
from avow.history.store import History
from avow.routing.verdict import Outcome

LASTS_MS = 2 * 3600 * 1000
"""How far back is looked: the API keeps to a fallback for about an hour."""

_MOST = 200


def origin(history: History, exchange: Exchange) -> Exchange | None:
    """The last exchange before `exchange` in which the requested model declined and the same fallback answered; None
    where the API did not send `exchange` straight there, or where there is no such exchange. Raises HistoryError."""
    if not exchange.routing.is_sticky:
        return None
    until = milliseconds(exchange.created_at) + 1
    filters = Filters(
        rerouted=True,
        verdicts=("fallback",),
        since_ms=until - LASTS_MS,
        until_ms=until,
        simulated=exchange.simulated,
    )
    for earlier in history.rows(filters, limit=_MOST):
        declined = any(hop.outcome is Outcome.DECLINED for hop in earlier.routing.hops)
        alike = earlier.requested_model == exchange.requested_model
        if earlier.id != exchange.id and declined and alike and earlier.fallback_by == "server":
            return earlier
    return None
