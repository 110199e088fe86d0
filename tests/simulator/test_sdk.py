"""A second opinion: the official SDK reads every sound answer of the simulator."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.in_part import crossed
from tests.simulator.conftest import CREDIT, FALLBACK, MODEL
from tests.simulator.test_form import NOT_WITH_FALLBACKS, SHORTER_WHOLE, SOUND

pytestmark = pytest.mark.sdk

Start = Callable[..., Simulator]
# The SDK takes usage for granted, and keeps halves of an emoji apart.
READABLE = [name for name in SOUND if name not in ("no_usage", "swallowing", "split_emoji")]


def client(sim: Simulator, *middleware: Any) -> Any:
    """Imported when a test first asks: that takes seconds."""
    from tests import sdk

    return sdk.client(sim.base_url, timeout=20, middleware=list(middleware))


def falling_back(sim: Simulator, *models: str) -> Any:
    from anthropic.lib.middleware import BetaRefusalFallbackMiddleware

    chain: Any = [{"model": model} for model in models]
    return client(sim, BetaRefusalFallbackMiddleware(chain)).beta.messages


def text(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize(
    ("name", "policy"),
    crossed({name: name for name in READABLE}, {policy: policy for policy in ("plain", "with_fallbacks")}),
)
def test_the_sdk_agrees_streamed_and_whole(name: str, policy: str, simulate: Start) -> None:
    sim = simulate({"long": "long:250", "slow": "slow:0.001"}.get(name, name))
    request: Any = {"model": MODEL, "max_tokens": 4000, "messages": [{"role": "user", "content": "rebase or merge?"}]}
    beta = policy == "with_fallbacks" and name not in NOT_WITH_FALLBACKS
    if beta:
        request |= {"fallbacks": "default", "betas": [FALLBACK, CREDIT]}
    api: Any = client(sim).beta.messages if beta else client(sim).messages
    with api.stream(**request) as stream:
        streamed = stream.get_final_message()
    whole = api.create(**request)
    assert streamed.stop_reason == whole.stop_reason
    assert [block.type for block in whole.content if block.type == "fallback"] == [
        block.type for block in streamed.content if block.type == "fallback"
    ]
    if not (beta and name in SHORTER_WHOLE):
        assert text(streamed) == text(whole)
    assert getattr(streamed, "model", None) == getattr(whole, "model", None)
    if streamed.stop_reason == "refusal":
        assert streamed.stop_details.category == whole.stop_details.category


# Scenario -> the model that answers, and how many requests the SDK needs: streamed, whole (`None`: it gives up).
CHAINS = {
    "credit": ("claude-opus-4-8", 2, 2),
    "credit_midway": ("claude-opus-4-8", 2, 2),
    "credit_no_claim": ("claude-opus-4-8", 2, 2),
    "credit_rejected_continuation": ("claude-opus-4-8", 3, 2),
    "credit_rejected_token": ("claude-opus-4-8", 2, 2),
    "credit_chain": ("claude-opus-5", 3, 3),
    "credit_chain_midway": ("claude-opus-5", 3, 3),
    "uncredited": ("claude-opus-4-8", 2, 2),
    "hop_429": ("claude-opus-5", 3, None),
    "hop_500": ("claude-opus-5", 3, None),
    "hop_404": ("claude-opus-5", 3, None),
    "midway_thinking_tools": ("claude-opus-4-8", 2, 2),
    "midway_tool_use": ("claude-opus-4-8", 2, 2),
    "fallback": ("claude-opus-4-8", 2, 2),
    "handover": ("claude-opus-4-8", 2, 2),
    "hops": ("claude-opus-5", 3, 3),
}


@pytest.mark.parametrize(
    ("name", "form"), crossed({name: name for name in CHAINS}, {form: form for form in ("streamed", "whole")})
)
def test_the_sdk_falls_back_by_itself(name: str, form: str, simulate: Start) -> None:
    import anthropic

    logging.disable(logging.CRITICAL)
    served, streamed, whole = CHAINS[name]
    sim = simulate(name)
    api = falling_back(sim, "claude-opus-4-8", "claude-opus-5")
    request: Any = {"model": MODEL, "max_tokens": 4000, "messages": [{"role": "user", "content": "rebase or merge?"}]}
    if form == "whole" and whole is None:
        with pytest.raises(anthropic.APIStatusError):
            api.create(**request)
        return
    if form == "streamed":
        with api.stream(**request) as stream:
            message = stream.get_final_message()
    else:
        message = api.create(**request)
    assert message.model == served
    assert message.stop_reason == "end_turn"
    assert text(message).endswith(f"(Written by the simulator for {served}.)")
    assert len(sim.requests) == (streamed if form == "streamed" else whole)
    redeemed = {"uncredited": None, "credit_rejected_token": "not_applied"}.get(name, "redeemed")
    credit = message.usage.fallback_credit
    assert (credit.status.type if credit else None) == redeemed


def test_a_decline_in_mid_answer_without_a_token_is_final(simulate: Start) -> None:
    logging.disable(logging.CRITICAL)
    api = falling_back(simulate("uncredited_midway"), "claude-opus-5")
    with api.stream(model=MODEL, max_tokens=4000, messages=[{"role": "user", "content": "hi"}]) as stream:
        assert stream.get_final_message().stop_reason == "refusal"


def test_the_sdk_retries_a_rate_limit(simulate: Start) -> None:
    sim = simulate("rate_limited")
    patient = client(sim).with_options(max_retries=1)
    message = patient.messages.create(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "hi"}])
    assert message.stop_reason == "end_turn"
    assert len(sim.requests) == 2


def test_the_sdk_lists_and_counts(simulate: Start) -> None:
    import anthropic

    sim = simulate()
    listed = [model.id for model in client(sim).models.list(limit=3)]
    assert listed[0] == "claude-fable-5-2"
    assert len(listed) == len(set(listed)) == 16
    assert client(sim).models.retrieve("claude-opus-4-5").id == "claude-opus-4-5-20251101"
    beta = client(sim).beta.models.retrieve("claude-fable-5-2", betas=[FALLBACK])
    assert beta.allowed_fallback_models == ["claude-opus-4-8", "claude-opus-5"]
    with pytest.raises(anthropic.NotFoundError):
        client(sim).models.retrieve("claude-opus-9")
    counted = client(sim).messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "hi " * 100}])
    assert counted.input_tokens > 50


def test_a_handed_over_turn_is_accepted_back(simulate: Start) -> None:
    api = client(simulate(["handover", "echo"])).beta.messages
    first: Any = {"model": MODEL, "max_tokens": 4000, "fallbacks": "default", "betas": [FALLBACK]}
    with api.stream(**first, messages=[{"role": "user", "content": "one"}]) as stream:
        turn = stream.get_final_message()
    content = [block.model_dump(by_alias=True, exclude={"parsed_output"}, exclude_none=True) for block in turn.content]
    second: Any = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "two"},
    ]
    assert text(api.create(**first, messages=second)) == "two"
