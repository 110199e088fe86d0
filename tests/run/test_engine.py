"""The engine without a network: what goes wrong ends the run, and is raised."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.asking.inquiry import Inquiry
from avow.errors import FileError, ReaderGone
from avow.exchange.exchange import Exchange, RunItem
from avow.exit_codes import SIGPIPE
from avow.run.budget import Budget
from avow.run.engine import Engine, EngineCallbacks
from avow.run.suite import RunQuestion
from tests.history.making import answered


class Shut:
    """Stands for the transport: nothing is sent."""

    def shut(self, number: int) -> None:
        del number


def question(position: int) -> RunQuestion:
    item = RunItem(None, str(position), position, 0, str(position))
    return RunQuestion(position, position + 1, Inquiry(None, "hi", item=item))  # type: ignore[arg-type]


class Ran:
    """An engine of one worker and four questions: which were asked and told of, and what it raised."""

    def __init__(self, **calls: Callable[..., Any]) -> None:
        self.asked: list[int] = []
        self.told: list[int] = []
        self.raised: BaseException | None = None
        usual: dict[str, Any] = {
            "answer": lambda _question: answered(),
            "earlier": lambda _question: None,
            "is_over": lambda _exchange: True,
            "reserve": lambda _question: 0.0,
            "charge": lambda _exchange: 0.0,
            "may_begin": lambda _question: True,
            "on_end": lambda _question, _exchange: None,
            "on_kept": lambda _exchange: None,
            "on_tick": lambda: None,
            "must_stop": lambda _exchange: False,
        }
        usual |= calls
        answer, on_end = usual["answer"], usual["on_end"]

        def note_asked(one: RunQuestion) -> Any:
            self.asked.append(one.position)
            return answer(one)

        def note_told(one: RunQuestion, exchange: Exchange) -> None:
            on_end(one, exchange)
            self.told.append(one.position)

        every = EngineCallbacks(**{**usual, "answer": note_asked, "on_end": note_told})
        transport: Any = Shut()
        self.engine = Engine(map(question, range(4)), every, transport, Budget(None), 1)
        try:
            self.engine.go()
        except Exception as error:
            self.raised = error


def failing(error: Exception, position: int = 1) -> Callable[..., Any]:
    """Raises `error` at that question; else an answer."""

    def work(one: RunQuestion, *_more: object) -> Exchange:
        if one.position == position:
            raise error
        return answered()

    return work


def test_all_are_asked_and_told_of() -> None:
    ran = Ran()
    assert (ran.asked, ran.told, ran.raised, ran.engine.signal) == ([0, 1, 2, 3], [0, 1, 2, 3], None, None)


def test_an_error_of_avow_s_own_in_a_worker_ends_the_run_and_is_raised() -> None:
    error = ZeroDivisionError()
    ran = Ran(answer=failing(error))
    assert ran.raised is error
    assert (ran.asked, ran.told) == ([0, 1], [0])


@pytest.mark.parametrize(
    ("error", "signal"), [(FileError("full"), None), (ReaderGone("gone"), SIGPIPE)], ids=["full", "gone"]
)
def test_an_answer_that_cannot_be_written_ends_the_run_and_is_raised(error: Exception, signal: int | None) -> None:
    ran = Ran(on_end=failing(error))
    assert ran.raised is error
    assert (ran.asked, ran.told, ran.engine.signal) == ([0, 1], [0], signal)


def test_an_answer_that_ends_the_run_is_told_of() -> None:
    ran = Ran(must_stop=lambda _exchange: True)
    assert (ran.asked, ran.told, ran.raised) == ([0], [0], None)
