"""llm's log: an SQLite file with a row for each answer, in `turns` since about llm 0.32 and in `responses` before."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import quote

from avow.routing.verdict import Verdict
from avow.scan.judging import judge
from avow.scan.moment import utc
from avow.scan.records import Client, PastAnswer, SkipCounts
from avow.wire.json_value import JsonObject, encodable, encodable_value, items, obj, parse, text
from avow.wire.message import block_text

TABLES = ("responses", "turns")
MAGIC = b"SQLite format 3\x00"
_WAL_FORMAT = 2

# A column that a version of llm does not have reads as NULL.
_SHARED = ("id", "model", "resolved_model", "response_json", "datetime_utc", "input_tokens", "output_tokens")
_COLUMNS = {
    "responses": (*_SHARED, "conversation_id", "prompt", "response"),
    "turns": (*_SHARED, "thread_id", "parent_message_hash", "tip_message_hash"),
}
_MAKERS_WORDS = ("claude", "anthropic")


class NotALog(Exception):
    """An SQLite file that llm did not write, or that cannot be read; the message says which."""


def read(path: Path, counts: SkipCounts) -> Iterator[PastAnswer]:
    """Every answer of a Claude model in a log, in order of time. The file and its folder are not changed.

    Raises NotALog where the file is not a log of llm or is damaged, OSError where it cannot be opened.
    """
    try:
        with ExitStack() as stack:
            db = stack.enter_context(closing(_open(path, stack)))
            tables = [table for table in TABLES if _columns(db, table).issuperset({"id", "model"})]
            if not tables:
                raise NotALog("an SQLite file without the tables of llm")
            for table in tables:
                yield from _read_table(db, table, str(path), counts)
    except sqlite3.Error as error:
        raise NotALog(f"SQLite cannot read it: {error}") from error


def newest(path: Path) -> tuple[str, str] | None:
    """(time, conversation) of the last answer of a Claude model in a log. Raises as `read` does."""
    last = None
    for answer in read(path, SkipCounts()):
        if answer.time and answer.session and (last is None or answer.time > last[0]):
            last = (answer.time, answer.session)
    return last


def _open(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """The log, opened without writing a byte beside `path`. Where a journal beside it still has rows, SQLite would have
    to write in order to read them: then a copy is opened, which `stack` removes."""
    journals = [
        journal
        for suffix in ("-wal", "-journal")
        if (journal := path.with_name(path.name + suffix)).exists() and journal.stat().st_size
    ]
    with path.open("rb") as file:
        head = file.read(20)
    if not head.startswith(MAGIC):
        raise NotALog("not an SQLite file")
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    if journals:
        uri = f"file:{quote(str(_copied(path, journals, stack)))}"
    elif head[18:19] == bytes([_WAL_FORMAT]):
        uri += "&immutable=1"
    db = sqlite3.connect(uri, uri=True, timeout=2)
    db.text_factory = _decode
    db.row_factory = sqlite3.Row
    return db


def _copied(path: Path, journals: list[Path], stack: ExitStack) -> Path:
    import shutil
    import tempfile

    spare = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="avow-scan-")))
    for each in (path, *journals):
        shutil.copyfile(each, spare / each.name)
    return spare / path.name


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {str(row["name"]) for row in db.execute(f"PRAGMA table_info({table})")}


def _read_table(db: sqlite3.Connection, table: str, source: str, counts: SkipCounts) -> Iterator[PastAnswer]:
    present = _columns(db, table)
    wanted = [name if name in present else f"NULL AS {name}" for name in _COLUMNS[table]]
    order = "datetime_utc, rowid" if "datetime_utc" in present else "rowid"
    # The names come from this file alone.
    for row in db.execute(f"SELECT {', '.join(wanted)} FROM {table} ORDER BY {order}"):  # noqa: S608
        body = _body(row["response_json"])
        requested = text(row["model"])
        resolved = text(row["resolved_model"])
        if not _is_claude(requested, resolved, body):
            counts.other_models += 1
            continue
        prompt, written = _texts(db, table, row)
        yield _answer(row, body, requested, resolved, prompt, written or _spoken(body), source)


def _answer(
    row: sqlite3.Row,
    body: JsonObject,
    requested: str | None,
    resolved: str | None,
    prompt: str | None,
    written: str | None,
    source: str,
) -> PastAnswer:
    shaped = _in_the_apis_shape(body)
    content = items(body.get("content"))
    conclusion = judge(shaped, content, requested, recorded=requested is not None, resolved=resolved)
    verdict = conclusion.verdict
    session = row["thread_id"] if "thread_id" in row.keys() else row["conversation_id"]  # noqa: SIM118  (a Row)
    usage = obj(body.get("usage")) or {
        name: row[name] for name in ("input_tokens", "output_tokens") if isinstance(row[name], int)
    }
    # llm prints an answer and nothing about who wrote it.
    told = False if verdict in (Verdict.FALLBACK, Verdict.SUBSTITUTED, Verdict.REFUSED) else None
    return PastAnswer(
        client=Client.LLM,
        time=utc(row["datetime_utc"]),
        session=text(session),
        source=source,
        line=None,
        row=None if row["id"] is None else str(row["id"]),
        message_id=text(body.get("id")),
        request_id=None,
        requested_model=conclusion.requested,
        served_model=conclusion.served,
        verdict=verdict,
        category=conclusion.category,
        told=told,
        hops=conclusion.hops,
        evidence=conclusion.evidence,
        usage=usage or None,
        prompt=prompt,
        text=None if verdict is Verdict.REFUSED else written,
    )


def _body(stored: object) -> JsonObject:
    if not isinstance(stored, str):
        return {}
    try:
        return obj(encodable_value(parse(stored.encode("utf-8", "replace"))))
    except (ValueError, RecursionError):
        return {}


def _in_the_apis_shape(body: JsonObject) -> JsonObject:
    """The body of a gateway's answer with the API's stop reason: one in OpenAI's shape says elsewhere that it is
    whole."""
    if "stop_reason" in body:
        return body
    choices = items(body.get("choices"))
    reason = body.get("finish_reason") or (choices[0].get("finish_reason") if choices else None)
    return {**body, "stop_reason": reason}


def _is_claude(requested: str | None, resolved: str | None, body: JsonObject) -> bool:
    names = (requested, resolved, text(body.get("model")))
    return any(word in name.lower() for name in names if name for word in _MAKERS_WORDS)


def _spoken(body: JsonObject) -> str | None:
    return "".join(block_text(block) for block in items(body.get("content"))) or None


def _texts(db: sqlite3.Connection, table: str, row: sqlite3.Row) -> tuple[str | None, str | None]:
    """(prompt, answer) of a row, from where this version of llm keeps them."""
    if table == "responses":
        return text(row["prompt"]), text(row["response"])
    return _parts(db, row["parent_message_hash"]), _parts(db, row["tip_message_hash"])


def _parts(db: sqlite3.Connection, message_hash: object) -> str | None:
    if not isinstance(message_hash, str):
        return None
    query = "SELECT text FROM parts WHERE message_hash = ? AND type = 'text' ORDER BY position"
    try:
        pieces = [row["text"] for row in db.execute(query, (message_hash,))]
    except sqlite3.OperationalError:  # no such table or column: the text is lost, the routing is not
        return None
    return encodable("".join(piece for piece in pieces if isinstance(piece, str))) or None
