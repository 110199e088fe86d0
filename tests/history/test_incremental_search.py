"""What is found while words are typed."""

from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from avow.history.filters import EVERYTHING, Filters
from avow.history.incremental_search import IncrementalSearch, Matches, as_listed
from avow.history.store import History
from tests.history.making import NOON, answered, kept, rerouted


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some thousand exchanges, which are only read."""
    path = tmp_path_factory.mktemp("found") / "history.db"
    old = [answered(f"old {n}", "an axolotl" if n == 3 else "nothing", at=NOON + n) for n in range(2_100)]
    with History.open(path) as history:
        history.add([*old, rerouted(prompt="Break in?", at=NOON + 5_000), answered("Ask", "AXOLOTLS", at=NOON + 6_000)])
    return path


@pytest.fixture
def found(path: Path) -> Iterator["Asked"]:
    asked = Asked(path)
    yield asked
    asked.search.close()


class Asked:
    """Words in, what was found for them out."""

    def __init__(self, path: Path, filters: Filters = EVERYTHING) -> None:
        self._given: Queue[Matches] = Queue()
        self.search = IncrementalSearch(lambda: History.open(path, read_only=True), filters, self._given.put)
        self.search.start()

    def numbers(self, words: str) -> list[int | None]:
        self.search.look_for(words)
        while True:
            found = self._given.get(timeout=20)
            if found.words == words and found.is_whole:
                return [one.number for one in found.exchanges]


def test_the_newest_come_first_and_words_narrow_them(found: Asked) -> None:
    assert found.numbers("")[:3] == [2102, 2101, 2100]
    assert len(found.numbers("")) == 500
    assert found.numbers("axolo") == [2102, 4], "in any answer, by a word's beginning"
    assert found.numbers("fallb") == [2101], "what the list shows: a verdict"
    assert found.numbers("opus-4 cyber break") == [2101]
    assert found.numbers("eak") == [2101], "a part of a word of what the list shows"
    assert found.numbers("nowhere") == []
    assert found.numbers("?") == [2101], "what is no word"


def test_filters_hold(tmp_path: Path) -> None:
    kept(tmp_path / "history.db", answered("one"), rerouted(prompt="one too"))
    asked = Asked(tmp_path / "history.db", Filters(rerouted=True))
    assert asked.numbers("one") == [2]
    asked.search.close()


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"not a database" * 500)
    asked = Asked(tmp_path / "history.db")
    assert asked.numbers("x") == []
    assert asked.search.trouble is not None


def test_a_search_that_is_interrupted_leaves_the_next_words_their_answer(found: Asked) -> None:
    for _ in range(30):
        for end in range(1, 8):
            found.search.look_for("axolotl"[:end])
    assert found.numbers("axolo") == [2102, 4]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_in_the_thread_leaves_nothing_that_is_closed(tmp_path: Path) -> None:
    kept(tmp_path / "history.db", answered("one"))
    told: Queue[Matches] = Queue()

    def tell(found: Matches) -> None:
        told.put(found)
        if found.words == "" and found.exchanges:
            raise SystemExit  # a thread ends by it without a word

    search = IncrementalSearch(lambda: History.open(tmp_path / "history.db", read_only=True), EVERYTHING, tell)
    search.start()
    told.get(timeout=20)
    search._thread.join(20)
    search.look_for("one")
    search.close()


def test_what_a_list_shows() -> None:
    line = as_listed(rerouted(prompt="Break In?", number=7))
    assert "7 " in line
    assert "fallback complete claude-fable-5-2 claude-opus-4-8 cyber break in?" in line
