"""Makes sure that an answer which the proxy saw and the client recorded is in the history only once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from avow.exchange.exchange import Exchange
from avow.history.rows import UNREADABLE, from_row, milliseconds

if TYPE_CHECKING:
    from sqlite3 import Connection

_NOT_IMPORTED = frozenset({"avow", "proxy", "judge", "audit"})
_APART_MS = 24 * 3600 * 1000
"""How far apart the times of one answer may be: its request's, and that of the client's record of its end."""

_KNOWN = (
    "SELECT message_id, request_id FROM exchange"
    " WHERE source <> 'avow' AND source = 'proxy' AND created_ms BETWEEN ? AND ?"
)
_IMPORTED = (
    "SELECT number, message_id, request_id, source FROM exchange WHERE source <> 'avow' AND created_ms BETWEEN ? AND ?"
)
"""Both are answered by the index of what others asked for."""

_Ids = tuple[str | None, str | None]


class SeenByProxy:
    """The ids of the proxy's answers since the time of `exchanges`; nothing is read where none of those is imported."""

    def __init__(self, connection: Connection, exchanges: Iterable[Exchange]) -> None:
        self._ids: dict[str, list[_Ids]] = {}
        times = [milliseconds(exchange.created_at) for exchange in exchanges if _is_imported(exchange.source)]
        if times:
            for row in connection.execute(_KNOWN, (min(times) - _APART_MS, max(times) + _APART_MS)):
                for name in (row["message_id"], row["request_id"]):
                    if name:
                        self._ids.setdefault(name, []).append((row["message_id"], row["request_id"]))

    def has(self, exchange: Exchange) -> bool:
        """Whether `exchange` was imported and the proxy saw the same answer."""
        own = _ids(exchange)
        found = (ids for name in own if name for ids in self._ids.get(name, ()))
        return _is_imported(exchange.source) and any(_is_same(own, ids) for ids in found)


def absorbed(connection: Connection, exchange: Exchange) -> Exchange:
    """Remove the imported row of an answer that the proxy saw, and give the exchange with its texts, which the proxy
    may not keep; part of a transaction."""
    own = _ids(exchange)
    if own == (None, None):
        return exchange
    begun = milliseconds(exchange.created_at)
    for row in connection.execute(_IMPORTED, (begun - _APART_MS, begun + _APART_MS)).fetchall():
        if _is_imported(row["source"]) and _is_same(own, (row["message_id"], row["request_id"])):
            found = connection.execute("SELECT * FROM exchange WHERE number = ?", (row["number"],)).fetchone()
            try:
                exchange = _with_texts(exchange, from_row(found))
            except UNREADABLE:
                continue
            connection.execute("DELETE FROM exchange WHERE number = ?", (row["number"],))
    return exchange


def _with_texts(exchange: Exchange, imported: Exchange) -> Exchange:
    question, routing = exchange.question, exchange.routing
    if question.prompt is None:
        question = question._replace(prompt=imported.question.prompt)
    if not routing.text:
        routing = routing._replace(segments=imported.routing.segments)
    return exchange._replace(question=question, routing=routing)


def _is_imported(source: str) -> bool:
    return source not in _NOT_IMPORTED


def _ids(exchange: Exchange) -> _Ids:
    return exchange.reply.message_id or None, exchange.reply.request_id or None


def _is_same(one: _Ids, other: _Ids) -> bool:
    """Whether both ids are of one answer: one id is equal, and the other too, unless a side lacks it (`llm` keeps no
    request id, a refusal may come without a message)."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a and b]
    return bool(pairs) and all(a == b for a, b in pairs)
