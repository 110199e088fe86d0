"""The list of models of an endpoint: asked, kept for a day, and put before the built-in data."""

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from avow.endpoint.credential import Credential
from avow.endpoint.listed_models import (
    ListedModels,
    allowed_fallbacks,
    fetch,
    fetch_one,
    find,
    keep,
    merged,
    place,
    read,
)
from avow.endpoint.transport import Patience, Transport
from avow.errors import Rejected
from avow.models import catalogue
from avow.simulator.server import Simulator
from avow.wire.request import Endpoint
from tests.raw_server import RawServer, http
from tests.running import run

NOON = 1_795_435_200.0
URL = "https://gateway.example"
SAID = {"id": "claude-opus-5", "max_input_tokens": 5, "max_tokens": 7, "allowed_fallback_models": ["a", "b"]}


def sending(base_url: str) -> tuple[Endpoint, Any]:
    transport = Transport(Credential("sk-ant-api-x"))
    return Endpoint(base_url), lambda request: transport.send(request, Patience(20, 20))


def test_the_list_of_the_api_with_its_fallbacks() -> None:
    with Simulator() as simulator:
        endpoint, send = sending(simulator.base_url)
        known = fetch(endpoint, send, NOON)
        (request,) = simulator.requests
        assert request.path == "/v1/models?limit=1000"
        assert request.header("anthropic-beta") == "server-side-fallback-2026-07-01"
        assert fetch_one(endpoint, "claude-opus-4-5", send) == known.about("claude-opus-4-5-20251101")
        assert fetch_one(endpoint, "no-such-model", send) is None
    assert known.has_list
    said = known.about("claude-fable-5-2")
    assert said is not None
    assert said["allowed_fallback_models"] == ["claude-opus-4-8", "claude-opus-5"]
    assert known.about("claude-opus-4-5") == known.about("claude-opus-4-5-20251101") is not None


@pytest.mark.parametrize(("scenario", "has_list", "ids"), [("litellm", True, 10), ("foundry", False, 0)])
def test_what_gateways_list(scenario: str, has_list: bool, ids: int) -> None:
    with Simulator(scenario) as simulator:
        known = fetch(*sending(simulator.base_url), NOON)
    assert known.has_list is has_list
    assert len(known.models or ()) >= ids
    if has_list:
        said = known.about("claude-opus-5")
        assert said == {"id": "claude-opus-5"}
        assert merged(catalogue.find("claude-opus-5"), {"id": "claude-opus-5"}) == catalogue.find("claude-opus-5")


def test_pages_are_followed_to_the_end() -> None:
    pages = [
        {"data": [{"id": "a"}, {"id": "b"}], "has_more": True, "last_id": "b&x"},
        {"data": [{"id": "c"}, {"no": "id"}, 7], "has_more": True, "last_id": "c"},
        {"data": [{"id": "c"}], "has_more": True, "last_id": "d"},
    ]
    with RawServer(*(http(json.dumps(page).encode()) for page in pages)) as server:
        known = fetch(*sending(server.url), NOON)
        asked = [request.line.split(" ")[1] for request in server.requests]
    assert [one["id"] for one in known.models or ()] == ["a", "b", "c"]
    assert asked[1] == "/v1/models?limit=1000&after_id=b%26x"


def test_an_endpoint_that_does_not_know_the_beta_is_asked_without_it() -> None:
    refused = {"type": "error", "error": {"type": "invalid_request_error", "message": "Unexpected value(s) `x` for the"
               " `anthropic-beta` header."}}  # fmt: skip
    listed = {"object": "list", "data": [{"id": "m", "object": "model"}]}
    with RawServer(
        [http(json.dumps(refused).encode(), "400 Bad Request")], [http(json.dumps(listed).encode())]
    ) as server:
        known = fetch(*sending(server.url), NOON)
        requests = list(server.requests)
    assert known.models == ({"id": "m"},)
    assert ["anthropic-beta" in request.headers for request in requests] == [True, False]


def test_a_rejected_key_is_an_error() -> None:
    with Simulator("unauthorised") as simulator, pytest.raises(Rejected):
        fetch(*sending(simulator.base_url), NOON)


