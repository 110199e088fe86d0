"""Full-text search: turns ordinary words into a query, and finds the place in a text where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from avow.errors import UsageError
from avow.exchange.exchange import Exchange
from avow.history import database, schema
from avow.history.filters import EVERYTHING, Filters
from avow.history.rows import milliseconds
from avow.history.store import History
from avow.wire.json_value import encodable

NEWEST_FOR_RANK = 200_000
_LONGEST_QUERY = 2_000
_PIECES = re.compile(r'"([^"]*)"|(\S+)')
_OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR"})
_SYMBOLS = re.compile(r"[+#@$%&*/=<>\\^|~_]")
_SENTENCE = "?!.,;:'\"()[]{}…¿¡«»“”‘’"
# Scripts that put no space between words: the index knows them only as whole runs (Thai to Myanmar, Khmer, kana, Han).
_RUNS = re.compile(
    "[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_HANGUL = re.compile("[\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for: `match` in FTS5's syntax, and `parts`, texts that must occur exactly in prompt or answer."""

    match: str | None
    parts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def query_of(words: Sequence[str]) -> Query:
    """Turn ordinary words into a query; all of them must occur. `"…"` keeps words together, a `*` at the end of a word
    stands for any ending, letters with and without accents are the same, and nothing else has a meaning: `C++` and `->`
    are searched for as they are. Raises UsageError where there is nothing to search for."""
    text = encodable(" ".join(words))
    _check_length(text)
    phrases, parts, shown = [], [], []
    for quoted, word in _PIECES.findall(text):
        piece = (quoted or word).strip()
        if not piece:
            continue
        stem = piece.rstrip("*") if word else piece
        bare = stem if quoted else stem.strip(_SENTENCE) or stem
        if not any(map(str.isalnum, bare)) or _RUNS.search(bare):
            parts.append(bare)
        else:
            ending = "*" if stem != piece or _HANGUL.search(bare[-1]) else ""
            phrases.append('"' + bare.replace('"', '""').replace("\0", " ") + '"' + ending)
            if _SYMBOLS.search(bare):
                parts.append(bare)
        shown.append(bare)
    if not shown:
        raise UsageError("nothing to search for", hint="avow history search WORDS…")
    return Query(" ".join(phrases) or None, tuple(parts), tuple(shown))


def raw_query(text: str) -> Query:
    """A query in FTS5's own syntax. Raises UsageError where it is empty."""
    text = encodable(text)
    _check_length(text)
    if not text.strip():
        raise UsageError("nothing to search for", hint="avow history search --fts QUERY")
    return Query(text, (), tuple(word for word in re.findall(r"\w+", text) if word not in _OPERATORS))


def search(
    history: History,
    query: Query,
    filters: Filters = EVERYTHING,
    *,
    best: bool = False,
    limit: int | None = 20,
    before: int | None = None,
) -> Iterator[Exchange]:
    """The exchanges that match, newest first; with `best` the best match first, among the last 200,000.

    Raises UsageError for a query that FTS5 does not understand.
    """
    if query.match is None or not _has_index(history):
        return _by_reading(history, query, filters, limit, before)
    _check_syntax(history, query.match)
    where, values = _conditions(query, filters)
    if before is not None:
        where += f" AND {schema.OLDER}"
        values.append(before)
    if best:
        where += f" AND s.rowid > (SELECT max(number) - {NEWEST_FOR_RANK} FROM exchange)"  # noqa: S608
        order = "rank"
    elif history.read("SELECT 1 FROM exchange WHERE source <> 'avow' LIMIT 1"):
        order = "e.created_ms DESC, e.number DESC"  # numbers of imported ones do not tell their age
    else:
        order = "s.rowid DESC"
        if before is not None:
            where += " AND s.rowid < ?"
            values.append(before)
    found = history.select(
        "SELECT e.* FROM exchange_search AS s CROSS JOIN exchange AS e ON e.number = s.rowid"  # noqa: S608
        f" WHERE exchange_search MATCH ? AND {where} ORDER BY {order} LIMIT ?",
        [query.match, *values, -1 if limit is None else limit],
    )
    running = _pending(history, query, where, values)
    if not running:
        return found
    both = iter([*running, *found]) if best else merge(running, found, key=_age)
    return islice(both, limit)


