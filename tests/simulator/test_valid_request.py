"""The numbers that stand for conversations, and signatures."""

from typing import Any

import pytest

from avow.simulator.valid_request import ValidRequest, prefix_of, read_signature, sign
from tests.simulator.conftest import Json, body


def ask(**more: Any) -> ValidRequest:
    return ValidRequest(body(**more), frozenset())


def test_a_conversation_is_its_beginning() -> None:
    later: list[Json] = [*body()["messages"], {"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]
    assert ask().conversation == ask(messages=later).conversation == ask(model="other").conversation
    assert ask().conversation != ask(system="x").conversation


@pytest.mark.parametrize(
    "change", [{"model": "m"}, {"max_tokens": 1}, {"stream": True}, {"fallback_credit_token": "t"}]
)
def test_what_a_retry_may_change(change: Json) -> None:
    assert ask().fixed_part == ask(**change).fixed_part


@pytest.mark.parametrize("change", [{"system": "s"}, {"thinking": {"type": "adaptive"}}, {"tools": []}])
def test_what_a_retry_may_not_change(change: Json) -> None:
    assert ask().fixed_part != ask(**change).fixed_part


def test_text_and_one_block_are_the_same_prefix() -> None:
    plain = [{"role": "user", "content": "a"}]
    blocks = [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]}]
    assert prefix_of({}, plain) == prefix_of({}, blocks)
    assert prefix_of({"system": "s"}, plain) == prefix_of({"system": [{"type": "text", "text": "s"}]}, plain)
    assert prefix_of({"system": "s"}, plain) != prefix_of({}, plain)


@pytest.mark.parametrize("model", ["claude-opus-5", "a/b/c", "ä"])
def test_signatures_read_back(model: str) -> None:
    assert read_signature(sign(model, 255)) == (model, 255)


@pytest.mark.parametrize("signature", ["", "abc", None, 5, "Zm9v", "c3RhbmQtaW4veC95", "\udcff"])
def test_other_signatures_do_not(signature: object) -> None:
    assert read_signature(signature) is None
