"""Batches that are under way are followed: what passes is waited out, what does not ends it."""

import time
from pathlib import Path

import pytest

from avow.errors import ExchangeError
from avow.history.batches import KnownBatch
from avow.run.batch_api import BatchApi
from avow.run.batch_results import BatchResults
from avow.run.collect import Collector
from avow.simulator.server import Simulator
from avow.wire.batch import HEAD, TAIL, BatchMark, item
from avow.wire.request import LargeBody
from tests.run.stand_in import MODEL
from tests.run.test_submit import opened


def made(api: BatchApi) -> str:
    body = {"model": MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    data = HEAD + item("a", body) + TAIL
    return api.create(LargeBody(len(data), lambda: iter([data])), ()).id


def collector(api: BatchApi, batch_id: str, notes: list[str], patience: float = 60.0) -> Collector:
    known = KnownBatch(1, api.base_url, batch_id, 1, BatchMark(None, None))
    return Collector(api, [known], frozenset(), patience, notes.append, lambda _known, _results: None)


def waited(following: Collector) -> BatchResults:
    end = time.monotonic() + 20
    while not following.has(1):
        assert time.monotonic() < end
        time.sleep(0.01)
    return following.results(1)


def test_a_failure_that_may_pass_is_waited_out(home: Path) -> None:
    notes: list[str] = []
    with Simulator() as sim, opened(sim, home) as (api, _history):
        batch_id = made(api)
        sim.play("server_error")
        following = collector(api, batch_id, notes)
        following.start()
        while len(sim.requests) < 2:
            time.sleep(0.01)
        sim.play("requested")
        assert waited(following).has("a")
        following.close()
    assert notes == ["the batch cannot be checked now (Internal server error); it will be checked again"]


@pytest.mark.parametrize(("scenario", "patience"), [("unauthorised", 60.0), ("server_error", 0.0)])
def test_one_that_does_not_pass_ends_it(home: Path, scenario: str, patience: float) -> None:
    with Simulator() as sim, opened(sim, home) as (api, _history):
        batch_id = made(api)
        sim.play(scenario)
        following = collector(api, batch_id, [], patience)
        following.start()
        with pytest.raises(ExchangeError):
            waited(following)
        following.close()


def test_what_is_gone_has_no_results(home: Path) -> None:
    with Simulator() as sim, opened(sim, home) as (api, _history):
        following = collector(api, "msgbatch_none", [])
        following.start()
        assert len(waited(following)) == 0
        following.close()
