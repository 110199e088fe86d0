"""Where the marks for the prompt cache stand, and a body as it was before."""

import copy

import pytest

from avow.wire.caching import LIFETIMES, MARK, has_marks, marked, unmarked
from avow.wire.json_value import JsonObject
from avow.wire.request import messages_body

FILE: JsonObject = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}}
IMAGE: JsonObject = {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}


def said(role: str, *content: JsonObject | str) -> JsonObject:
    blocks = [{"type": "text", "text": one} if isinstance(one, str) else one for one in content]
    return {"role": role, "content": blocks}


def body(*messages: JsonObject, **params: object) -> JsonObject:
    return messages_body("claude-opus-5", messages, {"max_tokens": 9, **params}, stream=True)


def places(found: JsonObject) -> list[str]:
    """Where marks stand: `system`, `0.1` (message, block)."""
    system = found.get("system")
    there = [f"system.{at}" for at, one in enumerate(system if isinstance(system, list) else []) if MARK in one]
    for number, message in enumerate(found["messages"]):
        there += [f"{number}.{at}" for at, one in enumerate(message["content"]) if MARK in one]
    return there


EARLIER = (said("user", FILE, "one"), said("assistant", "1", "2"))


@pytest.mark.parametrize(
    ("given", "goes_on", "wanted"),
    [
        (body(said("user", "a question")), False, ["0.0"]),
        (body(said("user", FILE, IMAGE, "a question")), False, ["0.1"]),
        (body(said("user", FILE, IMAGE, "a question")), True, ["0.2"]),
        (body(said("user", FILE)), True, ["0.0"]),
        (body(said("user", FILE, "?"), system="be brief"), False, ["system.0", "0.0"]),
        (body(said("user", FILE, "?"), system=[{"type": "text", "text": "a"}] * 2), False, ["system.1", "0.0"]),
        (body(*EARLIER, said("user", "two"), system="be brief"), True, ["system.0", "0.1", "2.0"]),
        (body(said("user", "zero"), *EARLIER, said("user", FILE, "two")), True, ["1.1", "3.1"]),
        (body(said("user", "unanswered"), said("user", "two")), True, ["0.0", "1.0"]),
    ],
)
def test_where_the_marks_stand(given: JsonObject, goes_on: bool, wanted: list[str]) -> None:
    before = copy.deepcopy(given)
    found = marked(given, "5m", goes_on=goes_on)
    assert given == before
    assert places(found) == wanted
    assert list(found) == list(given)
    assert unmarked(found) == given


@pytest.mark.parametrize("lifetime", LIFETIMES)
def test_each_mark_says_how_long(lifetime: str) -> None:
    found = marked(body(said("user", FILE, "?"), system="be brief"), lifetime, goes_on=False)
    wanted = {"5m": {"type": "ephemeral"}, "1h": {"type": "ephemeral", "ttl": "1h"}}[lifetime]
    assert found["system"] == [{"type": "text", "text": "be brief", MARK: wanted}]
    assert found["messages"][0]["content"][0] == {**FILE, MARK: wanted}


@pytest.mark.parametrize(
    ("fields", "there"),
    [
        ({}, False),
        ({"system": "cache_control"}, False),
        ({"tools": [{"name": "a"}], "system": [{"type": "text", "text": "a"}]}, False),
        ({MARK: {"type": "ephemeral"}}, True),
        ({"system": [{"type": "text", "text": "a", MARK: {"type": "ephemeral"}}]}, True),
        ({"tools": [{"name": "a", MARK: {"type": "ephemeral"}}]}, True),
        ({"messages": [{"role": "user", "content": "a"}, said("user", {**FILE, MARK: {}})]}, True),
        ({"tools": "none", "messages": None}, False),
    ],
)
def test_whether_there_are_marks(fields: JsonObject, there: bool) -> None:
    assert has_marks(fields) is there


def test_a_system_prompt_of_several_blocks_is_marked_at_its_end() -> None:
    blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    found = marked(body(said("user", "hi"), system=blocks), "5m", goes_on=False)
    assert [MARK in block for block in found["system"]] == [False, True]
    assert unmarked(found)["system"] == blocks
