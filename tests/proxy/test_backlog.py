"""Copies that wait to be read: in order, in short slices, in bounds."""

import asyncio
import time

from avow.proxy.backlog import MOST, Backlog, DeferredObserver
from avow.proxy.head import AccessRule, parse
from avow.proxy.observer import ConnectionEnd
from avow.proxy.quiet_time import AWAITED_S, PATIENCE_S, QuietTime
from tests.proxy.relaying import Silent

HEAD = parse(b"GET /s HTTP/1.1\r\nHost: h\r\n\r\n", AccessRule(b"s", {b"h"}))


class Told(Silent):
    """An observer that keeps what it is told, and takes its time."""

    def __init__(self, pause: float = 0.0, failing: bool = False) -> None:
        super().__init__()
        self.told: list[object] = []
        self.pause = pause
        self.failing = failing

    def request_body(self, piece: bytes) -> None:
        self.told.append(("body", piece))

    def request_over(self) -> None:
        self.told.append("over")

    def response(self, data: bytes) -> None:
        if self.failing:
            raise ZeroDivisionError
        time.sleep(self.pause)
        self.told.append(data)

    def ended(self, how: ConnectionEnd, words: str) -> None:
        self.told.append(how)


def test_all_is_told_later_and_in_order() -> None:
    async def go() -> None:
        inner, faults = Told(), list[Exception]()
        seen = DeferredObserver(inner, Backlog(), faults.append)
        seen.request(HEAD)
        seen.request_body(b"a")
        seen.request_over()
        seen.response(b"x" * 8990)
        for _ in range(10):
            seen.response(b"x")
        seen.ended(ConnectionEnd.CLOSED, "")
        assert inner.told == []
        while seen.busy:
            await asyncio.sleep(0.01)
        assert inner.told[:2] == [("body", b"a"), "over"]
        assert b"".join(it for it in inner.told if isinstance(it, bytes)) == b"x" * 9000
        assert inner.told[-1] is ConnectionEnd.CLOSED
        assert not seen.busy
        assert not faults

    asyncio.run(go())


def test_the_reading_lets_others_go_first() -> None:
    async def go() -> None:
        backlog, turns = Backlog(), 0
        inner = Told(pause=0.001)
        DeferredObserver(inner, backlog, lambda _error: None).response(b"x" * 4096 * 50)
        while len(inner.told) < 50:
            await asyncio.sleep(0)
            turns += 1
        assert turns >= 25

    asyncio.run(go())


def test_nothing_is_read_until_the_first_byte_has_passed() -> None:
    async def go() -> None:
        inner = Told()
        seen = DeferredObserver(inner, Backlog(QuietTime(awaited_s=60)), lambda _error: None)
        seen.request(HEAD)
        seen.request_over()
        await asyncio.sleep(0.01)
        assert inner.told == []
        seen.response(b"x")
        assert inner.told == []
        begun = time.monotonic()
        while not inner.told:
            await asyncio.sleep(0)
        assert time.monotonic() - begun < PATIENCE_S / 2
        assert inner.told == ["over", b"x"]

    asyncio.run(go())


def test_an_answer_that_does_not_come_soon_is_not_waited_for() -> None:
    async def go() -> None:
        inner = Told()
        seen = DeferredObserver(inner, Backlog(), lambda _error: None)
        seen.request(HEAD)
        seen.request_over()
        while not inner.told:
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(go(), 5))


def test_pieces_that_wait_are_read_as_one() -> None:
    async def go() -> None:
        inner, other, backlog = Told(), Told(), Backlog()
        one, two = (DeferredObserver(it, backlog, lambda _error: None) for it in (inner, other))
        for size in (1, 2, 3000, 3000):
            one.response(b"x" * size)
        two.response(b"y")
        one.response(b"z")
        one.ended(ConnectionEnd.CLOSED, "")
        backlog.finish()
        assert inner.told == [b"x" * 3003, b"x" * 3000, b"z", ConnectionEnd.CLOSED]
        assert other.told == [b"y"]
        assert not one.busy

    asyncio.run(go())


def test_what_is_read_late_came_when_it_came() -> None:
    async def go() -> None:
        backlog, moments = Backlog(), list[float]()
        backlog.quiet.asked()
        backlog.add(lambda _argument: moments.append(backlog.moment()), None)
        added = time.monotonic()
        await asyncio.sleep(AWAITED_S / 2)
        backlog.finish()
        assert moments[0] <= added < backlog.moment()

    asyncio.run(go())


def test_what_waits_is_bounded() -> None:
    async def go() -> None:
        inner = Told()
        backlog = Backlog()
        seen = DeferredObserver(inner, backlog, lambda _error: None)
        for _ in range(MOST // 65536 + 10):
            seen.response(b"x" * 65536)
        assert sum(map(len, inner.told)) >= 10 * 65536  # type: ignore[arg-type]
        backlog.finish()
        assert sum(len(it) for it in inner.told if isinstance(it, bytes)) == MOST + 10 * 65536

    asyncio.run(go())


def test_a_fault_is_told_once_and_stops_nobody_else() -> None:
    async def go() -> None:
        faults, backlog = list[Exception](), Backlog()
        bad, good = Told(failing=True), Told()
        one, other = DeferredObserver(bad, backlog, faults.append), DeferredObserver(good, backlog, faults.append)
        for seen in (one, other, one, other):
            seen.response(b"x")
        one.ended(ConnectionEnd.CLOSED, "")
        await asyncio.sleep(0.02)
        assert [type(fault) for fault in faults] == [ZeroDivisionError]
        assert (bad.told, good.told) == ([], [b"x", b"x"])
        assert not one.busy

    asyncio.run(go())
