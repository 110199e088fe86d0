"""Every recording, served whole and in pieces: avow reads from it what the official SDK reads."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CANARY
from tests.in_part import crossed
from tests.raw_server import RawServer
from tests.running import run

pytestmark = pytest.mark.sdk

FILES = sorted(Path(__file__).parent.glob("*.http"))
MODEL = "claude-fable-5-2"
COUNTS = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
PIECE = 61


def response(path: Path) -> bytes:
    """The bytes to serve; the connection's end ends the body."""
    head, _, body = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = [*head.split(b"\n"), b"connection: close", b"", b""]
    return b"\r\n".join(lines) + body


def by_sdk(url: str, *, streamed: bool) -> Any:
    from tests import sdk

    client = sdk.client(url, api_key=CANARY)
    asked: Any = {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
    if not streamed:
        return client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        return stream.get_final_message()


def test_there_are_some() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize(("path", "torn"), crossed({path.stem: path for path in FILES}, {"whole": False, "torn": True}))
def test_read_as_the_sdk_does(path: Path, torn: bool, home: Path) -> None:
    data = response(path)
    streamed = b"text/event-stream" in data.partition(b"\r\n\r\n")[0].lower()
    steps = [data[at : at + PIECE] for at in range(0, len(data), PIECE)] if torn else [data]
    with RawServer(list(steps)) as server:
        options = () if streamed else ("--no-stream",)
        own = run(home, *options, "-m", MODEL, "--json", "--retries", "0", "hello", base_url=server.url).json
        read = by_sdk(server.url, streamed=streamed)
    assert own["status"] in ("complete", "truncated"), own["error"]
    assert own["text"] == "".join(block.text for block in read.content if block.type == "text")
    assert own["stop_reason"] == read.stop_reason
    assert read.model in [item["value"] for item in own["evidence"] if item["field"] == "model"]
    assert [own["usage"].get(name) for name in COUNTS] == [getattr(read.usage, name) for name in COUNTS]
