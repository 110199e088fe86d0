"""What is sent as batches: split at the limits, and made once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from avow.asking.inquiry import Inquiry, prepare
from avow.context import Api, simulated_credential
from avow.endpoint.patience import Patience
from avow.endpoint.remembered import EndpointFacts
from avow.endpoint.transport import Transport
from avow.errors import ExchangeError
from avow.exchange.exchange import RunItem
from avow.history import batches
from avow.history.store import History
from avow.run.batch_api import BatchApi
from avow.run.submit import PreparedItem, Submitter
from avow.run.suite import RunQuestion
from avow.settings.levels import Config, resolve
from avow.simulator.server import Simulator
from avow.wire.batch import BatchMark
from avow.wire.request import Endpoint


@contextmanager
def opened(sim: Simulator, home: Path) -> Iterator[tuple[BatchApi, History]]:
    transport = Transport(simulated_credential())
    api = Api(Endpoint(sim.base_url), transport, Patience(5, 5))
    with History.open(home / "h.db") as history:
        yield BatchApi(api), history
    transport.close()


def part(api: BatchApi, number: int) -> PreparedItem:
    settings = resolve(flags={}, template={}, conversation={}, environ={}, config=Config(), profile=None)
    inquiry = Inquiry(settings, f"p{number}", item=RunItem(1, str(number), number, 0, f"k{number}"))
    prepared = prepare(inquiry, Endpoint(api.base_url), EndpointFacts(api.base_url))
    return PreparedItem(RunQuestion(number, number, inquiry), prepared, None)


def made(sim: Simulator) -> list[Any]:
    return [r.json["requests"] for r in sim.requests if r.method == "POST"]


def waits(seen: list[float]) -> Callable[[float], None]:
    return seen.append


def test_it_is_split_where_there_is_no_room(home: Path) -> None:
    with Simulator() as sim, opened(sim, home) as (api, history):
        submitter = Submitter(api, history, 1, 0, has_room=lambda items, _size, _another: items < 2)
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
        submitter = Submitter(api, history, 1, 2, waits([]))
        submitter.add(part(api, 0))
        with pytest.raises(ExchangeError):
            submitter.send()
        assert made(sim) == []


def test_a_batch_that_was_never_sent_is_not_looked_for(home: Path) -> None:
    with Simulator() as sim, opened(sim, home) as (api, history):
        assert Submitter(api, history, 1, 0).find(batches.KnownBatch(1, "", None, None, BatchMark(None, None))) is None
        assert sim.requests == []


def test_one_that_is_nowhere_is_looked_for_three_times(home: Path) -> None:
    seen: list[float] = []
    with Simulator() as sim, opened(sim, home) as (api, history):
        known = batches.KnownBatch(1, "", None, 3, BatchMark(None, None))
        assert Submitter(api, history, 1, 0, waits(seen)).find(known) is None
    assert seen == [0.0, 1.0, 3.0]
    assert len(sim.requests) == 3
