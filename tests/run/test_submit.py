"""What is sent as batches: split at the limits, and made once."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from avow.asking.inquiry import Inquiry, prepare
from avow.endpoint.credential import simulated
from avow.endpoint.patience import Patience
from avow.endpoint.remembered import EndpointFacts
from avow.endpoint.transport import Api, Transport
from avow.errors import ExchangeError, Failure, Rejected, StreamEnded
from avow.exchange.exchange import RunItem
from avow.exit_codes import ExitCode
from avow.history import batches
from avow.history.store import History
from avow.run.batch_api import BatchApi
from avow.run.submit import PreparedItem, Submitter
from avow.settings.levels import Config, resolve
from avow.simulator.server import Simulator
from avow.wire.batch import BatchMark, BatchState
from avow.wire.request import Endpoint, LargeBody


@contextmanager
def opened(sim: Simulator, home: Path, kind: type[BatchApi] = BatchApi) -> Iterator[tuple[BatchApi, History]]:
    transport = Transport(simulated())
    api = Api(Endpoint(sim.base_url), transport, Patience(5, 5))
    with History.open(home / "h.db") as history:
        yield kind(api), history
    transport.close()


def part(api: BatchApi, number: int) -> PreparedItem:
    settings = resolve(flags={}, template={}, conversation={}, environ={}, config=Config(), profile=None)
    inquiry = Inquiry(settings, f"p{number}", item=RunItem(1, str(number), number, 0, f"k{number}"))
    prepared = prepare(inquiry, Endpoint(api.base_url), EndpointFacts(api.base_url))
    return PreparedItem(prepared, None)


def made(sim: Simulator) -> list[Any]:
    return [r.json["requests"] for r in sim.requests if r.method == "POST"]


def waits(seen: list[float]) -> Callable[[float], None]:
    return seen.append


def silent(_words: str) -> None:
    """Where nothing is to be said, or does not matter."""


NONE = BatchMark(None, None)


class SlowApi(BatchApi):
    """What it is sent ends in an error, and is made after so many looks all the same."""

    after: int = 1_000_000
    looks: int = 0
    pieces: LargeBody | None = None
    sent: int = 0

    def create(self, pieces: LargeBody, betas: Iterable[str]) -> BatchState:
        self.pieces, self.looks, self.sent = pieces, 0, self.sent + 1
        raise StreamEnded(Failure("stream_ended", None, "it broke off"), ExitCode.UNREACHABLE)

    def newer_than(self, mark: BatchMark) -> list[BatchState]:
        self.looks += 1
        if self.looks == self.after and self.pieces is not None:
            super().create(self.pieces, ())
        return super().newer_than(mark)


def test_it_is_split_where_there_is_no_room(home: Path) -> None:
    with Simulator() as sim, opened(sim, home) as (api, history):
        submitter = Submitter(api, history, 1, 0, silent, has_room=lambda items, _size, _another: items < 2)
        for number in range(5):
            submitter.add(part(api, number))
        submitter.send()
        known = batches.open_batches(history, 1)
        assert [len(one) for one in made(sim)] == [2, 2, 1]
        assert [one.id for one in known] == list(submitter.made.values())
        assert [list(batches.ids_in(history, one.number)) for one in known] == [
            [item["custom_id"] for item in one] for one in made(sim)
        ]


def test_what_the_api_refuses_was_never_made(home: Path) -> None:
    with Simulator("forbidden") as sim, opened(sim, home) as (api, history):
        submitter = Submitter(api, history, 1, 2, silent, waits([]))
        submitter.add(part(api, 0))
        with pytest.raises(ExchangeError):
            submitter.send()
        assert made(sim) == []


class RefusingApi(BatchApi):
    """Refuses each batch with a status."""

    status: int = 429
    sent: int = 0

    def create(self, pieces: LargeBody, betas: Iterable[str]) -> BatchState:
        self.sent += 1
        raise Rejected(Failure("rate_limit_error", self.status, "slow down"), ExitCode.UNAVAILABLE)


@pytest.mark.parametrize(("status", "sent"), [(429, 3), (529, 3), (400, 1)])
def test_what_may_pass_is_tried_again_as_often_as_asked(status: int, sent: int, home: Path) -> None:
    with Simulator() as sim, opened(sim, home, RefusingApi) as (api, history):
        assert isinstance(api, RefusingApi)
        seen: list[float] = []
        api.status = status
        submitter = Submitter(api, history, 1, 2, silent, waits(seen))
        submitter.add(part(api, 0))
        with pytest.raises(Rejected):
            submitter.send()
        assert (api.sent, len(seen)) == (sent, sent - 1)
        assert list(batches.open_batches(history, 1)) == []


def test_a_batch_that_was_never_sent_is_not_looked_for(home: Path) -> None:
    with Simulator() as sim, opened(sim, home) as (api, history):
        assert Submitter(api, history, 1, 0, silent).find(batches.KnownBatch(1, "", None, None, NONE)) is None
        assert sim.requests == []


@pytest.mark.parametrize(
    ("age", "pauses"),
    [
        (None, [0, 1, 3, 6, 10, 15, 25]),
        (-3600, [0, 1, 3, 6, 10, 15, 25]),  # the clock was set back
        (30, [0, 1, 3, 6, 10, 15]),
        (3600, [0, 1, 3]),
    ],
)
def test_one_that_is_nowhere_is_looked_for_until_a_minute_after_it_was_sent(
    age: float | None, pauses: list[float], home: Path
) -> None:
    seen: list[float] = []
    said: list[str] = []
    with Simulator() as sim, opened(sim, home) as (api, history):
        sent_at = None if age is None else time.time() - age
        known = batches.KnownBatch(1, "", None, 3, NONE, sent_at=sent_at)
        assert Submitter(api, history, 1, 0, said.append, waits(seen)).find(known) is None
    assert (seen, len(sim.requests), len(said)) == (pauses, len(pauses), int(len(pauses) > 3))


def test_one_that_appears_late_is_made_once(home: Path) -> None:
    with Simulator() as sim, opened(sim, home, SlowApi) as (api, history):
        assert isinstance(api, SlowApi)
        api.after = 6
        submitter = Submitter(api, history, 1, 5, silent, waits([]))
        submitter.add(part(api, 0))
        submitter.send()
        assert (api.sent, len(made(sim)), len(submitter.made)) == (1, 1, 1)


def test_one_that_does_not_appear_is_not_made_again_unasked(home: Path) -> None:
    seen: list[float] = []
    with Simulator() as sim, opened(sim, home, SlowApi) as (api, history):
        assert isinstance(api, SlowApi)
        submitter = Submitter(api, history, 1, 5, silent, waits(seen))
        submitter.add(part(api, 0))
        with pytest.raises(ExchangeError) as caught:
            submitter.send()
        assert "whether a batch was created is not known" in caught.value.message
        assert "--resume" in (caught.value.hint or "")
        assert (api.sent, sum(seen)) == (1, 60)
        (known,) = batches.open_batches(history, 1)  # and so it is looked for
        assert (known.id, known.items) == (None, 1)


class BusyApi(BatchApi):
    """Too busy for the first request."""

    is_busy: bool = True

    def create(self, pieces: LargeBody, betas: Iterable[str]) -> BatchState:
        if self.is_busy:
            self.is_busy = False
            raise Rejected(Failure("overloaded_error", 529, "Overloaded"), ExitCode.UNAVAILABLE)
        return super().create(pieces, betas)


def test_what_the_api_was_too_busy_for_is_sent_again_at_once(home: Path) -> None:
    seen: list[float] = []
    with Simulator() as sim, opened(sim, home, BusyApi) as (api, history):
        submitter = Submitter(api, history, 1, 2, silent, waits(seen))
        submitter.add(part(api, 0))
        submitter.send()
        assert (seen, len(submitter.made)) == ([1.0], 1)
