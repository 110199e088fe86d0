"""Rows of a damaged history that hold what none should: each costs itself alone."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from avow.exchange.exchange import Exchange
from avow.history import repair, salvage, schema
from avow.history.export_scope import ExportScope
from avow.history.filters import Filters
from avow.history.plain_json import json_lines
from avow.history.rows import to_row
from avow.history.stats import stats
from avow.history.store import History
from tests.history.making import answered, rerouted
from tests.running import Ran, run


def loose(path: Path, *tables: list[dict[str, object]]) -> Path:
    """A file with these rows of `exchange` and none of its rules: a table each, as its damaged pages may hold them."""
    columns = "number INTEGER PRIMARY KEY, " + ", ".join(schema.NAMES[1:])
    marks = ", ".join(f":{name}" for name in schema.NAMES)
    connection = sqlite3.connect(path)
    for place, rows in enumerate(tables):
        connection.execute(f"CREATE TABLE t{place} ({columns})")
        connection.executemany(f"INSERT INTO t{place} VALUES ({marks})", rows)
    connection.commit()
    connection.close()
    return path


def rows_of(*exchanges: Exchange, first: int = 1) -> list[dict[str, object]]:
    return [{**to_row(one), "number": number} for number, one in enumerate(exchanges, first)]


def poured(tmp_path: Path, *tables: list[dict[str, object]], ids: Sequence[tuple[object, int]] = ()) -> History:
    """A new history with what could be read of them; `ids` is what the index of ids says."""
    path = loose(tmp_path / "damaged.db", *tables)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE ids (id, number, PRIMARY KEY (id, number)) WITHOUT ROWID")
        connection.executemany("INSERT INTO ids VALUES (?, ?)", ids)
        connection.commit()
    history = History.open(tmp_path / "new.db")
    salvage.copy_readable(path, history)
    return history


def whole_history(history: History) -> dict[int, str | None]:
    """The prompts by number, after a look at what stands beside the rows: hops of each, the index and the sums."""
    hops = history.read(
        "SELECT exchange, group_concat(model || ifnull(cost_usd, 'None')) FROM hop GROUP BY 1 ORDER BY 1"
    )
    exchanges = sorted(history.rows(), key=lambda one: one.number or 0)
    assert [tuple(row) for row in hops] == [
        (one.number, ",".join(f"{hop.model}{hop.cost_usd}" for hop in one.routing.hops)) for one in exchanges
    ]
    assert history.read("PRAGMA foreign_key_check") == []
    history.close()
    assert repair.check(history.path) == repair.Diagnosis()
    return {one.number or 0: one.question.prompt for one in exchanges}


SUMS = repair.Diagnosis(("the sums that stats reads",), mendable=True)
ONE, OTHER, THIRD = (answered(f"number {n}", cost_usd=float(n), cost_floor_usd=float(n)) for n in (1, 2, 3))


def test_one_id_twice(tmp_path: Path) -> None:
    """The second would be another exchange under the same id; its hops belong to no row."""
    twice = rows_of(ONE, rerouted(prompt="again")._replace(id=ONE.id), THIRD)
    assert whole_history(poured(tmp_path, twice)) == {1: "number 1", 3: "number 3"}


def test_one_number_twice(tmp_path: Path) -> None:
    """The second keeps what it says, under a number that nobody had."""
    history = poured(tmp_path, rows_of(ONE, OTHER), rows_of(rerouted(prompt="another")), ids=[("x" * 36, 7)])
    assert whole_history(history) == {1: "number 1", 2: "number 2", 8: "another"}


def test_the_index_of_ids_knows_whose_number_it_is(tmp_path: Path) -> None:
    """A damaged number comes first, and is one that a whole exchange on a later page has."""
    ids = [(ONE.id, 1), (OTHER.id, 2), (THIRD.id, 3)]
    history = poured(tmp_path, rows_of(THIRD), rows_of(ONE, OTHER), ids=ids)
    assert whole_history(history) == {1: "number 1", 2: "number 2", 3: "number 3"}


def test_text_that_became_bytes(tmp_path: Path) -> None:
    """One bit of a row's header tells one from the other."""
    rows = rows_of(ONE, OTHER)
    rows[0] |= {"prompt": b"number 1", "verdict": b"as_requested"}
    assert whole_history(poured(tmp_path, rows)) == {1: "number 1", 2: "number 2"}


