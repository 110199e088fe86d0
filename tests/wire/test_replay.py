"""An answer sent back as a turn."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.wire.json_value import JsonObject
from avow.wire.replay import assistant_turn, has_handover
from tests.wire import sdk_types

TEXT = {"type": "text", "text": "Hello", "citations": None}
MORE = {"type": "text", "text": "world"}
EMPTY = {"type": "text", "text": ""}
BLANK = {"type": "text", "text": " \n"}
THINKING = {"type": "thinking", "thinking": "", "signature": "c2ln"}
UNSIGNED = {"type": "thinking", "thinking": "hm", "signature": ""}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}
TOOL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
FOUND_OTHER = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_9", "content": []}
MCP = {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "f", "server_name": "s", "input": {}}
MCP_RESULT = {"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1", "is_error": False, "content": []}
CONNECTOR = {"type": "connector_text", "text": "x"}
FUTURE = {"type": "hologram", "beam": [1, 2]}
HANDOVER = {
    "type": "fallback",
    "from": {"model": "claude-fable-5"},
    "to": {"model": "claude-opus-4-8"},
    "trigger": {"type": "refusal", "category": "cyber"},
}

CASES: dict[str, tuple[list[JsonObject], list[JsonObject] | None]] = {
    "as it came": ([THINKING, REDACTED, TEXT], [THINKING, REDACTED, TEXT]),
    "unknown blocks are kept": ([FUTURE, TEXT], [FUTURE, TEXT]),
    "nothing": ([], None),
    "no text": ([THINKING], None),
    "empty text": ([EMPTY, TEXT, EMPTY], [TEXT]),
    "blank text within stays": ([BLANK, TEXT], [BLANK, TEXT]),
    "blank text at the end": ([TEXT, BLANK], [TEXT]),
    "thinking at the end": ([TEXT, THINKING], [TEXT]),
    "thinking without a signature": ([UNSIGNED, TEXT], [TEXT]),
    "a call nobody answered": ([TEXT, TOOL], [TEXT]),
    "a call alone": ([THINKING, TOOL], None),
    "a search with its result": ([SEARCH, FOUND, TEXT], [SEARCH, FOUND, TEXT]),
    "a search without": ([TEXT, SEARCH], [TEXT]),
    "a result without its search": ([FOUND_OTHER, TEXT], [TEXT]),
    "mcp": ([MCP, MCP_RESULT, TEXT], [MCP, MCP_RESULT, TEXT]),
    "mcp without a result": ([MCP, TEXT], [TEXT]),
    "handed over at once": ([HANDOVER, THINKING, TEXT], [HANDOVER, THINKING, TEXT]),
    "handed over in mid-answer": (
        [THINKING, REDACTED, CONNECTOR, TEXT, TOOL, HANDOVER, THINKING, MORE],
        [TEXT, HANDOVER, THINKING, MORE],
    ),
    "handed over twice": (
        [THINKING, TEXT, HANDOVER, THINKING, MORE, HANDOVER, THINKING, TEXT],
        [TEXT, HANDOVER, MORE, HANDOVER, THINKING, TEXT],
    ),
    "a search before the handover": ([SEARCH, FOUND, HANDOVER, TEXT], [SEARCH, FOUND, HANDOVER, TEXT]),
    "a search without result before it": ([TEXT, SEARCH, HANDOVER, MORE], [TEXT, HANDOVER, MORE]),
    "connector text after it": ([HANDOVER, CONNECTOR, TEXT], [HANDOVER, CONNECTOR, TEXT]),
    "handed over to nobody": ([TEXT, HANDOVER], [TEXT]),
    "nothing but a handover": ([HANDOVER], None),
    "blocks without a type": ([{"text": "x"}, {"type": 7}, TEXT], [TEXT]),
}


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES)
def test_what_goes_back(content: list[JsonObject], expected: list[JsonObject] | None) -> None:
    assert assistant_turn(content) == expected


def test_without_thinking() -> None:
    assert assistant_turn([THINKING, REDACTED, TEXT, HANDOVER, THINKING, MORE], keep_thinking=False) == [
        TEXT,
        HANDOVER,
        MORE,
    ]


def test_continued_by_avow_itself() -> None:
    assert assistant_turn([THINKING, TEXT, SEARCH, FOUND, TOOL, THINKING, MORE], continued=True) == [
        TEXT,
        SEARCH,
        FOUND,
        MORE,
    ]


def test_blocks_are_not_changed() -> None:
    content = [dict(block) for block in (THINKING, TEXT, HANDOVER, MORE)]
    before = [dict(block) for block in content]
    assistant_turn(content)
    assert content == before


def test_has_a_handover() -> None:
    assert has_handover([TEXT, HANDOVER])
    assert not has_handover([TEXT, THINKING])


@pytest.mark.sdk
@pytest.mark.parametrize("name", ["as it came", "a search with its result", "blank text within stays"])
def test_the_official_types_accept_it(name: str) -> None:
    turn = assistant_turn(CASES[name][0])
    sdk_types.message().validate_python({"role": "assistant", "content": turn}, strict=True)


@pytest.mark.sdk
@pytest.mark.parametrize(
    "name",
    ["handed over at once", "handed over in mid-answer", "handed over twice", "a search before the handover", "mcp"],
)
def test_the_official_beta_types_accept_it(name: str) -> None:
    turn = assistant_turn(CASES[name][0])
    sdk_types.beta_message().validate_python({"role": "assistant", "content": turn}, strict=True)


def _id(prefix: str) -> st.SearchStrategy[str]:
    return st.integers(0, 3).map(lambda n: f"{prefix}_{n}")


BLOCKS: st.SearchStrategy[JsonObject] = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, st.sampled_from(["", " ", "\n", "a", "b c"])),
    st.sampled_from([THINKING, UNSIGNED, REDACTED, CONNECTOR, HANDOVER, FUTURE, {"type": "redacted_thinking"}]),
    st.builds(lambda i: {"type": "tool_use", "id": i, "name": "f", "input": {}}, _id("toolu")),
    st.builds(lambda i: {"type": "server_tool_use", "id": i, "name": "web_search", "input": {}}, _id("srvtoolu")),
    st.builds(lambda i: {"type": "web_search_tool_result", "tool_use_id": i, "content": []}, _id("srvtoolu")),
)


def complaints(turn: Sequence[dict[str, Any]]) -> list[str]:
    """What the API would say to a turn, written down apart from the code that makes it."""
    kinds = [block["type"] for block in turn]
    last = len(kinds) - 1 - kinds[::-1].index("fallback") if "fallback" in kinds else 0
    calls = {block["id"] for block in turn if block["type"] == "server_tool_use"}
    results = {block["tool_use_id"] for block in turn if block["type"] == "web_search_tool_result"}
    found = []
    if not turn:
        found.append("empty")
    if any(block["type"] == "text" and block["text"] == "" for block in turn):
        found.append("empty text")
    if turn and kinds[-1] == "text" and not turn[-1]["text"].strip():
        found.append("blank at the end")
    if turn and kinds[-1] in ("thinking", "redacted_thinking", "fallback"):
        found.append("ends in what cannot end it")
    if {"thinking", "redacted_thinking", "connector_text"} & set(kinds[:last]):
        found.append("thinking before the handover")
    if "tool_use" in kinds:
        found.append("unanswered call")
    if calls != results:
        found.append("call without result, or result without call")
    if any(block["type"] == "thinking" and not block["signature"] for block in turn):
        found.append("unsigned")
    return found


@given(st.lists(BLOCKS, max_size=12), st.booleans(), st.booleans())
def test_whatever_comes_what_goes_back_is_acceptable(
    content: list[JsonObject], keep_thinking: bool, continued: bool
) -> None:
    turn = assistant_turn(content, keep_thinking=keep_thinking, continued=continued)
    if turn is not None:
        assert complaints(turn) == []
        rest = iter(content)
        assert all(any(block is candidate for candidate in rest) for block in turn), "kept as they were, in order"
    if keep_thinking and not continued:
        said = "".join(block["text"] for block in content if block["type"] == "text").strip()
        kept = "".join(block["text"] for block in turn or [] if block["type"] == "text").strip()
        assert kept == said, "no text is lost"
