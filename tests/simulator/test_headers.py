"""Headers that the API refuses, and those it takes."""

import json
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.simulator.conftest import body, send


@pytest.fixture(scope="module")
def sim() -> Any:
    with Simulator() as running:
        yield running


HEADERS: dict[str, tuple[dict[str, str], int, str]] = {
    "no key": ({"anthropic-version": "2026-10-21"}, 401, "x-api-key header is required"),
    "empty bearer": ({"anthropic-version": "2026-10-21", "authorization": "Bearer "}, 401, "Invalid bearer token"),
    "two different keys": (
        {"anthropic-version": "2026-10-21", "authorization": "Bearer a", "x-api-key": "b"}, 401,
        "different credentials"),
    "no version": ({"x-api-key": "k"}, 400, "anthropic-version: header is required"),
    "unknown version": ({"x-api-key": "k", "anthropic-version": "2027-01-01"}, 400, "is not a valid version"),
    "charset": (
        {"x-api-key": "k", "anthropic-version": "2026-10-21", "content-type": "application/json; charset=utf-16"}, 400,
        "unsupported charset"),
}  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("case", HEADERS)
def test_headers(case: str, path: str, sim: Simulator) -> None:
    headers, status, words = HEADERS[case]
    answer = send(sim, "POST", path, json.dumps(body()).encode(), headers)
    assert answer.status == status
    assert words in answer.message


def test_the_models_list_wants_a_key_too(sim: Simulator) -> None:
    assert send(sim, "GET", "/v1/models", None, {"anthropic-version": "2026-10-21"}).status == 401


def test_a_bearer_key_will_do(sim: Simulator) -> None:
    headers = {"authorization": "Bearer sk-ant-test", "anthropic-version": "2026-10-21"}
    assert send(sim, "POST", "/v1/messages", json.dumps(body()).encode(), headers).status == 200
