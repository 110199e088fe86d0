"""Sums of the history that its file keeps itself, by triggers, as rows are added, changed and deleted.

They are beside the tables, as the search index is: a reader asks `is_kept`, and counts the rows where they are not
kept. They cover what avow itself asked: no other program, and no audit. Costs are whole units (`COST_UNIT`), so that
subtraction leaves nothing behind.
"""

# ruff: noqa: S608  (every statement here is put together from the constants of this file)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from avow.history.schema import NOT_STRONG, OTHERS
from avow.values import NamedTuple

if TYPE_CHECKING:
    from sqlite3 import Connection

COST_UNIT = 1_000_000_000_000
"""How much of `cost` is a dollar."""
QUARTER_MS, HOUR_MS = 900_000, 3_600_000
FIRST_MS = -62_135_596_800_000
"""The year 1, from which quarters and hours are counted (UTC): no row is older, so that a division rounds down. Every
zone's days begin with a quarter of an hour; with an hour in most, and those are fewer to add up."""

TALLIES = (
    ("requests", "1"),
    ("as_requested", "{r}.verdict IS 'as_requested'"),
    ("weak", "{r}.verdict IS 'as_requested' AND {r}.strength IS NOT 'strong'"),
    *((name, f"{{r}}.verdict IS '{name}'") for name in ("fallback", "refused", "substituted", "unverified")),
    *((name, f"{{r}}.status = '{name}'") for name in ("truncated", "incomplete", "failed", "interrupted", "pending")),
    ("unpriced", "{r}.cost_usd IS NULL AND {r}.status NOT IN ('failed', 'pending')"),
    ("cost", f"CAST(round({{r}}.cost_floor_usd * {COST_UNIT}) AS INTEGER)"),
)
"""The sums of `summary_tally`, and what an exchange `{r}` adds to each."""

_NONE = "x''"
"""What stands for NULL in a key; no text is equal to it."""
_KEYS = {
    "quarter": f"({{r}}.created_ms - {FIRST_MS}) / {QUARTER_MS}",
    "hour": f"({{r}}.created_ms - {FIRST_MS}) / {HOUR_MS}",
    "model": "{r}.requested_model",
    "category": f"coalesce({{r}}.category, {_NONE})",
    "template": f"coalesce({{r}}.template, {_NONE})",
}
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_USES = (
    ("hops", "1"),
    ("priced", "{r}.cost_usd IS NOT NULL"),
    *((name, f"coalesce({{r}}.{name}, 0)") for name in _TOKENS),
    ("cost", f"coalesce(CAST(round({{r}}.cost_usd * {COST_UNIT}) AS INTEGER), 0)"),
)
_OWN = "{r}.source = 'avow'"
DURATION_MS = 50
"""How many milliseconds `summary_duration.step` is of: that many are looked through for the one that is wanted."""
_UPSERT_FROM = (3, 24, 0)


class _Part(NamedTuple):
    """Rows of one table of sums: one for each combination of `keys`, over the rows `{r}` for which `where` holds. The
    index has all columns that they are made from, except `strength`."""

    keys: tuple[str, ...]
    of_index: str
    where: str = "1"


