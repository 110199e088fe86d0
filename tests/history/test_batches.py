"""The batches in the history: which items are in which."""

from pathlib import Path

from avow.exchange.exchange import Exchange, RunItem, Status
from avow.history import batches
from avow.history.store import History
from avow.wire.batch import BatchMark


def exchange(number: int, batch: int | None) -> Exchange:
    item = RunItem(1, str(number), number, 0, f"k{number}")
    return Exchange(f"id{number}", "c", "2026-11-28T10:00:00.000Z", "m", batch=batch, item=item)


def test_what_lies_in_batches_is_known_until_it_has_ended(tmp_path: Path) -> None:
    with History.open(tmp_path / "h.db") as history:
        number = batches.begin(history, 1, "http://h", 0.0)
        history.add([exchange(0, number), exchange(1, number), exchange(2, None)])
        (known,) = batches.open_batches(history, 1)
        assert (known.id, known.items, known.base_url) == (None, None, "http://h")
        assert batches.count_in_batches(history, 1) == 0  # nothing was sent
        batches.intend(history, number, 2, BatchMark("b", "t"), 1000.5)
        batches.name(history, number, "msgbatch_1")
        (known,) = batches.open_batches(history, 1)
        assert (known.id, known.items, known.before, known.sent_at) == ("msgbatch_1", 2, BatchMark("b", "t"), 1000.5)
        assert list(batches.ids_in(history, number)) == ["id0", "id1"]
        assert (batches.count_in_batches(history, 1), batches.open_batches(history, 2)) == (2, ())
        found = batches.exchange_in_batch(history, RunItem(1, "0", 0, 0, "k0"))
        assert found is not None
        assert (found.batch, batches.exchange_in_batch(history, RunItem(1, "2", 2, 0, "k2"))) == (number, None)
        history.finish(found._replace(status=Status.COMPLETE))
        assert list(batches.ids_in(history, number)) == ["id1"]
        assert batches.ids(history) == frozenset({"msgbatch_1"})


def test_one_that_is_anothers_and_one_that_was_never_made(tmp_path: Path) -> None:
    with History.open(tmp_path / "h.db") as history:
        number = batches.begin(history, 1, "http://h", 0.0)
        history.add([exchange(0, number)])
        for one in ("x", "y"):
            batches.name(history, number, one)
            batches.disown(history, number, one)
        (known,) = batches.open_batches(history, 1)
        assert (known.id, known.others) == (None, frozenset({"x", "y"}))
        batches.drop(history, number)
        assert batches.open_batches(history, 1) == ()
        assert history.read("SELECT batch FROM exchange")[0][0] is None
        assert history.read("SELECT * FROM batch") == []
