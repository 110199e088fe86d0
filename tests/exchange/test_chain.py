"""The client's own fallback: which request follows what, as a table."""

from typing import Any

import pytest

from avow.errors import Failure
from avow.exchange.chain import Policy, Step, next_step
from avow.routing.verdict import Attempt
from avow.wire.message import whole

BODY: dict[str, Any] = {
    "model": "claude-fable-5-2",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hello"}],
    "fallbacks": "default",
}
POLICY = Policy(models=("claude-opus-4-8", "claude-opus-5"))
FIRST = Step("claude-fable-5-2", BODY, credit=True)
TOKEN = {"token": "credit-1", "mode": "best_effort"}
PARTIAL = {"type": "text", "text": "Half an "}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}


def refusal(*content: dict[str, Any], token: str | None = "credit-1", claim: bool = False, whole_: bool = True) -> Any:
    details: dict[str, Any] = {"type": "refusal", "category": "cyber", "fallback_has_prefill_claim": claim}
    if token:
        details["fallback_credit_token"] = token
    message = whole({"model": "m", "content": list(content), "stop_reason": "refusal", "stop_details": details})
    return message if whole_ else type(message)(message.raw, whole=False, streamed=True)


def refused(*content: dict[str, Any], model: str = "claude-fable-5-2", **more: Any) -> Attempt:
    return Attempt(model, refusal(*content, **more))


def failed(model: str, status: int | None, message: str = "no", kind: str = "api_error") -> Attempt:
    return Attempt(model, None, Failure(kind, status, message))


@pytest.mark.parametrize(
    ("attempt", "token", "added"),
    [
        pytest.param(refused(token=None), None, None, id="before-any-text-without-a-token"),
        pytest.param(refused(), TOKEN, None, id="before-any-text-with-a-token"),
        pytest.param(refused(PARTIAL), TOKEN, None, id="in-mid-answer-without-a-claim"),
        pytest.param(refused(PARTIAL, claim=True), TOKEN, [PARTIAL], id="in-mid-answer-with-a-claim"),
        pytest.param(refused(THOUGHT, PARTIAL, claim=True), TOKEN, [THOUGHT, PARTIAL], id="thinking-before-text"),
        pytest.param(refused(PARTIAL, THOUGHT, claim=True), TOKEN, [PARTIAL], id="thinking-at-the-end"),
        pytest.param(refused(THOUGHT, claim=True), TOKEN, None, id="nothing-but-thinking"),
    ],
)
def test_a_refusal_goes_to_the_next_model(attempt: Attempt, token: Any, added: list[dict[str, Any]] | None) -> None:
    step = next_step(POLICY, [FIRST], [attempt])
    assert step is not None
    assert step.model == step.body["model"] == "claude-opus-4-8"
    assert step.body.get("fallback_credit_token") == token
    assert "fallbacks" not in step.body
    turn = [{"role": "assistant", "content": added}] if added else []
    assert step.body["messages"] == [*BODY["messages"], *turn]
    assert step.continues is bool(added)
    assert step.credit


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(refused(PARTIAL, token=None), id="after-text-without-a-token"),
        pytest.param(refused(whole_=False), id="a-refusal-that-was-cut"),
        pytest.param(Attempt("m", whole({"content": [PARTIAL], "stop_reason": "end_turn"})), id="an-answer"),
        pytest.param(failed("claude-fable-5-2", 529), id="unavailable-and-nobody-named-for-that"),
        pytest.param(failed("claude-fable-5-2", 400), id="rejected"),
    ],
)
def test_what_is_final(attempt: Attempt) -> None:
    assert next_step(POLICY, [FIRST], [attempt]) is None


def test_a_chain_that_is_used_up() -> None:
    steps, attempts = [FIRST], [refused()]
    for model in POLICY.models:
        step = next_step(POLICY, steps, attempts)
        assert step is not None
        assert step.model == model
        steps.append(step)
        attempts.append(refused(model=model, token="credit-" + model))
    assert next_step(POLICY, steps, attempts) is None
    assert steps[2].body["fallback_credit_token"]["token"] == "credit-claude-opus-4-8"


