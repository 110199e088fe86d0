"""Messages and blocks the API refuses: shapes, media, and answers sent back wrongly."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.simulator.conftest import CREDIT, FALLBACK, MODEL, Json, ask, body

Start = Callable[..., Simulator]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(40)).decode()
PDF = base64.b64encode(b"%PDF-1.7\n%%EOF").decode()


def user(*content: Any) -> Any:
    return [{"role": "user", "content": list(content)}]


def image(media_type: str, data: str) -> Json:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def document(**source: Any) -> Json:
    return {"type": "document", "source": source}


def talk(*assistant: Any) -> Any:
    return [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": list(assistant)},
        {"role": "user", "content": "two"},
    ]


TEXT = {"type": "text", "text": "hi"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "t", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}

REFUSED: dict[str, tuple[Any, str]] = {
    "no messages": ([], "messages: at least one message is required"),
    "not a list": ("hi", "messages: Input should be a valid list"),
    "not an object": (["hi"], "messages.0: Input should be an object"),
    "assistant first": (
        [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}], 'first message must use the "user"'),
    "unknown role": ([{"role": "robot", "content": "a"}], "messages.0.role: Input should be"),
    "extra key": (
        [{"role": "user", "content": "a", "name": "x"}], "messages.0.name: Extra inputs are not permitted"),
    "no content": ([{"role": "user"}], "messages.0.content: Input should be"),
    "empty content": ([{"role": "user", "content": ""}], "messages.0: all messages must have non-empty content"),
    "empty list": (user(), "messages.0: all messages must have non-empty content"),
    "empty text": (
        user({"type": "text", "text": ""}), "messages.0.content.0: text content blocks must be non-empty"),
    "blank text": (user({"type": "text", "text": " \n"}), "must contain non-whitespace text"),
    "blank content": ([{"role": "user", "content": "  "}], "must contain non-whitespace text"),
    "number as text": (user({"type": "text", "text": 5}), "Input should be a valid string"),
    "block as text": (user("hi"), "messages.0.content.0: Input should be an object"),
    "unknown block": (user({"type": "video"}), "Input tag 'video' found using 'type' does not match"),
    "extra in a block": (user({**TEXT, "colour": 1}), "messages.0.content.0.text.colour: Extra inputs"),
    "citations of users": (user({**TEXT, "citations": [{}]}), "text.citations: must be empty"),
    "image of another type": (
        user(image("image/png", JPEG)), "specified as image/png, but it appears to be image/jpeg"),
    "image of no type": (user(image("image/png", PDF)), "Could not process image"),
    "image type unknown": (user(image("image/bmp", PNG)), "base64.media_type: Input should be 'image/jpeg'"),
    "image not base64": (user(image("image/png", "§§")), "invalid base64 data"),
    "image with line breaks": (user(image("image/png", PNG[:20] + "\n" + PNG[20:])), "invalid base64 data"),
    "image over 10 MB": (user(image("image/png", PNG + "A" * 10485760)), "image exceeds 10 MB maximum"),
    "image without source": (user({"type": "image"}), "Input tag should be one of 'base64', 'url', 'file'"),
    "pdf as text": (user(document(type="text", media_type="application/pdf", data="x")), "should be 'text/plain'"),
    "text as pdf": (
        user(document(type="base64", media_type="text/plain", data=PDF)), "should be 'application/pdf'"),
    "no pdf": (
        user(document(type="base64", media_type="application/pdf", data=PNG)), "The PDF specified was not valid."),
    "empty document": (user(document(type="text", media_type="text/plain", data="")), "must be non-empty"),
    "file url": (user(document(type="url", url="file:///etc/passwd")), "Only HTTP and HTTPS URLs are supported"),
    "tool_use by a user": (user(CALL), "Input tag 'tool_use'"),
    "document by the assistant": (
        talk(document(type="text", media_type="text/plain", data="x")), "not supported in assist"),
    "call without result": (talk(CALL), "`tool_use` ids without `tool_result` blocks immediately after: toolu_1"),
    "result without call": (user(RESULT), "unexpected `tool_use_id` found in `tool_result` blocks: toolu_1"),
    "prefill": (
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "This model does not support assistant message prefill."),
    "thinking of nobody": (
        talk({"type": "thinking", "thinking": "", "signature": "abc"}, TEXT),
        "Invalid `signature` in `thinking` block"),
}  # fmt: skip


@pytest.fixture(scope="module")
def sim() -> Any:
    with Simulator() as running:
        yield running


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, sim: Simulator) -> None:
    messages, words = REFUSED[case]
    answer = ask(sim, body(messages=messages))
    assert answer.status == 400
    assert words in answer.message


ACCEPTED: dict[str, Any] = {
    "text and picture": user(image("image/png", PNG), TEXT),
    "jpeg": user(image("image/jpeg", JPEG), TEXT),
    "picture by address": user({"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}),
    "pdf": user({**document(type="base64", media_type="application/pdf", data=PDF), "title": "a.pdf"}, TEXT),
    "text file": user({**document(type="text", media_type="text/plain", data="x"), "title": "-x y 😀.txt"}, TEXT),
    "a talk": talk({**TEXT, "citations": None}),
    "two of one role": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
    "a tool loop": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [TEXT, CALL]},
        {"role": "user", "content": [RESULT, TEXT]},
    ],
    "redacted thinking": talk({"type": "redacted_thinking", "data": "x"}, TEXT),
    "a system turn": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}],
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(case: str, sim: Simulator) -> None:
    answer = ask(sim, body(messages=ACCEPTED[case]))
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("system", ["be brief", [TEXT], [{**TEXT, "cache_control": {"type": "ephemeral"}}]])
def test_system_accepted(system: Any, sim: Simulator) -> None:
    assert ask(sim, body(system=system)).status == 200


@pytest.mark.parametrize("system", [5, [{"type": "text", "text": ""}], [image("image/png", PNG)], ["x"]])
def test_system_refused(system: Any, sim: Simulator) -> None:
    assert ask(sim, body(system=system)).message.startswith("system")


# --- an answer with a handover, sent back ---

SEAM = {
    "type": "fallback",
    "from": {"model": MODEL},
    "to": {"model": "claude-opus-4-8"},
    "trigger": {"type": "refusal", "category": "frontier_llm"},
}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param([TEXT, SEAM, TEXT], None, id="text, seam, text"),
        pytest.param([SEAM, TEXT], None, id="seam first"),
        pytest.param([SEARCH, FOUND, TEXT, SEAM, TEXT], None, id="a search with its result"),
        pytest.param([SEARCH, SEAM, TEXT], "needs its result", id="a search without result"),
        pytest.param(
            [{"type": "thinking", "thinking": "", "signature": "x"}, SEAM, TEXT],
            "`thinking` blocks before the last `fallback` block must be left out",
            id="thinking before",
        ),
        pytest.param(
            [{"type": "redacted_thinking", "data": "x"}, TEXT, SEAM, TEXT], "`redacted_thinking` blocks", id="redacted"
        ),
        pytest.param([CALL, SEAM, TEXT], "`tool_use`", id="a call before"),
        pytest.param(
            [SEAM, {"type": "redacted_thinking", "data": "x"}, SEAM, TEXT], "before the last", id="between two seams"
        ),
        pytest.param([{**SEAM, "trigger": None}, TEXT], "Input tag 'fallback'", id="no trigger"),
        pytest.param([{"type": "fallback", "from": {}, "to": {}}, TEXT], "Input tag 'fallback'", id="no models"),
        pytest.param(
            [{**SEAM, "trigger": {"type": "refusal", "category": "reasoning_extraction"}}, TEXT],
            "Input tag 'fallback'",
            id="a decline the server returns",
        ),
    ],
)
def test_a_turn_with_a_handover(content: Any, words: str | None, sim: Simulator) -> None:
    answer = ask(sim, body(messages=talk(*content)), betas=FALLBACK)
    assert answer.status == (200 if words is None else 400), answer.body
    assert words is None or words in answer.message


@pytest.mark.parametrize("beta", ["mid-conversation-output-config-2026-07-01", "per-turn-control-2026-07-01"])
def test_a_message_of_the_system_may_set_the_effort(sim: Simulator, beta: str) -> None:
    effort: Json = {"role": "system", "content": [], "output_config": {"effort": "low"}}
    turns = [{"role": "user", "content": "hi"}, effort]
    assert ask(sim, body(messages=turns), betas=beta).status == 200
    assert ask(sim, body(messages=turns)).status == 400
    assert ask(sim, body(messages=[turns[0] | {"output_config": {}}]), betas=beta).status == 400


def test_a_fallback_block_needs_the_beta_header(sim: Simulator) -> None:
    assert "Input tag 'fallback'" in ask(sim, body(messages=talk(SEAM, TEXT))).message


def test_a_decline_returned_to_the_client_makes_the_block_the_clients(simulate: Start) -> None:
    sim = simulate("fallback")
    assert ask(sim, body(messages=talk(SEAM, TEXT)), betas=FALLBACK).status == 200
    refused = ask(sim, body("other"), betas=CREDIT).json
    assert refused["stop_reason"] == "refusal"
    assert ask(sim, body(messages=talk(SEAM, TEXT)), betas=FALLBACK).status == 400


# --- thinking and the conversation before it ---


def thought(sim: Simulator, **more: Any) -> list[Json]:
    content: list[Json] = ask(sim, body("one", **more)).json["content"]
    assert content[0]["type"] == "thinking"
    return content


def test_thinking_is_bound_to_what_stands_before(simulate: Start) -> None:
    sim = simulate("thinking")
    content = thought(sim)
    assert ask(sim, body(messages=talk(*content))).status == 200
    marked = talk(*content)
    marked[0]["content"] = [{"type": "text", "text": "one", "cache_control": {"type": "ephemeral"}}]
    assert ask(sim, body(messages=marked)).status == 200
    edited = talk(*content)
    edited[0]["content"] = "one, edited"
    words = (
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
    )
    assert words in ask(sim, body(messages=edited)).message
    assert words in ask(sim, body(messages=talk(*content), system="new")).message


def test_thinking_of_another_model_is_dropped(simulate: Start) -> None:
    sim = simulate("thinking")
    edited = talk(*thought(sim))
    edited[0]["content"] = "one, edited"
    assert ask(sim, body(messages=edited, model="claude-opus-5-5")).status == 200


def test_thinking_may_be_dropped_on_request(simulate: Start) -> None:
    sim = simulate("thinking")
    edited = talk(*thought(sim))
    edited[0]["content"] = "one, edited"
    binding = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    answer = ask(sim, body(messages=edited, thinking=binding), betas="thinking-binding-controls-2026-08-01")
    assert answer.status == 200
