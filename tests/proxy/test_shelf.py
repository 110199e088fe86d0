"""Exchanges kept from a thread of their own, now or later."""

from pathlib import Path

from avow.errors import HistoryError
from avow.history.store import History
from avow.proxy.shelf import HistoryShelf, NoShelf
from tests.history.making import answered, asked


def test_a_row_is_begun_and_finished(tmp_path: Path) -> None:
    shelf = HistoryShelf(lambda: History.open(tmp_path / "history.db"))
    begun = shelf.begin(asked())
    assert begun.number == 1
    shelf.finish(answered()._replace(id=begun.id, number=1))
    assert shelf.close() is None
    with History.open(tmp_path / "history.db") as history:
        assert [str(row.status) for row in history.rows()] == ["complete"]


def test_what_cannot_be_written_now_is_written_later(tmp_path: Path) -> None:
    tries = []

    def opened() -> History:
        tries.append(1)
        if len(tries) == 1:
            raise HistoryError("the history is locked")
        return History.open(tmp_path / "history.db")

    shelf = HistoryShelf(opened)
    assert shelf.begin(asked()).number is None
    shelf.finish(answered())
    assert shelf.close() is None
    with History.open(tmp_path / "history.db") as history:
        assert history.count() == 1


def test_what_cannot_be_written_at_all_is_told() -> None:
    def opened() -> History:
        raise HistoryError("the disk is full")

    shelf = HistoryShelf(opened)
    for _ in range(3):
        shelf.finish(answered())
    assert shelf.close() == "history not written: the disk is full (3 answers)"
    one = HistoryShelf(opened)
    one.finish(answered())
    assert one.close() == "history not written: the disk is full (1 answer)"


def test_no_shelf_keeps_nothing() -> None:
    exchange = asked()
    shelf = NoShelf()
    assert shelf.begin(exchange) is exchange
    shelf.finish(exchange)
    assert shelf.close() is None
