"""What is taken away is gone, to the last byte."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from avow.history import privacy, schema
from avow.history.export import as_object
from avow.history.filters import Filters
from avow.history.hiding import PRIVATE, hidden
from avow.history.search import query_of, search
from avow.history.store import History
from avow.routing.verdict import Routing, Segment
from avow.wire.blocks import Attachment
from tests.history.making import NOON, answered, asked, kept, rerouted

FILE = Attachment("qxattname.txt", "text", "text/plain", 9, "ab12", b"qxattbytes")
SECRETS = (b"qxprompt", b"qxanswer", b"qxsystem", b"qxattname", b"qxattbytes", b"qxpartial")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A secret among many others, so that its row and its words share pages with them."""
    path = tmp_path / "history.db"
    fill = [answered(f"word{n} common", "hay " * (n * 7 % 400)) for n in range(150)]
    secret = asked("qxprompt common", system="qxsystem", attachments=(FILE,))
    with History.open(path) as history:
        history.add(fill[:75])
        number = history.begin(secret)
        partial = Routing(segments=(Segment(None, "qxpartial " * 200),))
        history.save(secret._replace(number=number, routing=partial))
        done = rerouted("qxanswer " * 300, prompt=secret.question.prompt, system="qxsystem", attachments=(FILE,))
        history.finish(done._replace(id=secret.id, number=number))
        history.add(fill[75:])
    return path


def bytes_beside(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_the_secret_is_there_before(path: Path) -> None:
    assert all(secret in bytes_beside(path) for secret in SECRETS[:-1])


@pytest.mark.parametrize("work", [privacy.redact, privacy.delete], ids=["redact", "delete"])
@pytest.mark.parametrize("is_read", [False, True], ids=["alone", "while it is open elsewhere"])
def test_no_byte_is_left(path: Path, work: object, is_read: bool) -> None:
    with History.open(path) as history:
        other = History.open(path, read_only=True) if is_read else None
        erased = work(history, [76])  # type: ignore[operator]
        assert (erased.count, erased.in_use, erased.copies) == (1, False, ())
        data = bytes_beside(path)
        assert [secret for secret in SECRETS if secret in data] == []
        history.write(history.connection.execute, schema.INTEGRITY_CHECK)
        assert list(search(history, query_of(["qxanswer"]))) == []
        assert len(list(search(history, query_of(["common"]), limit=None))) == 150
        assert history.attachment_bytes("ab12") is None
        if other:
            other.close()
    assert [secret for secret in SECRETS if secret in path.read_bytes()] == []


NEWER = """
import importlib, sys
sys.modules["sqlite3"] = importlib.import_module("pysqlite3")
from pathlib import Path
from avow.history import privacy, schema
from avow.history.store import History
path, work, numbers = Path(sys.argv[1]), sys.argv[2], [int(n) for n in sys.argv[3:]]
with History.open(path) as history:
    before = privacy.takes_long(history)
    print(getattr(privacy, work)(history, numbers).count, before, privacy.takes_long(history))
    history.write(history.connection.execute, schema.INTEGRITY_CHECK)
"""


def with_newer_sqlite(path: Path, work: str, *numbers: int) -> str:
    """Take away with an SQLite whose search index can delete securely; how many went, and whether it took long, and
    would again."""
    pytest.importorskip("pysqlite3", reason="no SQLite newer than Python's")
    words = [sys.executable, "-c", NEWER, str(path), work, *map(str, numbers)]
    return subprocess.run(words, capture_output=True, check=True, text=True, timeout=30).stdout.strip()


@pytest.mark.parametrize("work", ["redact", "delete"])
@pytest.mark.parametrize("is_new", [True, False], ids=["made by it", "made by an older one"])
def test_no_byte_is_left_by_secure_deletion(path: Path, work: str, is_new: bool) -> None:
    if is_new:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DROP TRIGGER search_insert")  # the index is made anew
    # Where Python's own SQLite is newer too, it made the index so that nothing is to be merged.
    takes_long = not is_new and sqlite3.sqlite_version_info < (3, 42)
    assert with_newer_sqlite(path, work, 76) == f"1 {takes_long} False"
    data = bytes_beside(path)
    assert [secret for secret in SECRETS if secret in data] == []
    assert with_newer_sqlite(path, work, 77) == "1 False False"
    with History.open(path, read_only=True) as history:  # an older SQLite cannot read that index
        assert len(list(search(history, query_of(["common"]), limit=None))) == 149
    with History.open(path) as history:
        assert schema.has_search(history.connection)
        assert history.begin(answered("qxnext common")) == 152
        assert [one.number for one in search(history, query_of(["qxnext"]))] == [152]
        history.write(history.connection.execute, schema.INTEGRITY_CHECK)


def test_redacting_keeps_the_routing(path: Path) -> None:
    with History.open(path) as history:
        before = history.get("76")
        privacy.redact(history, [76])
        after = history.get("76")
        assert after == hidden(before)
        assert after.routing.hops[0].category == "cyber"
        shown = as_object(after)
        assert (shown["prompt"], shown["text"], shown["segments"]) == (None, None, [])
        assert history.read("SELECT kept FROM exchange WHERE number = 76")[0][0] == "redacted"
        assert [tuple(row) for row in history.read("SELECT count(*) FROM hop WHERE exchange = 76")] == [(2,)]


def test_an_exchange_redacted_while_it_runs_stays_so(path: Path) -> None:
    pending = asked("qxlater")
    with History.open(path) as history:
        number = history.begin(pending)
        privacy.redact(history, [number])
        history.finish(answered("qxlater", "qxlateranswer", id=pending.id)._replace(number=number))
        assert history.get(str(number)).question.prompt is None
        assert history.get(str(number)).routing.served_model is not None
        assert b"qxlater" not in bytes_beside(path)


def test_a_shared_attachment_stays_until_its_last_exchange_goes(path: Path) -> None:
    kept(path, asked("also", attachments=(FILE,)))
    with History.open(path) as history:
        privacy.delete(history, [76])
        assert history.attachment_bytes("ab12") == b"qxattbytes"
        privacy.redact(history, [152])
        assert history.attachment_bytes("ab12") is None


def test_a_reader_in_the_way_is_told(path: Path) -> None:
    with History.open(path) as history, History.open(path, read_only=True) as reader:
        rows = reader.rows()
        next(rows)
        erased = privacy.delete(history, [76], patience_s=0.2)
    assert erased.in_use


def test_copies_beside_it_are_named(path: Path) -> None:
    copy = path.with_name("history.db.damaged-20260101-000000")
    copy.touch()
    with History.open(path) as history:
        assert privacy.delete(history, [1]).copies == (copy,)


def test_nothing_to_take_away_changes_nothing(path: Path) -> None:
    with History.open(path) as history:
        assert privacy.delete(history, []) == privacy.Erased(0)
        assert privacy.redact(history, [999]) == privacy.Erased(0)


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, *(answered(f"day {n}", at=NOON - n * 86_400) for n in range(10)))
    with History.open(path) as history:
        assert privacy.expire(history, 4, NOON).count == 5
        assert [exchange.question.prompt for exchange in history.rows()] == [f"day {n}" for n in range(5)]
        assert privacy.expire(history, 4, NOON).count == 0


