"""Odd ends of an answer are shown as what they are (rule 16 of `avow.routing`), through the whole program."""

import json
from pathlib import Path

import pytest

from tests.raw_server import RawServer, http, stream
from tests.running import run
from tests.streams import ASKED, OTHER, Json, end, message, sse, start, text, words

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


def test_a_part_of_an_answer_is_no_whole_one(home: Path) -> None:
    """HTTP 206 (rule 15)."""
    body = json.dumps(message(text("half an answer"))).encode()
    with RawServer(http(body, "206 Partial Content")) as gateway:
        ran = run(home, "-m", ASKED, "--json", "--no-stream", "hello", base_url=gateway.url)
    shown = json.loads(ran.out)
    assert (ran.status, shown["status"], shown["verdict"]) == (7, "incomplete", "unverified"), ran.err
    assert "half an answer" in shown["text"]
    assert shown["error"]["message"] == "the answer is only a part (HTTP 206)"


@pytest.mark.parametrize("says_length", [True, False])
def test_a_body_that_breaks_off_is_incomplete_for_ask_and_judge_alike(says_length: bool, home: Path) -> None:
    body = json.dumps(message(text("half an answer"))).encode()
    reply = http(body) if says_length else stream(body, kind="application/json")
    with RawServer(reply[: reply.index(b" an answer")]) as gateway:
        asked = run(home, "-m", ASKED, "--json", "--no-stream", "--retries", "1", "hello", base_url=gateway.url)
        assert len(gateway.requests) == 1
    judged = run(home, "judge", "-m", ASKED, "--json", stdin=body[: body.index(b" an answer")])
    for ran in (asked, judged):
        shown = json.loads(ran.out)
        ended = (ran.status, shown["status"], shown["verdict"], shown["error"]["type"], shown["served_model"])
        assert ended == (7, "incomplete", "unverified", "stream_ended", None), ran.err


def test_a_message_begun_again_by_another_model_claims_nothing(home: Path) -> None:
    """Neither who served it nor what it cost; each piece of text is its own model's (rule 13)."""
    spliced = sse(start(), *words(0, "mine "), start(OTHER), *words(0, "and another's"), *end())
    with RawServer(stream(spliced)) as gateway:
        ran = run(home, "-m", ASKED, "--json", "hello", base_url=gateway.url)
    shown = json.loads(ran.out)
    assert (ran.status, shown["verdict"], shown["served_model"], shown["cost_usd"]) == (13, "unverified", None, None)
    assert [(segment["model"], segment["text"]) for segment in shown["segments"]] == [
        (ASKED, "mine "),
        (OTHER, "and another's"),
    ]
    assert all(hop["cost_usd"] is None for hop in shown["hops"])
