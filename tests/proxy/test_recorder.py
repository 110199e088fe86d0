"""Exchanges kept from a thread of their own, now or later."""

from pathlib import Path

from avow.errors import HistoryError
from avow.history.store import History
from avow.proxy.recorder import HistoryRecorder, NullRecorder
from tests.history.making import answered, asked


def test_a_row_is_begun_and_finished(tmp_path: Path) -> None:
    recorder = HistoryRecorder(lambda: History.open(tmp_path / "history.db"))
    begun = recorder.begin(asked())
    assert begun.number == 1
    recorder.finish(answered()._replace(id=begun.id, number=1))
    assert recorder.close() is None
    with History.open(tmp_path / "history.db") as history:
        assert [str(row.status) for row in history.rows()] == ["complete"]


def test_what_cannot_be_written_now_is_written_later(tmp_path: Path) -> None:
    tries = []

    def opened() -> History:
        tries.append(1)
        if len(tries) == 1:
            raise HistoryError("the history is locked")
        return History.open(tmp_path / "history.db")

    recorder = HistoryRecorder(opened)
    assert recorder.begin(asked()).number is None
    recorder.finish(answered())
    assert recorder.close() is None
    with History.open(tmp_path / "history.db") as history:
        assert history.count() == 1


def test_what_cannot_be_written_at_all_is_told() -> None:
    def opened() -> History:
        raise HistoryError("the disk is full")

    recorder = HistoryRecorder(opened)
    for _ in range(3):
        recorder.finish(answered())
    assert recorder.close() == "history not written: the disk is full (3 answers)"
    one = HistoryRecorder(opened)
    one.finish(answered())
    assert one.close() == "history not written: the disk is full (1 answer)"


def test_no_shelf_keeps_nothing() -> None:
    exchange = asked()
    recorder = NullRecorder()
    assert recorder.begin(exchange) is exchange
    recorder.finish(exchange)
    assert recorder.close() is None
