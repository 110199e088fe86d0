"""The log of the calls of a run."""

from avow.exchange.exchange import Exchange, Status
from avow.proxy.call_observer import CallAnswered
from tests import streams
from tests.proxy.calls import Told, answered, declined, overloaded


def test_a_row_is_begun_before_its_answer_and_finished_after_it() -> None:
    told = Told()
    number = told.call()
    verdict = told.call_log.verdict(number)
    told.call_log.hear(CallAnswered(number, answered()))
    assert verdict.result(5).status is Status.COMPLETE
    (exchange,) = told.exchanges()
    assert told.recorder.rows == {exchange.id: exchange}
    assert exchange.number == 1


def test_what_counts_by_itself() -> None:
    told = Told()
    told.ask(overloaded())
    told.ask(declined())
    told.ask(answered("claude-opus-5"), "claude-opus-5")
    told.ask(answered(), text="another")
    first, second, *_ = told.exchanges()
    assert [entry.number for entry in told.call_log.counted()] == [3, 4]
    assert second.retry_of == first.id
    assert len(told.call_log.tracker.superseded) == 1


def test_each_is_told_as_it_ends() -> None:
    heard: list[Exchange] = []
    told = Told(on_answer=heard.append)
    told.ask(answered())
    assert told.exchanges() == heard


def test_a_fault_is_told_and_the_books_go_on() -> None:
    told = Told()
    told.call_log.hear(CallAnswered(99, answered()))
    waiting = told.call_log.verdict(99)
    told.ask(answered())
    told.call_log.close()
    assert [type(fault) for fault in told.faults] == [KeyError]
    assert isinstance(waiting.exception(0) if waiting.done() else KeyError(), KeyError)
    assert [entry.exchange.requested_model for entry in told.call_log.entries] == [streams.ASKED]