def test_a_failed_hop_hands_its_token_and_the_partial_answer_on() -> None:
    attempts = [refused(PARTIAL, claim=True)]
    step = next_step(POLICY, [FIRST], attempts)
    assert step is not None
    attempts.append(failed(step.model, 500))
    after = next_step(POLICY, [FIRST, step], attempts)
    assert after is not None
    assert after.model == "claude-opus-5"
    assert after.body["fallback_credit_token"] == TOKEN
    assert after.body["messages"][-1] == {"role": "assistant", "content": [PARTIAL]}


def test_two_partial_answers_are_one_turn() -> None:
    second = {"type": "text", "text": "answer "}
    attempts = [refused(PARTIAL, claim=True)]
    step = next_step(POLICY, [FIRST], attempts)
    assert step is not None
    attempts.append(refused(second, model=step.model, claim=True, token="credit-2"))
    after = next_step(POLICY, [FIRST, step], attempts)
    assert after is not None
    assert after.body["messages"][-1]["content"] == [PARTIAL, second]
    assert after.body["fallback_credit_token"]["token"] == "credit-2"


def test_a_rejected_continuation_is_asked_anew_of_the_same_model() -> None:
    attempts = [refused(PARTIAL, claim=True)]
    step = next_step(POLICY, [FIRST], attempts)
    assert step is not None
    attempts.append(failed(step.model, 400, "prefill is not supported"))
    plain = next_step(POLICY, [FIRST, step], attempts)
    assert plain is not None
    assert (plain.model, plain.continues) == (step.model, False)
    assert plain.body["messages"] == BODY["messages"]
    assert plain.body["fallback_credit_token"] == TOKEN


def test_a_continuation_that_was_given_up_is_in_no_later_turn() -> None:
    """Its text is withdrawn: the model that was asked without it has written its own."""
    second = {"type": "text", "text": "Another "}
    steps, attempts = [FIRST], [refused(PARTIAL, claim=True)]
    for answer in (failed("claude-opus-4-8", 400), refused(second, model="claude-opus-4-8", claim=True)):
        step = next_step(POLICY, steps, attempts)
        assert step is not None
        steps.append(step)
        attempts.append(answer)
    assert [step.continues for step in steps] == [False, True, False]
    after = next_step(POLICY, steps, attempts)
    assert after is not None
    assert after.body["messages"] == [*BODY["messages"], {"role": "assistant", "content": [second]}]


def test_a_rejected_token_is_left_out() -> None:
    attempts = [refused()]
    step = next_step(POLICY, [FIRST], attempts)
    assert step is not None
    attempts.append(failed(step.model, 400, "fallback_credit_token: expired"))
    plain = next_step(POLICY, [FIRST, step], attempts)
    assert plain is not None
    assert plain.model == step.model
    assert "fallback_credit_token" not in plain.body


@pytest.mark.parametrize("status", [403, 404, 429, 503, 529])
def test_a_model_that_cannot_be_had(status: int) -> None:
    policy = Policy(if_unavailable=("claude-sonnet-5-5",))
    step = next_step(policy, [FIRST], [failed("claude-fable-5-2", status)])
    assert step is not None
    assert step.model == "claude-sonnet-5-5"
    assert step.body["fallbacks"] == "default"  # the API may still fall back from there
    assert "fallback_credit_token" not in step.body


@pytest.mark.parametrize("status", [400, 401, 402, 413, 500, None])
def test_other_failures_ask_nobody_else(status: int | None) -> None:
    policy = Policy(if_unavailable=("claude-sonnet-5-5",))
    assert next_step(policy, [FIRST], [failed("claude-fable-5-2", status)]) is None


def test_unavailable_and_then_declined() -> None:
    policy = Policy(models=("claude-opus-5",), if_unavailable=("claude-sonnet-5-5",))
    attempts = [failed("claude-fable-5-2", 529)]
    step = next_step(policy, [FIRST], attempts)
    assert step is not None
    attempts.append(refused(model="claude-sonnet-5-5"))
    after = next_step(policy, [FIRST, step], attempts)
    assert after is not None
    assert after.model == "claude-opus-5"


