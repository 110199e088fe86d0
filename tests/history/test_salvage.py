"""Bytes of the file go bad, and every exchange whose pages they did not touch is there after `repair`."""

import os
import random
import shutil
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from avow.errors import HistoryError
from avow.history import repair
from avow.history.search import query_of, search
from avow.history.stats import stats
from avow.history.store import History
from tests.examples import up_to
from tests.history.making import answered, kept
from tests.running import run

NOW = datetime(2026, 11, 23, 17, 0, 0)
PAGE = 4096


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand exchanges or a quarter of them, some longer than a page; the same bytes each time, so that a seed says
    what was flipped."""
    path = tmp_path_factory.mktemp("sound") / "history.db"
    chance, count = random.Random(12), up_to(1000)
    texts = ("word " * (n * 37 % 40 if n % 50 else 1500) for n in range(count))
    ids = ({name: str(UUID(int=chance.getrandbits(128))) for name in ("id", "conversation_id")} for _ in range(count))
    kept(path, *(answered(f"number {n} é", text, **own) for n, (text, own) in enumerate(zip(texts, ids, strict=True))))
    return path


def read_in_every_way(path: Path) -> set[int]:
    """The numbers that can be listed; whatever is damaged, only a HistoryError may come out of any command."""
    told: list[str] = []
    with History.open(path, read_only=True, on_damage=told.append) as history:
        numbers = {exchange.number or 0 for exchange in history.rows()}
        list(search(history, query_of(["word"]), limit=None))
        stats(history, "month")
        with suppress(HistoryError):  # the last one is damaged, and is not passed over for the one before it
            history.latest()
    return numbers


def flips(sound: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(sound.read_bytes())
    places = [chance.randrange(PAGE, len(data)) for _ in range(chance.randint(1, 50))]
    for place in places:
        data[place] ^= 1 << chance.randrange(8)
    path = tmp_path / f"{seed}" / "history.db"
    path.parent.mkdir()
    path.write_bytes(data)
    touched = {place // PAGE + 1 for place in places}
    untouched = whole(sound, touched)
    # SQLite does not notice every number that is wrong in an index, so that `list` may miss exchanges; `repair` does.
    assert len(untouched - read_in_every_way(path)) <= in_indexes(sound, touched)
    condition = repair.check(path)
    if condition.mendable:
        repair.mend(path)
    elif condition.problems:
        damaged = path.read_bytes()
        done = repair.set_aside(path, NOW)
        assert done.aside.read_bytes() == damaged
    with History.open(path, read_only=True) as history:
        after = {exchange.number or 0 for exchange in history.rows()}
    assert untouched <= after
    shutil.rmtree(path.parent)


def whole(path: Path, touched: set[int]) -> set[int]:
    """The numbers of the exchanges none of whose pages is touched; SQLite's `dbstat` knows which pages those are."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(
            "SELECT path, pageno FROM dbstat WHERE name = 'exchange' AND pagetype IN ('leaf', 'overflow')"
        ).fetchall()
        numbers = [row[0] for row in connection.execute("SELECT number FROM exchange ORDER BY number")]
        cells = connection.execute(
            "SELECT path, ncell FROM dbstat WHERE name = 'exchange' AND pagetype = 'leaf' ORDER BY path"
        ).fetchall()
    finally:
        connection.close()
    # `/1c2/` is a leaf, and `/1c2/00a+000001` a page of what did not fit into its cell 00a.
    bad = {place[: place.rindex("/") + 1] for place, page in rows if page in touched}
    found: set[int] = set()
    at = 0
    for place, count in cells:
        if place not in bad:
            found |= set(numbers[at : at + count])
        at += count
    return found


