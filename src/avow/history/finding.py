"""Finds the exchange that a reference names: by number, or by the beginning or the end of an id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from avow.errors import NoSuchExchange, UsageError

if TYPE_CHECKING:
    from sqlite3 import Connection

_SHORTEST = 4
_MOST_LISTED = 8
_LARGEST = 2**63 - 1
_NUMBER = re.compile("[1-9][0-9]{0,18}")


def number_of(connection: Connection, reference: str) -> int:
    """The number of the one exchange that `reference` names. Raises UsageError where it names no exchange, or
    several."""
    wanted = reference.strip()
    if _NUMBER.fullmatch(wanted) and int(wanted) <= _LARGEST:
        row = connection.execute("SELECT number FROM exchange WHERE number = ?", (int(wanted),)).fetchone()
        if row is not None:
            return int(row[0])
    if len(wanted) < _SHORTEST:
        raise NoSuchExchange(reference, hint="`avow history list` shows the numbers; of an id, give 4 characters")
    found = _begins(connection, wanted) or _ends(connection, wanted)
    if not found:
        raise NoSuchExchange(reference, hint="`avow history list` shows the numbers")
    if len(found) > 1:
        listed = "; ".join(f"{row['number']} ({row['id']})" for row in found[:_MOST_LISTED])
        more = " and more" if len(found) > _MOST_LISTED else ""
        raise UsageError(f"`{reference}` may mean several exchanges: {listed}{more}", hint="give the number")
    return int(found[0]["number"])


def _begins(connection: Connection, wanted: str) -> list[Any]:
    query = "SELECT number, id FROM exchange WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
    for text in dict.fromkeys((wanted, wanted.lower())):
        if text.isprintable():
            found = connection.execute(query, (text, text + "\U0010ffff", _MOST_LISTED + 1)).fetchall()
            if found:
                return found
    return []


def _ends(connection: Connection, wanted: str) -> list[Any]:
    query = "SELECT number, id FROM exchange WHERE substr(id, -?) = ? ORDER BY id LIMIT ?"
    text = wanted.lower()
    if not text.isprintable():
        return []
    return connection.execute(query, (len(text), text, _MOST_LISTED + 1)).fetchall()
