"""Ways to ask the simulator, and a reading of its streams that shares nothing with avow."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from avow.simulator.server import Simulator

Json = dict[str, Any]
FALLBACK = "server-side-fallback-2026-07-01"
CREDIT = "fallback-credit-2026-07-01"
MODEL = "claude-fable-5-2"


@dataclass
class Response:
    """What came back: status, headers by lower-case name, and the bytes of the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])

    @property
    def events(self) -> list[Json]:
        return events_of(self.body)


def events_of(body: bytes) -> list[Json]:
    """The events of a stream, read by hand: name and `data.type` must agree, data may have several lines."""
    text = body.decode("utf-8-sig").replace("\r\n", "\n")
    assert text.endswith("\n\n"), "a stream ends with an empty line"
    events = []
    for chunk in text[:-2].split("\n\n"):
        fields = [line.partition(":") for line in chunk.split("\n") if not line.startswith(":")]
        data = "\n".join(value.removeprefix(" ") for name, _, value in fields if name == "data")
        if not data:
            continue
        names = [value.strip() for name, _, value in fields if name == "event"]
        event = json.loads(data)
        assert names == [event["type"]]
        events.append(event)
    return events


def body(question: str = "rebase or merge?", **more: Any) -> Json:
    """A request body; `messages` may be given in `more`."""
    return {"model": MODEL, "max_tokens": 4000, "messages": [{"role": "user", "content": question}], **more}


def send(sim: Simulator, method: str, path: str, payload: bytes | None, headers: dict[str, str]) -> Response:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=20)
    try:
        connection.request(method, path, payload, headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, named, answer.read())
    finally:
        connection.close()


def ask(sim: Simulator, request: Json, *, betas: str = "", path: str = "/v1/messages", **headers: str) -> Response:
    """POST a body with the usual headers."""
    usual = {"x-api-key": "sk-ant-test", "anthropic-version": "2026-10-21", "content-type": "application/json"}
    if betas:
        usual["anthropic-beta"] = betas
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(sim, "POST", path, json.dumps(request).encode(), usual | named)


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulator]]:
    """Start simulators that end with the test."""
    running: list[Simulator] = []

    def start(*arguments: Any, **more: Any) -> Simulator:
        running.append(Simulator(*arguments, **more))
        return running[-1]

    yield start
    for sim in running:
        sim.close()