class _SumTable(NamedTuple):
    """A table of sums over the rows of `source` for which `where` holds; `when` is the condition for one row. The first
    of `sums` counts the rows."""

    name: str
    source: str
    when: str
    where: str
    keys: tuple[str, ...]
    sums: tuple[tuple[str, str], ...]
    parts: tuple[_Part, ...]

    def create(self) -> str:
        columns = ", ".join(f"{name} NOT NULL" for name in (*self.keys, *(name for name, _what in self.sums)))
        return f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({', '.join(self.keys)})) WITHOUT ROWID"

    def change(self) -> str:
        """The step of a trigger that adds the row `new` to its sums, or subtracts it if `new.sign` is -1."""
        keys = " UNION ALL ".join(
            f"SELECT {', '.join(part.keys)}{f' WHERE {part.where}' * (part.where != '1')}" for part in self.parts
        )
        sums = ", ".join("new.sign" if what == "1" else f"new.sign * ({what})" for _name, what in self.sums)
        change = f"INSERT INTO {self.name} SELECT *, {sums} FROM ({keys}) WHERE 1 {self._on_conflict()}"
        return change.format(r="new")

    def counted(self, part: _Part, hint: str = "") -> str:
        """The query that makes every row of a part from the rows of `source`."""
        sums = ", ".join(f"sum({what})" for _name, what in self.sums)
        groups = ", ".join(str(place) for place in range(1, len(self.keys) + 1))
        query = f"SELECT {', '.join(part.keys)}, {sums} FROM {self.source} AS r {hint}"
        return f"{query} WHERE {self.where} AND {part.where} GROUP BY {groups}".format(r="r")

    def fill(self) -> Iterator[str]:
        """The statements that fill the empty table, from indexes alone: reading the texts would take long."""
        quick = self._replace(sums=tuple((name, "0" if name == "weak" else what) for name, what in self.sums))
        weak = self._replace(sums=tuple((name, "1" if name == "weak" else "0") for name, _what in self.sums))
        for part in self.parts:
            if "'hour'" in part.keys:
                sums = ", ".join(f"sum({name})" for name, _what in self.sums)
                yield (
                    f"INSERT INTO {self.name} SELECT simulated, 'hour', key / {HOUR_MS // QUARTER_MS} AS hour, {sums}"
                    f" FROM {self.name} WHERE kind = 'quarter' GROUP BY simulated, hour"
                )
                continue
            yield f"INSERT INTO {self.name} {quick.counted(part, f'INDEXED BY {part.of_index}')}"
            if quick != self:
                part = part._replace(where=f"{part.where} AND {NOT_STRONG}")
                yield f"INSERT INTO {self.name} {weak.counted(part, 'INDEXED BY exchange_weak')} {self._on_conflict()}"

    def _on_conflict(self) -> str:
        return f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name, _ in self.sums)}"


def _duration(column: str, index: str) -> _Part:
    value = f"{{r}}.{column}"
    where = f"{{r}}.simulated = 0 AND {{r}}.served_model IS NOT NULL AND {value} IS NOT NULL"
    return _Part((f"'{column}'", "{r}.served_model", f"{value} / {DURATION_MS}"), index, where)


_EXCHANGES = (
    _SumTable(
        "summary_tally",
        "exchange",
        _OWN,
        _OWN,
        ("simulated", "kind", "key"),
        TALLIES,
        tuple(_Part(("{r}.simulated", f"'{kind}'", key), "exchange_time") for kind, key in _KEYS.items()),
    ),
    _SumTable(
        "summary_pair",
        "exchange",
        _OWN,
        _OWN,
        ("simulated", "requested_model", "served_model", "category"),
        (("times", "1"),),
        (
            _Part(
                (
                    *("{r}.simulated", "{r}.requested_model"),
                    *(f"coalesce({{r}}.{name}, {_NONE})" for name in ("served_model", "category")),
                ),
                "exchange_time",
                "{r}.rerouted",
            ),
        ),
    ),
    _SumTable(
        "summary_duration",
        "exchange",
        _OWN,
        f"{{r}}.number NOT IN ({OTHERS})",  # what the durations' indexes can tell
        ("measure", "model", "step"),
        (("answers", "1"),),
        (_duration("total_ms", "exchange_total"), _duration("first_token_ms", "exchange_first")),
    ),
)
_HOPS = _SumTable(
    "summary_use",
    "hop",
    "(SELECT source FROM exchange WHERE number = {r}.exchange) IS 'avow'",
    f"{{r}}.exchange NOT IN ({OTHERS})",
    ("simulated", "model", "outcome"),
    _USES,
    (
        _Part(
            ("{r}.simulated", f"coalesce({{r}}.model, {_NONE})", "{r}.outcome"),
            "hop_use",
        ),
    ),
)
_TABLES = (*_EXCHANGES, _HOPS)


