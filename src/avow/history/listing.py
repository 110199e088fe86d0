"""The query for one page of the history, for lists and exports."""

from avow.history import schema
from avow.history.filters import Filters

_LINE_CHARS = 10_000
_IN_A_LIST = {
    "prompt": f"substr(e.prompt, 1, {_LINE_CHARS})",
    **dict.fromkeys(("system", "text", "withdrawn_text", "explanation", "user_content", "content", "usage"), "NULL"),
    **dict.fromkeys(("hops", "evidence", "attachments", "segments"), "'[]'"),
    "params": "'{}'",
}
"""What stands in a list's rows in place of what a list does not show and would be long to read."""
_BRIEF = ", ".join(f"{_IN_A_LIST.get(name, 'e.' + name)} AS {name}" for name in schema.NAMES)


def query_of(
    filters: Filters, *, limit: int | None, before: int | None, oldest_first: bool, brief: bool
) -> tuple[str, list[object]]:
    """The query that `History.rows` makes, and its parameters."""
    where, values = filters.where()
    if before is not None:
        where += f" AND {schema.OLDER}"
        values.append(before)
    direction = "ASC" if oldest_first else "DESC"
    order = f"ORDER BY created_ms {direction}, number {direction}"
    # The inner query is answered from an index alone, so that a filter does not read what was said.
    query = (
        f"SELECT {_BRIEF if brief else 'e.*'}"  # noqa: S608
        f" FROM (SELECT number AS n FROM exchange WHERE {where} {order} LIMIT ?) AS p"
        " CROSS JOIN exchange AS e ON e.number = p.n"
    )
    return query, [*values, -1 if limit is None else limit]
