"""The models list: pages, cursors, lifecycles, aliases."""

from collections.abc import Callable

import pytest

from avow.simulator.models import MODELS
from avow.simulator.server import Simulator
from tests.simulator.conftest import FALLBACK, Json, send

Start = Callable[..., Simulator]
HEADERS = {"x-api-key": "k", "anthropic-version": "2026-10-21"}


@pytest.fixture(scope="module")
def sim() -> object:
    with Simulator() as running:
        yield running


def get(sim: Simulator, path: str, betas: str = "") -> Json:
    headers = HEADERS | ({"anthropic-beta": betas} if betas else {})
    found: Json = send(sim, "GET", path, None, headers).json
    return found


@pytest.mark.parametrize("limit", [1, 5, 16, 1000])
def test_pages_forward_join_to_the_list(limit: int, sim: Simulator) -> None:
    ids: list[str] = []
    page: Json = {"has_more": True, "last_id": ""}
    while page["has_more"]:
        after = f"&after_id={page['last_id']}" if page["last_id"] else ""
        page = get(sim, f"/v1/models?limit={limit}{after}")
        assert len(page["data"]) <= limit
        assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
        ids += [model["id"] for model in page["data"]]
    assert ids == [model.id for model in MODELS if model.lifecycle != "retired"]


def test_pages_backward(sim: Simulator) -> None:
    ids = [model["id"] for model in get(sim, "/v1/models?limit=1000")["data"]]
    page = get(sim, f"/v1/models?limit=3&before_id={ids[5]}")
    assert [model["id"] for model in page["data"]] == ids[2:5]
    assert page["has_more"] is True
    assert get(sim, f"/v1/models?limit=3&before_id={ids[0]}")["data"] == []


def test_twenty_a_page_unless_told(sim: Simulator) -> None:
    assert len(get(sim, "/v1/models")["data"]) == 16


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "after_id=nope", "before_id=nope"])
def test_wrong_queries(query: str, sim: Simulator) -> None:
    assert get(sim, f"/v1/models?{query}")["error"]["type"] == "invalid_request_error"


def test_lifecycles(sim: Simulator) -> None:
    page = get(sim, "/v1/models?lifecycle[]=retired&lifecycle%5B%5D=deprecated")
    assert {model["lifecycle"] for model in page["data"]} == {"retired", "deprecated"}


def test_fallbacks_only_with_the_header(sim: Simulator) -> None:
    assert "allowed_fallback_models" not in get(sim, "/v1/models/claude-fable-5")
    assert get(sim, "/v1/models/claude-fable-5", FALLBACK)["allowed_fallback_models"]
    assert get(sim, "/v1/models/claude-haiku-5-5", FALLBACK)["allowed_fallback_models"] == []


def test_aliases_resolve(sim: Simulator) -> None:
    assert get(sim, "/v1/models/claude-sonnet-4-5")["id"] == "claude-sonnet-4-5-20250929"
    assert get(sim, "/v1/models/claude-sonnet-9")["error"]["type"] == "not_found_error"


def test_gateways_have_another_list_or_none(simulate: Start) -> None:
    assert get(simulate("litellm"), "/v1/models")["object"] == "list"
    answer = send(simulate("foundry"), "GET", "/v1/models", None, HEADERS)
    assert answer.status == 404


def test_an_outage_is_one_here_too(simulate: Start) -> None:
    assert get(simulate("unauthorised"), "/v1/models")["error"]["type"] == "authentication_error"