def test_overrides_patch_the_first_request() -> None:
    body = {**BODY, "output_config": {"effort": "high", "format": {"type": "json_schema"}}, "speed": "fast"}
    policy = Policy(
        models=("a", "b"),
        overrides={
            "a": {"max_tokens": 5, "output_config": {"effort": "low"}, "speed": None},
            "b": {"output_config": {"effort": None, "format": None}},
        },
    )
    first = Step("claude-fable-5-2", body, credit=True)
    step = next_step(policy, [first], [refused()])
    assert step is not None
    assert step.body["max_tokens"] == 5
    assert step.body["output_config"] == {"effort": "low", "format": {"type": "json_schema"}}
    assert "speed" not in step.body
    after = next_step(policy, [first, step], [refused(), refused(model="a")])
    assert after is not None
    assert after.body["max_tokens"] == 100
    assert "output_config" not in after.body
    assert after.body["speed"] == "fast"


def test_thinking_between_tools_is_switched_off_for_another_model() -> None:
    first = Step("claude-sonnet-5-5", {**BODY, "thinking": {"type": "between_tools"}}, credit=True)
    step = next_step(POLICY, [first], [refused(model="claude-sonnet-5-5")])
    assert step is not None
    assert step.body["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize("status", [429, 529])
def test_inherited_fast_mode_is_dropped_where_the_next_model_is_out_of_capacity(status: int) -> None:
    first = Step("claude-fable-5-2", {**BODY, "speed": "fast"}, credit=True)
    attempts = [refused()]
    step = next_step(POLICY, [first], attempts)
    assert step is not None
    attempts.append(failed(step.model, status))
    again = next_step(POLICY, [first, step], attempts)
    assert again is not None
    assert again.model == step.model
    assert "speed" not in again.body
    attempts.append(failed(again.model, status))
    skipped = next_step(POLICY, [first, step, again], attempts)
    assert skipped is not None
    assert (skipped.model, skipped.body["speed"]) == ("claude-opus-5", "fast")


def test_thinking_that_the_user_sets_for_the_next_model_stays() -> None:
    first = Step("claude-sonnet-5-5", {**BODY, "thinking": {"type": "between_tools"}}, credit=True)
    policy = Policy(models=("a",), overrides={"a": {"thinking": {"type": "adaptive"}}})
    step = next_step(policy, [first], [refused(model="claude-sonnet-5-5")])
    assert step is not None
    assert step.body["thinking"] == {"type": "adaptive"}


def test_the_first_question_keeps_its_speed_where_its_model_is_out_of_capacity() -> None:
    first = Step("claude-fable-5-2", {**BODY, "speed": "fast"}, credit=True)
    assert next_step(POLICY, [first], [failed("claude-fable-5-2", 529)]) is None


def test_a_rejection_for_another_reason_than_the_token_is_not_asked_again() -> None:
    attempts = [refused()]
    step = next_step(Policy(models=("a",)), [FIRST], attempts)
    assert step is not None
    assert "fallback_credit_token" in step.body
    attempts.append(failed(step.model, 400, "max_tokens: too high"))
    assert next_step(Policy(models=("a",)), [FIRST, step], attempts) is None


def test_words_about_a_token_that_was_not_sent_change_nothing() -> None:
    attempts = [refused(token=None)]
    step = next_step(Policy(models=("a",)), [FIRST], attempts)
    assert step is not None
    attempts.append(failed(step.model, 400, "fallback_credit_token: missing"))
    assert next_step(Policy(models=("a",)), [FIRST, step], attempts) is None


def test_a_plainer_request_still_follows_a_refusal() -> None:
    attempts = [refused(PARTIAL, claim=True)]
    step = next_step(POLICY, [FIRST], attempts)
    assert step is not None
    attempts.append(failed(step.model, 400, "fallback_credit_token: no prefill"))
    plain = next_step(POLICY, [FIRST, step], attempts)
    assert plain is not None
    attempts.append(failed(plain.model, 400, "fallback_credit_token: expired"))
    plainer = next_step(POLICY, [FIRST, step, plain], attempts)
    assert plainer is not None
    told = [(each.credit, each.continues, each.after_refusal) for each in (step, plain, plainer)]
    assert told == [(True, True, True), (True, False, True), (True, False, True)]