def _statements() -> dict[str, str]:
    """What makes tables, views and triggers, by name. What a row adds or subtracts is written once, as the trigger of a
    view that nothing is ever read from: all of it is parsed whenever the file is opened."""
    found = {table.name: table.create() for table in _TABLES}
    for source, tables in (("exchange", _EXCHANGES), ("hop", (_HOPS,))):
        used = sorted({name for table in tables for name in re.findall(r"\{r\}\.(\w+)", repr(table))})
        view = f"summary_of_{source}"
        found[view] = f"CREATE VIEW {view} AS SELECT 1 AS sign, {', '.join(used)} FROM {source}"
        change, where = "; ".join(table.change() for table in tables), tables[0].when.format(r="new")
        instead = f"INSTEAD OF INSERT ON {view} WHEN {where}"
        found[f"{view}_change"] = f"CREATE TRIGGER {view}_change {instead} BEGIN {change}; END"
        old, new = (", ".join(f"{row}.{name}" for name in used) for row in ("old", "new"))
        add, take = f"INSERT INTO {view} VALUES (1, {new});", f"INSERT INTO {view} VALUES (-1, {old});"
        events = {"insert": (f"AFTER INSERT ON {source}", add), "delete": (f"BEFORE DELETE ON {source}", take)}
        if source == "exchange":
            # Whose hops they are is looked up, and the foreign key deletes them when their exchange is gone.
            events["delete"] = (events["delete"][0], f"DELETE FROM hop WHERE exchange = old.number; {take}")
            events["update"] = (f"AFTER UPDATE ON {source} WHEN ({old}) IS NOT ({new})", add + take)
        for event, (when, steps) in events.items():
            name = f"summary_{source}_{event}"
            found[name] = f"CREATE TRIGGER {name} {when} BEGIN {steps} END"
    return found


_STATEMENTS = _statements()

LOOK = "SELECT name, sql FROM sqlite_master WHERE name LIKE 'summary^_%' ESCAPE '^'"
"""The query whose rows tell whether the sums are kept."""


def are_right(found: Iterable[Sequence[str]]) -> bool:
    """Whether the file keeps the sums in the form that this program reads, judged by the rows of `LOOK`."""
    return {row[0]: row[1] for row in found} == _STATEMENTS


def is_kept(connection: Connection) -> bool:
    """The same for an open file."""
    return are_right(connection.execute(LOOK))


def create(connection: Connection) -> None:
    """Let the file, which holds no rows, keep the sums from now on. Call it in a transaction. An SQLite without
    `ON CONFLICT DO UPDATE` keeps none."""
    import sqlite3

    if sqlite3.sqlite_version_info >= _UPSERT_FROM:
        for statement in _STATEMENTS.values():
            connection.execute(statement)


def keep(connection: Connection) -> None:
    """Add up all rows, and let the file keep the sums from now on; some seconds for a million rows. Call it in a
    transaction. Where `create` keeps none this does not either, nor where the sums are too large."""
    import sqlite3

    if sqlite3.sqlite_version_info < _UPSERT_FROM:
        return
    _drop(connection)
    create(connection)
    try:
        for table in _TABLES:
            for fill in table.fill():
                connection.execute(fill)
    except sqlite3.OperationalError as error:
        if not is_overflow(error):
            raise
        _drop(connection)


def is_overflow(error: BaseException | None) -> bool:
    """Whether the error says that sums do not fit into SQLite's integers: a server, or a damaged row, may hold any
    number."""
    return str(error) == "integer overflow"


def _drop(connection: Connection) -> None:
    for kind in ("trigger", "view", "table"):
        for name, _sql in connection.execute(f"{LOOK} AND type = ?", (kind,)).fetchall():
            connection.execute(f"DROP {kind} IF EXISTS {name}")


def drop_empty(connection: Connection) -> None:
    """Delete the sums that are 0, with their names; part of a transaction."""
    if is_kept(connection):
        for table in _TABLES:
            connection.execute(f"DELETE FROM {table.name} WHERE {table.sums[0][0]} = 0")


def differing(connection: Connection) -> tuple[str, ...]:
    """The tables whose sums differ from those of the rows; reads every row."""
    found = []
    for table in _TABLES:
        counted = " UNION ALL ".join(f"SELECT * FROM ({table.counted(part, 'NOT INDEXED')})" for part in table.parts)
        kept = f"SELECT * FROM {table.name} WHERE {table.sums[0][0]} <> 0"
        for one, other in ((counted, kept), (kept, counted)):
            query = f"SELECT 1 FROM (SELECT * FROM ({one}) EXCEPT SELECT * FROM ({other})) LIMIT 1"
            if table.name not in found and connection.execute(query).fetchone():
                found.append(table.name)
    return tuple(found)
