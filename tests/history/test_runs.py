"""The runs in the history: numbers, what was answered, and the last exchange of each item."""

from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.exchange.exchange import Exchange, RunItem, Status
from avow.history import runs
from avow.history.filters import Filters
from avow.history.store import History
from tests.history.making import answered


def item(run: int, name: str, index: int = 0) -> RunItem:
    return RunItem(run, name, index, 0, f"key of {name}")


def asked(history: History, one: RunItem, status: Status, cost: float | None = 0.5) -> Exchange:
    exchange = answered(one.id, "text")._replace(item=one, status=Status.PENDING)
    exchange = exchange._replace(number=history.begin(exchange), status=status)
    exchange = exchange._replace(reply=exchange.reply._replace(cost_usd=cost, cost_floor_usd=cost or 0.0))
    history.finish(exchange)
    return exchange


def test_the_last_run_of_a_file_is_found(tmp_path: Path) -> None:
    with History.open(tmp_path / "h.db") as history:
        assert runs.last_of(history, "/a") is None
        assert [runs.begin(history, name, "d", 0.0) for name in ("/a", "/b", "/a")] == [1, 2, 3]
        assert runs.last_of(history, "/a") == runs.KnownRun(3, "d")
        assert runs.numbered(history, 2) == runs.KnownRun(2, "d")
        with pytest.raises(UsageError, match="there is no run 4") as caught:
            runs.numbered(history, 4)
        assert caught.value.hint == "`--resume` alone continues the last run"
        runs.forget_places(history, 2, "new")
        assert [runs.numbered(history, number).digest for number in (1, 2, 3)] == ["d", "new", "d"]


def test_a_number_that_only_exchanges_have_is_not_given_again(tmp_path: Path) -> None:
    with History.open(tmp_path / "h.db") as history:
        asked(history, item(7, "a"), Status.COMPLETE)
        assert runs.begin(history, "/a", "d", 0.0) == 8
        assert runs.numbered(history, 7) == runs.KnownRun(7, None)


def test_the_answered_exchange_of_an_item_counts_and_only_the_last_is_listed(tmp_path: Path) -> None:
    with History.open(tmp_path / "h.db") as history:
        first = asked(history, item(1, "a"), Status.FAILED)
        second = asked(history, item(1, "a"), Status.COMPLETE)
        asked(history, item(1, "b", 1), Status.FAILED)
        asked(history, item(2, "a"), Status.COMPLETE)
        found = runs.last_asked(history, item(1, "a"))
        assert found is not None
        assert found.id == second.id != first.id
        assert found.item == item(1, "a")
        assert runs.last_asked(history, item(1, "c")) is None
        assert [row.number for row in history.rows(Filters(run=1), oldest_first=True)] == [2, 3]


def test_items_that_left_the_file_are_listed_no_more(tmp_path: Path) -> None:
    with History.open(tmp_path / "h.db") as history:
        asked(history, item(1, "a"), Status.COMPLETE)
        kept = asked(history, item(1, "b", 1), Status.COMPLETE)
        runs.forget_places(history, 1, "new")
        assert list(history.rows(Filters(run=1))) == []
        runs.place(history, kept.number or 0, item(1, "b", 5))
        assert [row.item for row in history.rows(Filters(run=1))] == [item(1, "b", 5)]