def in_indexes(path: Path, touched: set[int]) -> int:
    """How many entries of indexes of exchanges stand on these pages, or below them."""
    connection = sqlite3.connect(path)
    try:
        pages = connection.execute(
            "SELECT name, path, pageno, ncell FROM dbstat WHERE name IN"
            " (SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'exchange')"
        ).fetchall()
    finally:
        connection.close()
    bad = [(name, place) for name, place, page, _count in pages if page in touched]
    return sum(
        count for name, place, _page, count in pages if any(name == one and place.startswith(top) for one, top in bad)
    )


def test_random_flips(sound: Path, tmp_path: Path) -> None:
    flips(sound, tmp_path, 0)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(4))
def test_many_random_flips(sound: Path, tmp_path: Path, part: int) -> None:
    """AVOW_TEST_FLIPS says how many: a thousand take half an hour."""
    for seed in range(1 + part, int(os.environ.get("AVOW_TEST_FLIPS", "100")), 4):
        flips(sound, tmp_path, seed)


@pytest.fixture
def few(home: Path) -> Path:
    path = home / "data" / "history.db"
    kept(path, *(answered(f"number {n}", "word " * 20) for n in range(40)))
    return path


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def test_a_bad_byte_in_the_schema(home: Path, few: Path) -> None:
    overwrite(few, few.read_bytes().index(b"CREATE TABLE exchange (") + 3, b"\xff\xfe")
    ran = run(home, "--simulate", "requested", "a question")
    assert (ran.status, ran.out != b"") == (0, True)
    assert "history not written" in ran.err.decode()
    listed = run(home, "history", "list", "--json", "--limit", "0")
    assert (listed.status, len(listed.json)) == (0, 40)
    assert "the history is damaged; shown is what its pages still hold: 40 exchanges" in listed.err.decode()
    assert run(home, "history", "search", "word", "--json", "--limit", "0").json == listed.json
    assert run(home, "history", "stats", "--json").json["total"]["requests"] == 40
    assert len(run(home, "history", "export").events) == 40
    assert run(home, "history", "show", "7", "--text").out == b"word " * 20 + b"\n"
    assert b"damaged" in run(home, "doctor", "--offline").out
    mended = run(home, "history", "repair", "--yes")
    assert (mended.status, mended.out.startswith(b"saved 40 exchanges; 0 could not be read")) == (0, True)
    assert run(home, "history", "list", "--json", "--limit", "0").json == listed.json


def test_a_root_page_that_is_gone(home: Path, few: Path) -> None:
    connection = sqlite3.connect(few)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'exchange'").fetchone()
    connection.close()
    overwrite(few, (root - 1) * PAGE, bytes(PAGE))
    assert len(run(home, "history", "list", "--json", "--limit", "0").json) == 40
    assert run(home, "history", "repair", "--yes").out.startswith(b"saved 40 exchanges; 0 could not be read")


def test_a_bad_byte_in_a_row(home: Path, few: Path) -> None:
    overwrite(few, few.read_bytes().index(b"number 11word") + 2, b"\xff")
    overwrite(few, few.read_bytes().index(b'[{"model":"claude-fable-5-2","chars":100}]'), b"<")
    listed = run(home, "history", "list", "--json", "--limit", "0")
    assert (listed.status, len(listed.json)) == (0, 39)
    assert "cannot be read" in listed.err.decode()
    (lost,) = set(range(1, 41)) - {row["number"] for row in listed.json}
    assert f"exchange {lost} is damaged" in run(home, "history", "show", str(lost)).err.decode()
    mended = run(home, "history", "repair", "--yes")
    assert (mended.status, mended.out.startswith(b"saved 39 exchanges; 1 could not be read")) == (1, True)


def test_delete_needs_no_text(home: Path, few: Path) -> None:
    overwrite(few, few.read_bytes().index(b'[{"model":"claude-fable-5-2","chars":100}]'), b"<")
    listed = run(home, "history", "list", "--json", "--limit", "0").json
    (lost,) = set(range(1, 41)) - {row["number"] for row in listed}
    assert run(home, "history", "delete", str(lost), "--yes").status == 0
    assert run(home, "history", "repair").out.endswith(b"is not damaged\n")
