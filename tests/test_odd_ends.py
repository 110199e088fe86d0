"""Odd ends of an answer are shown as what they are (routing.md, rule 16), through the whole program."""

import json
from pathlib import Path

import pytest

from tests.raw_server import RawServer, http
from tests.running import run
from tests.streams import ASKED, Json, message, text

TOOL: Json = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (message(text("x"), stop_reason="mood"), 0, "for a reason that avow does not know: mood"),
        (message(text("x"), stop_reason="length"), 8, "truncated"),
        (message(text("x"), stop_reason="content_filter"), 11, "refused"),
        (message(TOOL), 0, "tool"),
        (message(), 0, "the answer is empty"),
    ],
    ids=["unknown", "length", "content_filter", "a tool and end_turn", "empty"],
)
def test_an_odd_end_is_said(body: Json, status: int, words: str, home: Path) -> None:
    with RawServer(http(json.dumps(body).encode())) as gateway:
        ran = run(home, "-m", ASKED, "--no-stream", "--no-history", "hello", base_url=gateway.url)
    assert ran.status == status, ran.err
    said = ran.err.decode()
    assert words in said
    assert ("the answer is empty" in said) is (not body["content"])
