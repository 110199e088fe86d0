"""The life of a row, and finding it again."""

import threading
from pathlib import Path

import pytest

from avow.errors import Failure, HistoryError, UsageError
from avow.exchange.exchange import Status, as_json
from avow.history.filters import Filters
from avow.history.store import History
from avow.routing.verdict import Routing, Segment
from avow.wire.blocks import Attachment
from tests.changing import changed
from tests.history.making import FABLE, NOON, OLD, answered, asked, kept, rerouted

DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_a_row_is_there_before_the_answer_and_grows(path: Path) -> None:
    pending = asked("Why?")
    with History.open(path) as history:
        pending = pending._replace(number=history.begin(pending))
        with History.open(path, read_only=True) as reader:
            assert reader.get("1") == pending
            partial = pending._replace(routing=Routing(segments=(Segment(FABLE, "Beca"),)))
            history.save(partial)
            assert reader.get("1") == partial
            assert partial.status is Status.PENDING
            done = answered("Why?", "Because.", id=pending.id, conversation_id=pending.conversation_id, number=1)
            history.finish(done)
            assert reader.get("1") == done


def test_what_is_finished_without_a_beginning_is_written_whole(path: Path) -> None:
    exchange = rerouted()
    with History.open(path) as history:
        history.finish(exchange)
        assert history.get("1") == exchange._replace(number=1)


def test_a_row_deleted_while_it_runs_stays_deleted(path: Path) -> None:
    (pending,) = kept(path, asked())
    with History.open(path) as history:
        history.write(history.connection.execute, "DELETE FROM exchange")
        history.finish(answered(id=pending.id, number=1))
        assert history.count() == 0


def test_numbers_are_never_used_twice(path: Path) -> None:
    kept(path, asked())
    with History.open(path) as history:
        history.write(history.connection.execute, "DELETE FROM exchange")
        assert history.begin(asked()) == 2


def test_adding_many_leaves_known_ones_alone(path: Path) -> None:
    first, second = answered("one", source="claude-code"), answered("two", source="claude-code")
    with History.open(path) as history:
        assert history.add([first]) == 1
        assert history.add([changed(first, prompt="changed"), second]) == 1
        assert [exchange.question.prompt for exchange in history.rows(oldest_first=True)] == ["one", "two"]


def test_latest_leaves_out_the_simulator_and_other_clients(path: Path) -> None:
    kept(path, answered("own"), answered("simulated", simulated=True), answered("foreign", source="llm"))
    with History.open(path, read_only=True) as history:
        latest, with_simulated = history.latest(), history.latest(simulated=True)
    assert latest is not None
    assert latest.question.prompt == "own"
    assert with_simulated is not None
    assert with_simulated.question.prompt == "simulated"


def test_a_session_and_a_conversation_are_found_by_last_use(path: Path) -> None:
    one = [answered(f"a{n}", conversation_id="A", session="here", at=NOON + n) for n in range(2)]
    two = [answered("b", conversation_id="B", session="there", at=NOON + 9)]
    three = [answered("s", conversation_id="S", session="here", simulated=True)]
    kept(path, one[0], *two, one[1], *three)
    with History.open(path, read_only=True) as history:
        in_session, of_it = history.last_in_session("here"), history.last_of_conversation("A")
        assert in_session is not None
        assert of_it is not None
        assert (in_session.question.prompt, of_it.question.prompt) == ("a1", "a1")
        assert [turn.question.prompt for turn in history.conversation("A")] == ["a0", "a1"]
        assert history.last_in_session("nowhere") is None


def test_retries_are_linked(path: Path) -> None:
    first, *_ = kept(path, rerouted())
    kept(path, answered("again", retry_of=first.id), answered("once more", retry_of=first.id), answered("other"))
    with History.open(path, read_only=True) as history:
        assert [retry.question.prompt for retry in history.retries_of(first.id)] == ["again", "once more"]
        assert history.with_id(first.id) == first


FILE = Attachment("notes.txt", "text", "text/plain", 5, "5e1f", b"hello")


def test_attachments_are_kept_once(path: Path) -> None:
    kept(path, asked(attachments=(FILE, FILE)), asked(attachments=(FILE,)))
    with History.open(path, read_only=True) as history:
        assert history.get("1").question.attachments == (FILE, FILE)
        assert history.get("1").question.attachments[0].data is None
        assert history.attachment_bytes("5e1f") == b"hello"
        assert history.attachment_bytes("no such") is None
        assert history.read("SELECT count(*) FROM attachment")[0][0] == 1


