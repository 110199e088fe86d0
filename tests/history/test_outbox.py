"""What waits to be sent: neither the simulator's nor what runs, and nothing of what was said."""

from pathlib import Path

from avow.errors import Failure
from avow.exchange.exchange import Status
from avow.history import outbox
from avow.history.outbox import PAGE, mark, waiting
from avow.history.store import History
from tests.history.making import NOON, answered, asked, kept, rerouted

SAID = "the quick brown fox"


def numbers(history: History, since_ms: int = 0) -> list[int]:
    return [number for number, _at, _exchange in waiting(history, since_ms=since_ms)]


def test_what_waits(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(
        path, answered(), asked("pending"), answered(simulated=True), rerouted(), answered(at=NOON + 9, source="proxy")
    )
    with History.open(path) as history:
        assert numbers(history) == numbers(history, int(NOON * 1000)) == [1, 4, 5]
        assert outbox.count_waiting(history) == 3
        assert numbers(history, int(NOON * 1000) + 1) == [5]
        mark(history, [1, 99], acknowledged=True)
        mark(history, [4], acknowledged=False)
        assert numbers(history) == [5]
        assert outbox.count_waiting(history) == 1
        marks = {row[0]: row[1] for row in history.read("SELECT * FROM pushed")}
        assert marks == {1: outbox.ACKNOWLEDGED, 4: outbox.REFUSED}


def test_a_row_of_a_wrong_clock_waits_too(tmp_path: Path) -> None:
    kept(tmp_path / "history.db", answered(at=-1000.0), answered())
    with History.open(tmp_path / "history.db") as history:
        assert [number for number, _at, _exchange in waiting(history)] == [1, 2]


def test_a_damaged_row_is_told_and_waits(tmp_path: Path) -> None:
    kept(tmp_path / "history.db", answered(), answered())
    told: list[int] = []
    with History.open(tmp_path / "history.db") as history:
        history.write(lambda: history.connection.execute("UPDATE exchange SET hops = 'x' WHERE number = 1"))
        assert [number for number, *_ in waiting(history, on_damage=told.append)] == [2]
        assert told == [1]
        assert outbox.count_waiting(history) == 2


def test_a_page_after_another(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, *(answered() for _ in range(PAGE + 2)))
    with History.open(path) as history:
        found = []
        for number, _at, _exchange in waiting(history):
            mark(history, [number], acknowledged=True)  # while it goes on
            found.append(number)
        assert found == list(range(1, PAGE + 3))
        assert numbers(history) == []


def test_nothing_that_was_said_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, answered(SAID, SAID, status=Status.FAILED, error=Failure("api_error", 500, SAID, SAID), system=SAID))
    with History.open(path) as history:
        ((_number, _at, exchange),) = waiting(history)
    assert SAID not in repr(exchange)
    assert exchange.error is not None
    assert exchange.error.type == "api_error"


def test_a_deleted_row_takes_its_mark_along(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept(path, answered())
    with History.open(path) as history:
        mark(history, [1], acknowledged=True)
        history.write(lambda: history.connection.execute("DELETE FROM exchange"))
        assert history.read("SELECT * FROM pushed") == []


def test_an_index_alone_says_what_waits(tmp_path: Path) -> None:
    """A push after each exchange may not read a million rows."""
    kept(tmp_path / "history.db", answered())
    with History.open(tmp_path / "history.db") as history:
        plan = history.read(f"EXPLAIN QUERY PLAN {outbox._WAITING}", (0, 0, PAGE))
    assert "COVERING INDEX exchange_time" in plan[0]["detail"]