@pytest.mark.parametrize("number", [2**63 - 1, -1, 2**60])
def test_a_number_that_cannot_be(tmp_path: Path, number: int) -> None:
    """The greatest there is would leave none for the next question."""
    history = poured(tmp_path, rows_of(ONE), rows_of(OTHER, first=number), ids=[(OTHER.id, 2)])
    assert history.begin(THIRD) == 3
    assert whole_history(history) == {1: "number 1", 2: "number 2", 3: "number 3"}


ODD: tuple[object, ...] = (
    *(None, 0, 1, -1, 2**63 - 1, -(2**63), 1e300, float("inf"), 0.5, b"", b"\xff\xfe", "", "x", "\ufffd", "9" * 40),
    *("null", "1", '"x"', "[]", "{}", "[null]", "[1]", "[[]]", "[{}]", "[NaN]", "[" * 20_000, '["\\ud800"]'),
)
ODD_PARTS: tuple[object, ...] = (None, [], {}, 10**30, 2**62, 1e300, 0.5, "x", "\ud800")
HOP: dict[str, object] = {
    "outcome": "served",
    "category": None,
    "error": None,
    "usage": {},
    "cost_usd": 0.5,
    "model": "m",
}
FILE: dict[str, object] = {"name": "n", "kind": "text", "type": "text/plain", "size": 1, "sha256": "5e"}


def odd_json() -> Iterator[tuple[str, str]]:
    """Columns of JSON, with a part of theirs that is odd, or missing."""
    for column, whole in (("hops", HOP), ("attachments", FILE)):
        for name in whole:
            yield column, json.dumps([{key: value for key, value in whole.items() if key != name}])
            yield from ((column, json.dumps([{**whole, name: value}])) for value in ODD_PARTS)
    for value in (*ODD_PARTS, 2**62):
        yield "hops", json.dumps([{**HOP, "usage": {"input_tokens": value}}])
        yield from (("exact", json.dumps({name: value})) for name in schema.NAMES)


def odd_rows(step: int = 1) -> Iterator[dict[str, object]]:
    """Every column of a row with every odd value, or each `step`th of these, and a sound row after each ten."""
    odd: list[tuple[str, object]] = [(name, value) for name in schema.NAMES[2:] for value in ODD]
    odd += odd_json()
    for number, (name, value) in enumerate(odd[::step], 1):
        yield {**to_row(answered("odd")), "number": 10 * number, name: value}
        if number % 10 == 0:
            yield {**to_row(answered("sound")), "number": 10 * number + 1}


A_FEW_OR_ALL = pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.slow)])


@A_FEW_OR_ALL
def test_one_bad_row_costs_itself_alone(tmp_path: Path, step: int) -> None:
    rows = list(odd_rows(step))
    sound = {row["number"] for row in rows if row["prompt"] == "sound"}
    history = poured(tmp_path, rows)
    assert len(sound) > 200 / step
    assert sound <= {row[0] for row in history.read("SELECT number FROM exchange")}
    assert history.read("PRAGMA foreign_key_check") == []
    stats(history, "day")
    stats(history, "model", Filters(simulated=False))
    list(json_lines(history, ExportScope(), with_text=True))
    history.close()
    assert repair.check(history.path) in (SUMS, repair.Diagnosis())
    repair.mend(history.path)
    assert repair.check(history.path) == repair.Diagnosis()


@A_FEW_OR_ALL
def test_one_bad_row_ends_no_command(home: Path, step: int) -> None:
    """The file is whole to SQLite, and what its rows hold is not."""
    history = History.open(home / "data" / "history.db")
    sound = set()
    for row in odd_rows(step):
        with suppress(sqlite3.Error, OverflowError):  # what the rules of the tables keep out
            history.connection.execute(salvage.INSERT, row)
            sound |= {row["number"]} if row["prompt"] == "sound" else set()
    history.close()
    for command in ("list --limit 0 --jsonl", "search sound --limit 0 --jsonl", "export"):
        assert sound <= {row["number"] for row in asked(home, command).events}
    for command in ("list --limit 0", "export --format csv", "stats --model *", "push --dry-run"):
        asked(home, command)
    asked(home, "redact --until 2030-01-01 --yes")


def asked(home: Path, command: str) -> Ran:
    ran = run(home, "history", *command.split())
    assert (ran.status, "unexpected" in ran.err.decode()) == (0, False), ran.err.decode()[-300:]
    return ran