def test_the_file_shrinks_when_most_of_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, *(answered(f"number {n}", "word " * 500) for n in range(200)))
    before = path.stat().st_size
    with History.open(path) as history:
        privacy.delete(history, privacy.numbers_of(history, Filters()))
        assert history.count() == 0
    assert path.stat().st_size < before / 3


KILLED = """
import sys
from pathlib import Path
from avow.history import privacy, schema
from avow.history.store import History
with History.open(Path(sys.argv[1])) as history:
    privacy.delete(history, [int(n) for n in sys.argv[2:]])
"""


def test_two_who_delete_at_once_do_not_fail(path: Path) -> None:
    halves = (range(1, 76), range(77, 152))
    processes = [
        subprocess.Popen([sys.executable, "-c", KILLED, str(path), *map(str, half)], stderr=subprocess.PIPE)
        for half in halves
    ]
    assert [process.communicate()[1] for process in processes] == [b"", b""]
    with History.open(path, read_only=True) as history:
        assert [exchange.number for exchange in history.rows()] == [76]


MAY_STAY = {
    *("id", "conversation_id", "parent_id", "retry_of", "session", "created_at", "source", "kept", "status", "verdict"),
    *("requested_model", "sent_model", "served_model", "category", "recommended_model", "stop_reason", "template"),
    *(
        "fallback_policy",
        "fallback_by",
        "request_id",
        "message_id",
        "base_url",
        "error_type",
        "usage",
        "pin",
        "moved_to",
    ),
    *("client", "strength", "item_id", "item_key", "traceparent"),
}
LOSE_THEIR_TEXT = {
    *("problem_words", "error_message", "hint", "hops", "evidence", "params", "attachments", "segments", "exact"),
}


def test_it_is_decided_of_each_column_whether_redacting_empties_it() -> None:
    texts = {name for name, kind, _meaning in schema.COLUMNS if kind.startswith("TEXT")}
    decided = {*MAY_STAY, *LOSE_THEIR_TEXT, *PRIVATE}
    assert texts == decided, "a new column: is it emptied (hiding.py), or may it stay?"