def test_without_attachments_only_what_describes_them_is_kept(path: Path) -> None:
    with History.open(path, keep_attachments=False) as history:
        history.begin(asked(attachments=(FILE,)))
        assert history.get("1").question.attachments == (FILE,)
        assert history.attachment_bytes("5e1f") is None
    assert b"hello" not in path.read_bytes()


def test_bytes_are_kept_once_they_are_wanted(path: Path) -> None:
    with History.open(path, keep_attachments=False) as history:
        history.begin(asked(attachments=(FILE,)))
    kept(path, asked(attachments=(FILE,)))
    with History.open(path, read_only=True) as history:
        assert history.attachment_bytes("5e1f") == b"hello"


def shelf(path: Path) -> None:
    kept(
        path,
        answered("first", at=NOON),
        rerouted(at=NOON + DAY),
        answered("cut", status=Status.TRUNCATED, at=NOON + 2 * DAY, template="tidy"),
        answered("sim", simulated=True, at=NOON + 3 * DAY),
        asked("old import", source="llm", at=NOON - DAY, requested_model="claude-opus-5"),
        asked("never answered", status=Status.FAILED, error=Failure("timeout", None, "silence"), at=NOON + 4 * DAY),
    )


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (Filters(), [6, 4, 3, 2, 1, 5]),
        (Filters(rerouted=True), [2]),
        (Filters(verdicts=("fallback", "refused")), [2]),
        (Filters(statuses=("truncated", "failed")), [6, 3]),
        (Filters(model=OLD), [2]),
        (Filters(model="claude-opus-5"), [5]),
        (Filters(model="claude-opus-*"), [2, 5]),
        (Filters(model="claude-opus-?"), []),
        (Filters(model="[c]laude*"), []),
        (Filters(category="cyber"), [2]),
        (Filters(template="tidy"), [3]),
        (Filters(since_ms=round((NOON + DAY) * 1000)), [6, 4, 3, 2]),
        (Filters(until_ms=round((NOON + DAY) * 1000)), [1, 5]),
        (Filters(simulated=True), [4]),
        (Filters(simulated=False), [6, 3, 2, 1, 5]),
        (Filters(numbers=(1, 3)), [3, 1]),
        (Filters(rerouted=True, category="bio"), []),
    ],
    ids=repr,
)
def test_filters(path: Path, filters: Filters, numbers: list[int]) -> None:
    shelf(path)
    with History.open(path, read_only=True) as history:
        assert [exchange.number for exchange in history.rows(filters)] == numbers
        assert history.count(filters) == len(numbers)


def test_paging_goes_through_everything_once(path: Path) -> None:
    shelf(path)
    with History.open(path, read_only=True) as history:
        whole = [exchange.number for exchange in history.rows()]
        paged: list[int | None] = []
        while page := [e.number for e in history.rows(limit=2, before=paged[-1] if paged else None)]:
            paged += page
        assert paged == whole
        assert [exchange.number for exchange in history.rows(oldest_first=True)] == whole[::-1]


def test_two_threads_may_write(path: Path) -> None:
    with History.open(path) as history:

        def save(n: int) -> None:
            pending = asked(f"thread {n}")
            pending = pending._replace(number=history.begin(pending))
            for _ in range(20):
                history.save(pending)

        threads = [threading.Thread(target=save, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert history.count() == 4


def test_a_closed_history_is_an_error_of_ours(path: Path) -> None:
    history = History.open(path)
    history.close()
    history.close()
    with pytest.raises(HistoryError):
        history.begin(asked())
    with pytest.raises(HistoryError):
        history.get("1")


def test_an_unknown_reference_is_a_usage_error(path: Path) -> None:
    with History.open(path) as history, pytest.raises(UsageError, match="no exchange `7`"):
        history.get("7")


def test_the_object_of_a_kept_exchange_is_that_of_the_finished_one(path: Path) -> None:
    (exchange,) = kept(path, rerouted())
    with History.open(path, read_only=True) as history:
        assert as_json(history.get("1")) == as_json(exchange)
