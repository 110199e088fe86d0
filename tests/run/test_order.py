"""What comes back in any order goes out in the file's."""

import random

import pytest

from avow.run.order import AHEAD, OrderedOutput


@pytest.mark.parametrize("in_memory", [0, 20, 10_000], ids=["on-disk", "both", "in-memory"])
def test_any_order_comes_out_in_order(in_memory: int) -> None:
    order, chosen = OrderedOutput(in_memory), random.Random(1)
    positions = list(range(300))
    chosen.shuffle(positions)
    out = [line for position in positions for line in order.put(position, f"{position} ü \udc80")]
    assert out == [f"{position} ü \udc80" for position in range(300)]
    assert list(order.close()) == []


def test_what_still_waits_comes_at_the_end() -> None:
    order = OrderedOutput()
    assert list(order.put(3, "d")) == []
    assert list(order.put(1, "b")) == []
    assert list(order.close()) == ["b", "d"]


def test_none_begins_far_ahead_of_the_one_that_is_due() -> None:
    order = OrderedOutput()
    assert order.may_begin(AHEAD - 1)
    assert not order.may_begin(AHEAD)
    list(order.put(0, "a"))
    assert order.may_begin(AHEAD)
