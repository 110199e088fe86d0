"""The list of models of an endpoint: asked page by page, or one by one."""

import json
from pathlib import Path
from typing import Any

import pytest

from avow.endpoint.credential import Credential
from avow.endpoint.listed_models import allowed_fallbacks, fetch, fetch_one
from avow.endpoint.patience import Patience
from avow.endpoint.remembered import EndpointFacts, keep_refused, merged, read
from avow.endpoint.transport import Transport
from avow.errors import NotAnAnswer, Rejected
from avow.models import catalogue
from avow.simulator.server import Simulator
from avow.wire.request import Endpoint
from tests.raw_server import RawServer, http
from tests.running import run

NOON = 1_795_435_200.0


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


@pytest.mark.parametrize(
    "answer", [http(b"<p>Sign in</p>"), http(b"[]"), http(b"{}", "302 Found")], ids=["a page", "no object", "moved"]
)
def test_what_is_not_a_list_is_an_error_and_not_remembered(answer: bytes, tmp_path: Path) -> None:
    with RawServer(answer) as server:
        endpoint, send = sending(server.url)
        with pytest.raises(NotAnAnswer):
            fetch(endpoint, send, NOON)
        assert allowed_fallbacks(tmp_path, endpoint, "claude-opus-5", send, NOON) == ("claude-opus-4-8",)
        assert read(tmp_path, server.url, NOON).singles == {}


def test_what_a_model_takes_is_what_is_said_to_be_supported() -> None:
    effort = {"supported": True, "low": {"supported": True}, "max": {"supported": False}, "odd": {"supported": "yes"}}
    types = {"adaptive": {"supported": True}, "enabled": {"supported": False}}
    said = {"id": "m", "capabilities": {"effort": effort, "thinking": {"supported": True, "types": types}}}
    with RawServer(http(json.dumps({"data": [said]}).encode())) as server:
        known = fetch(*sending(server.url), NOON)
    assert known.models == ({"id": "m", "efforts": ["low"], "thinking": ["adaptive"]},)


def test_what_else_is_known_stays() -> None:
    with Simulator() as simulator:
        known = EndpointFacts(simulator.base_url, singles={"m": (NOON, None)}, refused={"m": {"fallbacks": NOON}})
        facts = fetch(*sending(simulator.base_url), NOON, known)
    assert (facts.singles, facts.refused) == (known.singles, known.refused)
    assert facts.models


def test_a_rejected_key_is_an_error() -> None:
    with Simulator("unauthorised") as simulator, pytest.raises(Rejected):
        fetch(*sending(simulator.base_url), NOON)


def test_allowed_fallbacks_are_asked_for_once_a_day(tmp_path: Path) -> None:
    with Simulator() as simulator:
        endpoint, send = sending(simulator.base_url)
        for _ in range(2):
            found = allowed_fallbacks(tmp_path, endpoint, "claude-fable-5-2", send, NOON)
            assert found == ("claude-opus-4-8", "claude-opus-5")
        assert len(simulator.requests) == 1
        allowed_fallbacks(tmp_path, endpoint, "claude-fable-5-2", send, NOON + 90_000)
        assert len(simulator.requests) == 2


def test_what_was_learnt_before_is_still_known_after_it(tmp_path: Path) -> None:
    with Simulator() as simulator:
        endpoint, send = sending(simulator.base_url)
        keep_refused(tmp_path, simulator.base_url, "m", ("fallbacks",), NOON)
        allowed_fallbacks(tmp_path, endpoint, "claude-fable-5-2", send, NOON + 1)
        assert read(tmp_path, simulator.base_url, NOON + 2).refused == {"m": {"fallbacks": NOON}}


def test_nothing_is_kept_without_a_folder() -> None:
    with Simulator() as simulator:
        endpoint, send = sending(simulator.base_url)
        for _ in range(2):
            assert allowed_fallbacks(None, endpoint, "claude-fable-5-2", send, NOON)
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
