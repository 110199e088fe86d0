"""A second opinion on the client's own fallback: the official SDK's middleware, against the same server."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from avow.endpoint.credential import Credential
from avow.endpoint.patience import Patience
from avow.endpoint.transport import Transport
from avow.exchange.attempts import Limits
from avow.exchange.chain import Policy
from avow.exchange.exchange import Exchange, Status
from avow.exchange.plan import Plan
from avow.exchange.run import converse
from avow.routing.verdict import RequestFacts, Verdict
from avow.simulator.server import Simulator
from avow.wire.request import Endpoint

pytestmark = pytest.mark.sdk

MODEL = "claude-fable-5-1"
CHAIN = ("claude-opus-4-8", "claude-opus-5")
MESSAGES: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "rebase or merge?"}]}]
THINKING = {"type": "adaptive", "display": "summarized"}

# Scenario -> the model that answers. In all of them avow and the SDK arrive at the same text but in the last two:
# without a claim the SDK keeps the text that its model withdrew, and avow does not.
SAME_TEXT = {
    "credit": "claude-opus-4-8",
    "credit_midway": "claude-opus-4-8",
    "credit_rejected_token": "claude-opus-4-8",
    "credit_chain": "claude-opus-5",
    "credit_chain_midway": "claude-opus-5",
    "uncredited": "claude-opus-4-8",
    "hop_429": "claude-opus-5",
    "hop_500": "claude-opus-5",
    "hop_404": "claude-opus-5",
    "midway_thinking_tools": "claude-opus-4-8",
    "midway_tool_use": "claude-opus-4-8",
    "fallback": "claude-opus-4-8",
    "handover": "claude-opus-4-8",
    "hops": "claude-opus-5",
}
WITHDRAWN = {"credit_no_claim": "claude-opus-4-8", "credit_rejected_continuation": "claude-opus-4-8"}


@pytest.fixture(autouse=True)
def _quiet_sdk() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def by_avow(sim: Simulator) -> Exchange:
    body = {"model": MODEL, "max_tokens": 4000, "thinking": THINKING, "messages": MESSAGES, "stream": True}
    plan = Plan(
        endpoint=Endpoint(sim.base_url),
        request=Endpoint(sim.base_url).messages(body, credit=True),
        asked=RequestFacts(MODEL, host="127.0.0.1"),
        policy=Policy(CHAIN),
        limits=Limits(0),
        credit=True,
    )
    exchange = Exchange(id="x", conversation_id="y", created_at="2026-11-23T00:00:00.000Z", requested_model=MODEL)
    transport = Transport(Credential("sk-ant-test"))
    try:
        return converse(
            plan,
            exchange,
            send=lambda request: transport.send(request, Patience(20, 20)),
            on_event=lambda _event: None,
        )
    finally:
        transport.close()


def by_sdk(sim: Simulator) -> str:
    from anthropic.lib.middleware import BetaRefusalFallbackMiddleware

    from tests import sdk

    middleware = BetaRefusalFallbackMiddleware([{"model": model} for model in CHAIN])
    client = sdk.client(sim.base_url, timeout=20, middleware=[middleware])
    request: Any = {"model": MODEL, "max_tokens": 4000, "thinking": THINKING, "messages": MESSAGES}
    with client.beta.messages.stream(**request) as stream:
        message = stream.get_final_message()
    return "".join(block.text for block in message.content if block.type == "text")


def sent(sim: Simulator) -> list[dict[str, Any]]:
    """What of each request both clients must agree on."""
    return [
        {
            "model": request.json["model"],
            "messages": request.json["messages"],
            "token": bool(request.json.get("fallback_credit_token")),
            "mode": (request.json.get("fallback_credit_token") or {}).get("mode"),
            "beta": request.header("anthropic-beta"),
            "rest": {k: v for k, v in request.json.items() if k not in ("model", "messages", "fallback_credit_token")},
        }
        for request in sim.requests
    ]


def texts_of(messages: list[Any]) -> list[Any]:
    """Messages without what the server makes anew each time (signatures, ids of tool calls)."""
    made = ("signature", "id", "tool_use_id", "citations")
    return [
        {
            "role": message["role"],
            "content": [{k: v for k, v in block.items() if k not in made} for block in message["content"]],
        }
        for message in messages
    ]


@pytest.mark.parametrize("name", [*SAME_TEXT, *WITHDRAWN])
def test_avow_sends_what_the_sdk_sends(name: str) -> None:
    with Simulator(scenario=name) as ours, Simulator(scenario=name) as theirs:
        exchange = by_avow(ours)
        text = by_sdk(theirs)
        one, other = sent(ours), sent(theirs)
    assert len(one) > 1
    assert [each["model"] for each in one] == [each["model"] for each in other]
    for key in ("token", "mode", "beta", "rest"):
        assert [each[key] for each in one] == [each[key] for each in other], key
    assert [texts_of(each["messages"]) for each in one] == [texts_of(each["messages"]) for each in other]
    assert exchange.status is (Status.TRUNCATED if exchange.reply.stop_reason == "tool_use" else Status.COMPLETE)
    assert exchange.verdict is Verdict.FALLBACK
    assert exchange.routing.served_model == (SAME_TEXT | WITHDRAWN)[name]
    if name in SAME_TEXT:
        assert exchange.text == text
    else:
        assert exchange.routing.withdrawn_text
        assert text == exchange.routing.withdrawn_text + exchange.text
    assert any(item.field == "avow.attempts[0]" for item in exchange.routing.evidence)


@pytest.mark.parametrize("name", ["uncredited_midway"])
def test_both_take_it_for_final(name: str) -> None:
    with Simulator(scenario=name) as ours, Simulator(scenario=name) as theirs:
        exchange = by_avow(ours)
        by_sdk(theirs)
        assert len(ours.requests) == len(theirs.requests) == 1
    assert exchange.status is Status.REFUSED
    assert exchange.text == ""
    assert exchange.routing.withdrawn_text


def test_the_credit_is_kept() -> None:
    with Simulator(scenario="credit") as sim:
        exchange = by_avow(sim)
    assert (exchange.reply.usage or {})["fallback_credit"]["status"]["type"] == "redeemed"
    assert exchange.routing.hops[-1].usage == exchange.reply.usage
