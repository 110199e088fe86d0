"""What a request asked, read from its body."""

import json
from typing import Any

import pytest

from avow.proxy.question import ClientQuestion, read

HI = {"role": "user", "content": "hi"}
HELLO = {"role": "assistant", "content": [{"type": "text", "text": "hello"}]}


def asked(*messages: Any, headers: dict[str, str] | None = None, **more: Any) -> ClientQuestion:
    body = {"model": "claude-fable-5", "messages": list(messages or [HI]), **more}
    return read(json.dumps(body).encode(), headers or {})


def test_model_client_and_prompt() -> None:
    question = asked(HI, HELLO, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"},
                     {"type": "text", "text": "b"}]}, headers={"user-agent": "x/1"}, tools=[{"name": "t"}])  # fmt: skip
    assert (question.model, question.client, question.prompt) == ("claude-fable-5", "x/1", "a\n\nb")
    assert question.has_tools
    assert question.fallbacks is None
    assert not question.titles


@pytest.mark.parametrize(
    "body", [None, b"", b"no json", b"[]", b"\xff", b'{"model": 5}', b'{"messages": "x"}', b'{"messages": [5, null]}']
)
def test_a_body_that_cannot_be_read_has_no_model(body: bytes | None) -> None:
    question = read(body, {"user-agent": "x/1"})
    assert question.model is None
    assert question.client == "x/1"


@pytest.mark.parametrize(
    ("headers", "metadata", "session"),
    [
        ({"x-claude-code-session-id": "s1"}, {}, "s1"),
        ({}, {"user_id": json.dumps({"device_id": "d", "session_id": "s2"})}, "s2"),
        ({}, {"user_id": "user_1_session_2"}, None),
        ({}, {"user_id": "{broken"}, None),
        ({}, {}, None),
    ],
)
def test_the_session_that_the_client_names(headers: dict[str, str], metadata: Any, session: str | None) -> None:
    assert asked(headers=headers, metadata=metadata).session == session


def test_a_conversation_that_goes_on_begins_as_the_one_before() -> None:
    first, second = asked(HI), asked(HI, HELLO, {"role": "user", "content": "more"})
    assert first.prefixes[-1] in second.prefixes
    assert asked({"role": "user", "content": "other"}).prefixes[-1] not in second.prefixes
    assert asked({"role": "assistant", "content": "hi"}).prefixes != first.prefixes
    assert second.before == second.prefixes[1]
    assert (first.turn, second.turn) == (1, 2)


def test_what_a_client_adds_after_the_user_s_words_asks_nothing_else() -> None:
    """Claude Code 2.1.332, after a refusal in mid-answer: what had come of it, and a notice."""
    notice = {"type": "text", "text": "<system-reminder>Your response above was stopped</system-reminder>"}
    called = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}]}
    first = asked(HI)
    for more in (
        [{"role": "system", "content": "# Environment"}],
        [HELLO, {"role": "user", "content": [notice]}],
        [HELLO, called],
    ):
        again = asked(HI, *more)
        assert (again.before, again.last, again.turn) == (first.before, first.last, 1)
    assert asked({"role": "user", "content": [notice, {"type": "text", "text": "hi"}]}).last == first.last


def test_marks_for_the_cache_and_the_form_of_text_make_no_difference() -> None:
    block = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
    marked = asked({"role": "user", "content": [block]})
    assert (marked.last, marked.prefixes) == (asked(HI).last, asked(HI).prefixes)


def test_whether_it_is_streamed_makes_no_other_question() -> None:
    assert asked(stream=True).digest == asked(stream=False).digest
    assert asked(max_tokens=1).digest != asked(max_tokens=2).digest


@pytest.mark.parametrize(
    ("headers", "more", "titles"),
    [
        ({"user-agent": "claude-cli/2.1.332 (external, cli)"}, {"output_config": {"format": {}}}, True),
        ({"user-agent": "claude-cli/2.1.332"}, {"output_config": {"format": {}}, "tools": [{"name": "t"}]}, False),
        ({"user-agent": "claude-cli/2.1.332"}, {"output_config": {"effort": "high"}}, False),
        ({"user-agent": "Anthropic/Python 2.14.0"}, {"output_config": {"format": {}}}, False),
        ({"x-claude-code-request-class": "main"}, {"output_config": {"format": {}}}, False),
        ({"x-claude-code-request-class": "title"}, {"tools": [{"name": "t"}]}, True),
    ],
)
def test_titles(headers: dict[str, str], more: Any, titles: bool) -> None:
    assert asked(headers=headers, **more).titles is titles


@pytest.mark.parametrize(
    ("fallbacks", "wanted"),
    [([{"model": "claude-opus-5"}, {}, 5], ("claude-opus-5",)), ("default", ("default",)), ([], ()), (5, None)],
)
def test_the_fallbacks_it_allows(fallbacks: Any, wanted: Any) -> None:
    assert asked(fallbacks=fallbacks).fallbacks == wanted