def excerpt(text: str, query: Query, length: int) -> tuple[tuple[str, bool], ...]:
    """About `length` characters of `text` around the first match, in pieces; True marks a match. Empty without a
    match."""
    folded = _folded(text)
    pattern = re.compile("|".join(_pattern(word) for word in query.words) or r"(?!)")
    first = pattern.search(folded)
    if first is None:
        return ()
    start = max(0, first.start() - length // 3)
    end = min(len(text), max(start + length, first.end()))
    if start and (space := text.find(" ", start - 1, first.start() - 1)) >= 0:
        start = space + 1  # a word is shown whole, where the match is not all there is then
    if end < len(text) and (space := text.rfind(" ", first.end() + 1, end + 1)) >= 0:
        end = space
    pieces, at = [("…", False)] if start else [], start
    for found in pattern.finditer(folded, first.start(), end):
        if found.end() > found.start():
            pieces += [(text[at : found.start()], False), (text[found.start() : found.end()], True)]
            at = found.end()
    pieces.append((text[at:end], False))
    if end < len(text):
        pieces.append(("…", False))
    return tuple(piece for piece in pieces if piece[0])


def _by_reading(
    history: History, query: Query, filters: Filters, limit: int | None, before: int | None
) -> Iterator[Exchange]:
    """Search without the index, by reading every text."""
    words = tuple(dict.fromkeys((*query.parts, *query.words)))
    where, values = _conditions(Query(None, words), filters)
    if before is not None:
        where += f" AND {schema.OLDER}"
        values.append(before)
    return history.select(
        f"SELECT * FROM exchange AS e WHERE {where} ORDER BY created_ms DESC, number DESC LIMIT ?",  # noqa: S608
        [*values, -1 if limit is None else limit],
    )


def _conditions(query: Query, filters: Filters) -> tuple[str, list[object]]:
    where, values = filters.where()
    for part in query.parts:
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", part) + "%"
        where += r" AND (e.prompt LIKE ? ESCAPE '\' OR e.text LIKE ? ESCAPE '\')"
        values += [pattern, pattern]
    return where, values


def _pending(history: History, query: Query, where: str, values: list[object]) -> list[Exchange]:
    """The matches among pending exchanges, which are not in the index: the few there are get an index of their own, for
    the same query."""
    if not history.read("SELECT 1 FROM exchange WHERE status = 'pending' LIMIT 1"):
        return []
    history.read("PRAGMA temp_store = MEMORY")
    history.read(f"CREATE VIRTUAL TABLE temp.running USING fts5(prompt, text, {schema.TOKENIZER})")
    try:
        history.read(
            "INSERT INTO running(rowid, prompt, text)"
            " SELECT number, prompt, text FROM exchange WHERE status = 'pending'"
        )
        query_text = (
            "SELECT e.* FROM running AS s CROSS JOIN exchange AS e ON e.number = s.rowid"  # noqa: S608
            f" WHERE running MATCH ? AND {where} ORDER BY e.created_ms DESC, e.number DESC"
        )
        return list(history.select(query_text, [query.match, *values]))
    finally:
        history.read("DROP TABLE temp.running")


def _has_index(history: History) -> bool:
    import sqlite3

    try:
        return schema.has_search(history.connection)
    except (sqlite3.Error, UnicodeError) as error:
        if database.is_damage(error):
            return False  # what reads the texts goes on with what can be saved
        raise database.translated(error, history.path) from error  # words typed meanwhile interrupt this too


def _check_syntax(history: History, match: str) -> None:
    import sqlite3

    try:
        history.connection.execute("SELECT 1 FROM exchange_search WHERE exchange_search MATCH ? LIMIT 1", (match,))
    except (sqlite3.Error, UnicodeError) as error:
        if database.code(error) != sqlite3.SQLITE_ERROR:
            return  # damage: the query itself will meet it
        raise UsageError(
            f"FTS5 does not understand the query: {str(error).removeprefix('fts5: ')}",
            hint="without --fts ordinary words are looked for as they stand",
        ) from None


def _check_length(text: str) -> None:
    if len(text) > _LONGEST_QUERY:
        raise UsageError(f"the query is too long: {len(text)} characters, at most {_LONGEST_QUERY}")


def _age(exchange: Exchange) -> tuple[int, int]:
    return -milliseconds(exchange.created_at), -(exchange.number or 0)


def _pattern(word: str) -> str:
    folded = _folded(word)
    if not any(map(str.isalnum, folded)) or _RUNS.search(folded) or _SYMBOLS.search(folded):
        return re.escape(folded)
    tokens = re.findall(r"[^\W_]+", folded)
    return r"(?<!\w)" + r"[\W_]+".join(map(re.escape, tokens))


def _folded(text: str) -> str:
    """Lower case without accents, character for character, as the index has it."""
    if text.isascii():
        return text.lower()
    import unicodedata

    return "".join((unicodedata.normalize("NFD", character)[0].lower() or character)[0] for character in text)
