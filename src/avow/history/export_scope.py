"""Which exchanges an export has: all that match the filters, or those of them that a cursor has not seen."""

from typing import NamedTuple

from avow.history.filters import EVERYTHING, Filters

_JOIN = "CROSS JOIN exchange AS e ON e.number = p.n"


class NumberRange(NamedTuple):
    """The numbers above `after` up to `until`, and those in `due`, which were pending when a cursor passed them; those
    in `pending` now are left out."""

    after: int
    until: int
    due: tuple[int, ...] = ()
    pending: tuple[int, ...] = ()


class ExportScope(NamedTuple):
    """Which exchanges are exported, and in which order: without a `span` all that match `filters`, oldest first; with
    one those of its numbers, in the order of their numbers."""

    filters: Filters = EVERYTHING
    span: NumberRange | None = None

    def query(self, names: str, fitting: str = "") -> tuple[str, list[object]]:
        """A query that gives the columns `names` of each exchange, and its parameters. With `fitting`, the columns of
        an exchange that does not meet this condition are NULL; `p.n` is the number of each."""
        where, values = self.filters.where()
        order = "created_ms, number"
        if self.span is not None:
            # Numbers that avow itself wrote down: as text, because SQLite bounds how many parameters there may be.
            due, pending = (", ".join(map(str, numbers)) for numbers in (self.span.due, self.span.pending))
            where += f" AND (number > ? OR number IN ({due})) AND number NOT IN ({pending})"
            where += " AND number BETWEEN ? AND ?"  # or SQLite would look through all that the cursor has passed
            values += [self.span.after, min((self.span.after + 1, *self.span.due)), self.span.until]
            order = "number"
        join = f"LEFT JOIN exchange AS e ON e.number = p.n AND {fitting}" if fitting else _JOIN
        # The inner query is answered from an index alone, so that a filter does not read what was said; the
        # limit of -1, which limits nothing, keeps SQLite from leaving its order out.
        numbers = f"SELECT number AS n FROM exchange WHERE {where} ORDER BY {order} LIMIT -1"  # noqa: S608
        return f"SELECT {names} FROM ({numbers}) AS p {join}", values  # noqa: S608
