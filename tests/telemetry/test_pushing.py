"""Rows reach a receiver in batches, each once by id, or wait; one at fault is found alone."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from avow.telemetry.pushing import (
    BATCH_ROWS,
    BATCH_SPANS,
    FOLLOW_S,
    OutgoingRow,
    Push,
    PushOutcome,
    batches,
    next_pause,
)
from avow.telemetry.receipt import UNHEARD, PushResponse, Receipt
from avow.wire.json_value import JsonObject

TAKEN, LATER = PushResponse(Receipt.TAKEN, 200), PushResponse(Receipt.LATER, 503)


def rows(count: int, spans: int = 1) -> list[OutgoingRow]:
    return [OutgoingRow(number, ({"n": number},) * spans) for number in range(1, count + 1)]


class Receiver:
    """Says what `answer` says to the numbers in a request."""

    def __init__(self, answer: Callable[[list[int]], PushResponse]) -> None:
        self.asked: list[list[int]] = []
        self.slept: list[float] = []
        self.marked: list[tuple[list[int], bool]] = []
        self.answer = answer
        self.push = Push(self.send, lambda numbers, good: self.marked.append((list(numbers), good)), self.slept.append)

    def send(self, spans: Sequence[JsonObject]) -> PushResponse:
        self.asked.append([span["n"] for span in spans])
        return self.answer(self.asked[-1])

    @property
    def acknowledged(self) -> list[int]:
        return sorted(number for numbers, good in self.marked for number in numbers if good)


def test_batches_are_bounded() -> None:
    assert [len(batch) for batch in batches(rows(BATCH_ROWS * 2 + 1))] == [BATCH_ROWS, BATCH_ROWS, 1]
    assert [len(batch) for batch in batches(rows(20, BATCH_SPANS // 10))] == [10, 10]
    assert [len(batch) for batch in batches(rows(2, BATCH_SPANS * 2))] == [1, 1]
    assert list(batches([])) == []


def test_nothing_is_read_ahead() -> None:
    read: list[int] = []

    def source() -> Iterator[OutgoingRow]:
        for row in rows(1000):
            read.append(row.number)
            yield row

    receiver = Receiver(lambda _numbers: LATER)
    assert receiver.push.push(source()) is PushOutcome.UNREACHED
    assert len(read) == BATCH_ROWS + 1
    assert receiver.marked == []


def test_it_tries_again_and_then_lets_them_wait() -> None:
    said = [LATER, UNHEARD, TAKEN]
    receiver = Receiver(lambda _numbers: said.pop(0))
    assert receiver.push.push(rows(2)) is PushOutcome.SENT
    assert receiver.asked == [[1, 2]] * 3
    assert receiver.slept == [0.2, 1.0]
    receiver = Receiver(lambda _numbers: LATER)
    assert receiver.push.push(rows(2)) is PushOutcome.UNREACHED
    assert len(receiver.asked) == 4
    assert receiver.slept == [0.2, 1.0, 3.0]


def test_it_waits_as_asked_but_no_more_than_a_minute() -> None:
    said = [LATER._replace(wait_s=7), TAKEN]
    receiver = Receiver(lambda _numbers: said.pop(0))
    assert receiver.push.push(rows(1)) is PushOutcome.SENT
    assert receiver.slept == [7]
    receiver = Receiver(lambda _numbers: LATER._replace(wait_s=61))
    assert receiver.push.push(rows(1)) is PushOutcome.UNREACHED
    assert (receiver.slept, len(receiver.asked)) == ([], 1)


@pytest.mark.parametrize("at_fault", [{1}, {5}, {200}, {3, 77, 78}, set(range(1, 201))], ids=str)
def test_the_row_at_fault_is_found(at_fault: set[int]) -> None:
    receiver = Receiver(lambda numbers: PushResponse(Receipt.REFUSED, 400) if at_fault & set(numbers) else TAKEN)
    assert receiver.push.push(rows(200)) is PushOutcome.SENT
    assert receiver.push.refused == sorted(at_fault)
    assert receiver.acknowledged == sorted(set(range(1, 201)) - at_fault)
    assert receiver.push.sent == 200 - len(at_fault)
    assert receiver.asked.count([]) == (1 if 1 in at_fault else 0)  # asked once, and only before anything was taken


@pytest.mark.parametrize("at_fault", [{1}, {1, 2}, {2}, {7, 8}], ids=str)
def test_one_that_refuses_an_empty_request(at_fault: set[int]) -> None:
    """A row at fault does not hold up those after it."""
    receiver = Receiver(
        lambda numbers: PushResponse(Receipt.REFUSED, 400) if not numbers or at_fault & set(numbers) else TAKEN
    )
    assert receiver.push.push(rows(8)) is PushOutcome.SENT
    assert receiver.push.refused == sorted(at_fault)
    assert receiver.acknowledged == sorted(set(range(1, 9)) - at_fault)
    assert receiver.asked.count([]) <= 1


def test_a_single_row_that_is_refused_waits_where_nothing_else_tells_why() -> None:
    receiver = Receiver(lambda _numbers: PushResponse(Receipt.REFUSED, 400))
    assert receiver.push.push(rows(1)) is PushOutcome.CLOSED
    assert (receiver.asked, receiver.marked) == ([[1], []], [])


def test_one_that_goes_down_while_a_row_is_in_doubt_marks_nothing() -> None:
    said = [PushResponse(Receipt.REFUSED, 400)] * 4
    receiver = Receiver(lambda _numbers: said.pop(0) if said else LATER)
    assert receiver.push.push(rows(4)) is PushOutcome.UNREACHED
    assert receiver.marked == []


def test_a_receiver_that_takes_nothing_marks_no_row() -> None:
    """One that wants another form says 400 to all: no row is at fault, and all wait."""
    receiver = Receiver(lambda _numbers: PushResponse(Receipt.REFUSED, 400))
    assert receiver.push.push(rows(4)) is PushOutcome.CLOSED
    assert receiver.asked == [[1, 2, 3, 4], [1, 2], [1], [], [2], [3, 4], [3]]
    assert receiver.marked == []
    receiver = Receiver(lambda _numbers: PushResponse(Receipt.CLOSED, 401))
    assert receiver.push.push(rows(4)) is PushOutcome.CLOSED
    assert (receiver.asked, receiver.marked) == ([[1, 2, 3, 4]], [])
    assert receiver.push.last == PushResponse(Receipt.CLOSED, 401)


def test_how_long_follow_pauses() -> None:
    """As long as it is asked to, up to an hour; else longer and longer, up to a minute."""
    assert next_pause(PushOutcome.SENT, LATER, 60) == FOLLOW_S
    pauses = [FOLLOW_S]
    for _ in range(8):
        pauses.append(next_pause(PushOutcome.UNREACHED, LATER, pauses[-1]))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    asked = [next_pause(PushOutcome.UNREACHED, LATER._replace(wait_s=wait), 2) for wait in (0, 7, 600, 86_400)]
    assert asked == [1, 7, 600, 3600]
    assert next_pause(PushOutcome.UNREACHED, None, 2) == 4


def test_a_partial_success_counts_as_sent() -> None:
    receiver = Receiver(lambda _numbers: TAKEN._replace(rejected=2))
    assert receiver.push.push(rows(3)) is PushOutcome.SENT
    assert (receiver.push.sent, receiver.push.left_out, receiver.acknowledged) == (3, 2, [1, 2, 3])


def test_no_more_is_left_out_than_was_sent() -> None:
    receiver = Receiver(lambda _numbers: TAKEN._replace(rejected=10**18))
    assert receiver.push.push(rows(3)) is PushOutcome.SENT
    assert receiver.push.left_out == 3
