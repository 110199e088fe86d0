"""Credit tokens: minted for declines, redeemed by another model, with or without the partial answer."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.simulator.server import Simulator
from tests.simulator.conftest import CREDIT, Json, ask, body

Start = Callable[..., Simulator]
OTHER = "claude-opus-4-8"


def decline(sim: Simulator, **more: Any) -> Json:
    message: Json = ask(sim, body(**more), betas=CREDIT).json
    assert message["stop_reason"] == "refusal"
    return message


def retry(sim: Simulator, declined: Json, *, continued: bool = False, mode: str | None = None, **more: Any) -> Any:
    token = declined["stop_details"]["fallback_credit_token"]
    request = body(**{"model": OTHER, **more}, fallback_credit_token={"token": token, "mode": mode} if mode else token)
    if continued:
        content = [{key: value for key, value in block.items() if key != "citations"} for block in declined["content"]]
        request["messages"] = [*request["messages"], {"role": "assistant", "content": content}]
    return ask(sim, request, betas=CREDIT)


def test_a_token_needs_the_header(simulate: Start) -> None:
    details = ask(simulate("credit"), body()).json["stop_details"]
    assert "fallback_credit_token" not in details


def test_redeemed(simulate: Start) -> None:
    sim = simulate("credit")
    declined = decline(sim)
    assert declined["content"] == []
    assert declined["stop_details"]["fallback_has_prefill_claim"] is False
    served = retry(sim, declined).json
    assert served["usage"]["fallback_credit"] == {"status": {"type": "redeemed"}}
    assert served["model"] == OTHER


def test_continued(simulate: Start) -> None:
    sim = simulate("credit_midway")
    declined = decline(sim)
    assert declined["stop_details"]["fallback_has_prefill_claim"] is True
    served = retry(sim, declined, continued=True).json
    plain = retry(sim, declined).json
    first, rest, whole = (message["content"][0]["text"] for message in (declined, served, plain))
    assert whole.endswith(rest)
    assert rest != whole
    assert first not in whole


def test_trailing_space_and_unpaired_calls_may_be_left_out(simulate: Start) -> None:
    sim = simulate("midway_tool_use")
    declined = decline(sim)
    for block in declined["content"]:
        if block["type"] == "text":
            block["text"] = block["text"].rstrip()
    declined["content"] = [block for block in declined["content"] if block["type"] != "tool_use"]
    assert retry(sim, declined, continued=True).status == 200


@pytest.mark.parametrize("mode", [None, "strict", "best_effort"])
def test_another_partial_answer_is_refused(mode: str | None, simulate: Start) -> None:
    sim = simulate("credit_midway")
    declined = decline(sim)
    declined["content"][0]["text"] += " and more"
    answer = retry(sim, declined, continued=True, mode=mode)
    assert (answer.status, "body_mismatch" in answer.message) == (400, True)


@pytest.mark.parametrize("name", ["credit_no_claim", "credit_rejected_continuation"])
def test_no_continuation(name: str, simulate: Start) -> None:
    sim = simulate(name)
    declined = decline(sim)
    assert retry(sim, declined, continued=True, mode="best_effort").status == 400
    assert retry(sim, declined, mode="best_effort").json["usage"]["fallback_credit"]["status"]["type"] == "redeemed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"system": "other"}, "body_mismatch"), ({"model": "claude-fable-5-2"}, "invalid_target_model")],
    ids=["another body", "the same model"],
)
def test_not_applied(change: Json, reason: str, simulate: Start) -> None:
    sim = simulate(["credit", "requested"])
    declined = decline(sim)
    token = declined["stop_details"]["fallback_credit_token"]
    request = body(**{"model": OTHER, **change})
    strict = ask(sim, request | {"fallback_credit_token": token}, betas=CREDIT)
    assert (strict.status, reason in strict.message) == (400, True)
    mild = ask(sim, request | {"fallback_credit_token": {"token": token, "mode": "best_effort"}}, betas=CREDIT)
    assert mild.json["usage"]["fallback_credit"] == {"status": {"type": "not_applied", "reason": reason}}


def test_what_may_change(simulate: Start) -> None:
    sim = simulate("credit")
    served = retry(sim, decline(sim), max_tokens=77, metadata={"user_id": "u"}, stop_sequences=["zzz"])
    assert served.json["usage"]["fallback_credit"]["status"]["type"] == "redeemed"


def test_a_rejected_token(simulate: Start) -> None:
    sim = simulate("credit_rejected_token")
    declined = decline(sim)
    assert retry(sim, declined).status == 400
    assert retry(sim, declined, mode="best_effort").json["usage"]["fallback_credit"]["status"]["type"] == "not_applied"


@pytest.mark.parametrize(("name", "status"), [("hop_429", 429), ("hop_500", 500), ("hop_404", 404)])
def test_a_hop_that_fails_is_skipped_with_its_token(name: str, status: int, simulate: Start) -> None:
    sim = simulate(name)
    declined = decline(sim)
    assert retry(sim, declined).status == status
    assert retry(sim, declined).status == status
    assert retry(sim, declined, model="claude-opus-5").json["usage"]["fallback_credit"]["status"]["type"] == "redeemed"


def test_the_next_model_in_one_conversation_plays_the_next_hop(simulate: Start) -> None:
    sim = simulate("credit_chain")
    reasons = [
        ask(sim, body(model=name), betas=CREDIT).json["stop_reason"]
        for name in ("claude-fable-5-2", OTHER, "claude-opus-5", "claude-fable-5-2", OTHER)
    ]
    assert reasons == ["refusal", "refusal", "end_turn", "refusal", "refusal"]
    assert ask(sim, body("another talk", model="claude-opus-5")).json["stop_reason"] == "refusal"


def test_a_later_turn_on_the_model_that_accepted_is_served(simulate: Start) -> None:
    sim = simulate("credit")
    served = retry(sim, decline(sim)).json
    later = [
        *body()["messages"],
        {"role": "assistant", "content": served["content"]},
        {"role": "user", "content": "and then?"},
    ]
    assert ask(sim, body(model=OTHER, messages=later)).json["stop_reason"] == "end_turn"