def test_it_is_kept_for_a_day_for_its_endpoint_alone(tmp_path: Path) -> None:
    keep(tmp_path, ListedModels(URL, NOON, (SAID,)))
    assert read(tmp_path, URL, NOON + 5).about("claude-opus-5") == SAID
    assert read(tmp_path, URL, NOON + 86_401).fetched_at is None
    assert read(tmp_path, URL, NOON - 5).fetched_at is None
    assert read(tmp_path, URL + "/other", NOON).fetched_at is None
    assert stat.S_IMODE(place(tmp_path, URL).stat().st_mode) == 0o600
    place(tmp_path, "https:--gateway.example").write_bytes(place(tmp_path, URL).read_bytes())
    assert read(tmp_path, "https:--gateway.example", NOON).fetched_at is None


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"version": 9}', b'{"version": 1, "base_url": "https://gateway.example"}',
     b'{"version": 1, "base_url": "https://gateway.example", "fetched_at": "x", "models": [], "singles": {}}',
     b'{"version": 1, "base_url": "https://gateway.example", "fetched_at": 1795435200, "models": [1],'
     b' "has_list": true, "singles": {}}'],
    ids=["empty", "torn", "list", "newer", "lacking", "no time", "no model"],
)  # fmt: skip
def test_a_damaged_file_counts_as_empty(damage: bytes, tmp_path: Path) -> None:
    keep(tmp_path, ListedModels(URL, NOON, (SAID,)))
    place(tmp_path, URL).write_bytes(damage)
    assert read(tmp_path, URL, NOON) == ListedModels(URL)
    assert find(tmp_path, URL, "claude-opus-5", NOON) == catalogue.find("claude-opus-5")


def test_what_the_endpoint_says_outranks_the_built_in_data(tmp_path: Path) -> None:
    keep(tmp_path, ListedModels(URL, NOON, (SAID,)))
    found = find(tmp_path, URL, "claude-opus-5", NOON)
    built_in = catalogue.find("claude-opus-5")
    assert found is not None
    assert built_in is not None
    assert (found.context, found.max_output, found.allowed_fallbacks) == (5, 7, ("a", "b"))
    assert (found.rates, found.may_decline) == (built_in.rates, built_in.may_decline)
    dated = merged(built_in, {"id": "m", "created_at": "2026-01-02T00:00:00Z", "retires_at": "2027-03-04T00:00:00Z"})
    assert (dated.released, dated.retires) == ("2026-01-02", "2027-03-04")
    odd = merged(built_in, {"id": "claude-opus-5", "max_tokens": True, "max_input_tokens": -1, "line": 3,
                            "allowed_fallback_models": [1]})  # fmt: skip
    assert odd == built_in


def test_reading_it_costs_little(tmp_path: Path) -> None:
    with Simulator() as simulator:
        keep(tmp_path, fetch(*sending(simulator.base_url), time.time()))
        times = []
        for _ in range(20):
            begun = time.perf_counter()
            find(tmp_path, simulator.base_url, "claude-fable-5-2", time.time())
            times.append(time.perf_counter() - begun)
    assert min(times) < 0.002


def test_allowed_fallbacks_are_asked_for_once_a_day(tmp_path: Path) -> None:
    with Simulator() as simulator:
        endpoint, send = sending(simulator.base_url)
        for _ in range(2):
            found = allowed_fallbacks(tmp_path, endpoint, "claude-fable-5-2", send, NOON)
            assert found == ("claude-opus-4-8", "claude-opus-5")
        assert len(simulator.requests) == 1
        allowed_fallbacks(tmp_path, endpoint, "claude-fable-5-2", send, NOON + 90_000)
        assert len(simulator.requests) == 2


@pytest.mark.parametrize(("scenario", "asked"), [("foundry", 1), ("litellm", 1), ("overloaded", 2)])
def test_where_it_cannot_be_asked_the_built_in_data_counts(scenario: str, asked: int, tmp_path: Path) -> None:
    """An endpoint that does not know the model is believed for a day, one in trouble is not."""
    with Simulator(scenario) as simulator:
        endpoint, send = sending(simulator.base_url)
        for _ in range(2):
            assert allowed_fallbacks(tmp_path, endpoint, "claude-opus-5", send, NOON) == ("claude-opus-4-8",)
        assert len(simulator.requests) == asked


def test_avow_itself_falls_back_to_what_the_endpoint_allows(home: Path) -> None:
    with Simulator("credit") as simulator:
        ran = run(home, "--fallback-by", "client", "--json", "hello", base_url=simulator.base_url)
        run(home, "--fallback-by", "client", "hello again", base_url=simulator.base_url)
        asked = [request.path for request in simulator.requests]
    assert (ran.status, ran.json["verdict"], ran.json["served_model"]) == (10, "fallback", "claude-opus-4-8")
    assert asked.count("/v1/models/claude-fable-5-2") == 1


def test_the_default_max_tokens_keeps_to_what_the_endpoint_said(home: Path) -> None:
    with Simulator() as simulator:
        keep(
            home / "cache",
            ListedModels(simulator.base_url, time.time(), ({"id": "claude-fable-5-2", "max_tokens": 1234},)),
        )
        run(home, "hello", base_url=simulator.base_url)
        (request,) = simulator.requests
    assert request.json["max_tokens"] == 1234
