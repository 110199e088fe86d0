"""The client's own fallback: from the result of an attempt to the next request, until one answers.

What is sent follows the rules of fallback credits (beta `fallback-credit-2026-07-01`): the refusal's token goes with
the next request, the partial answer too where the refusal grants that.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from avow.routing.verdict import Attempt
from avow.values import NamedTuple
from avow.wire.json_value import JsonObject, obj, text
from avow.wire.message import Message

OUT_OF_REACH = frozenset({403, 404, 429, 503, 529})
"""The statuses that say a model cannot be had: not permitted, unknown, rate limited, overloaded."""
CAPACITY = frozenset({429, 529})
_THINKING = ("thinking", "redacted_thinking")


class Policy(NamedTuple):
    """Who may answer, as far as avow itself carries it out. `models` are asked in turn after a refusal,
    `if_unavailable` after an HTTP error that says the model cannot be had; `overrides` are body fields per model,
    each a patch of the first request (None takes a field away)."""

    models: tuple[str, ...] = ()
    if_unavailable: tuple[str, ...] = ()
    overrides: Mapping[str, JsonObject] = MappingProxyType({})


class Step(NamedTuple):
    """One request of the chain. `credit`: it carries the beta of fallback credits; `continues`: it continues the text
    of the refused answers before it, which are withdrawn otherwise; `after_refusal`: some model declined."""

    model: str
    body: JsonObject
    credit: bool = False
    continues: bool = False
    after_refusal: bool = False


class _Refusal(NamedTuple):
    """What the last refusal left: its token, and the assistant's turn to go on from (empty: start again)."""

    token: str | None
    partial: tuple[JsonObject, ...]


def next_step(policy: Policy, steps: Sequence[Step], attempts: Sequence[Attempt]) -> Step | None:
    """The request to make after `attempts` (one a step), or None where the last answer is final."""
    step, attempt = steps[-1], attempts[-1]
    if attempt.message is not None:
        return _after_refusal(policy, steps, attempts) if attempt.message.refused else None
    if attempt.failure is None:
        return None
    status = attempt.failure.status
    if step.after_refusal and status == 400:
        again = _plainer(policy, steps, step, "fallback_credit_token" in attempt.failure.message)
        if again is not None:
            return again
    if len(steps) > 1 and status in CAPACITY and _inherited_fast(policy, step):
        return Step(step.model, _without(step.body, "speed"), step.credit, step.continues, step.after_refusal)
    return _after_failure(policy, steps, attempts)


def _after_refusal(policy: Policy, steps: Sequence[Step], attempts: Sequence[Attempt]) -> Step | None:
    """A refusal before any output is followed by the next model in any case, a refusal after output only with a
    token."""
    message = attempts[-1].message
    assert message is not None
    model = _next(policy.models, steps)
    if model is None or (message.content and _token(message) is None):
        return None
    return _step(policy, steps, model, _standing(steps, attempts))


def _after_failure(policy: Policy, steps: Sequence[Step], attempts: Sequence[Attempt]) -> Step | None:
    """A model that failed over HTTP is skipped: after a refusal for any reason, else only where it is unavailable. The
    refusal's token was not used, and goes to the next model."""
    failure = attempts[-1].failure
    unavailable = failure is not None and failure.status in OUT_OF_REACH
    model = _next(policy.models, steps) if steps[-1].after_refusal else None
    if model is None and unavailable:
        model = _next(policy.if_unavailable, steps)
    if model is None:
        return None
    if not steps[-1].after_refusal:
        return Step(model, _patched(steps[0].body, model, policy), steps[0].credit)
    return _step(policy, steps, model, _standing(steps, attempts))


def _plainer(policy: Policy, steps: Sequence[Step], step: Step, about_token: bool) -> Step | None:
    """After a 400: the same without the partial answer, or, where the token itself is refused, without it."""
    if step.continues:
        body = {**step.body, "messages": steps[0].body["messages"]}
        return Step(step.model, body, step.credit, continues=False, after_refusal=True)
    if about_token and "fallback_credit_token" in step.body:
        return Step(step.model, _without(step.body, "fallback_credit_token"), step.credit, after_refusal=True)
    return None


def _step(policy: Policy, steps: Sequence[Step], model: str, refusal: _Refusal) -> Step:
    body = _patched(steps[0].body, model, policy)
    body.pop("fallbacks", None)
    if refusal.token is not None:
        body["fallback_credit_token"] = {"token": refusal.token, "mode": "best_effort"}
    if refusal.partial:
        body["messages"] = [*body["messages"], {"role": "assistant", "content": list(refusal.partial)}]
    return Step(model, body, credit=True, continues=bool(refusal.partial), after_refusal=True)


def _standing(steps: Sequence[Step], attempts: Sequence[Attempt]) -> _Refusal:
    """The last refusal's token, and all that was written so far where each refusal lets it be continued."""
    token: str | None = None
    partial: tuple[JsonObject, ...] = ()
    for step, attempt in zip(steps, attempts, strict=True):
        if attempt.message is None or not attempt.message.refused:
            continue
        token = _token(attempt.message)
        kept = partial if step.continues else ()
        partial = (*kept, *_prefill(attempt.message)) if may_be_continued(attempt.message) else kept
    return _Refusal(token, partial)


def may_be_continued(message: Message) -> bool:
    """Whether the refusal lets another model continue the text that was written."""
    return message.stop_details.get("fallback_has_prefill_claim") is True


def _prefill(message: Message) -> list[JsonObject]:
    """The refused blocks as the assistant's turn to go on from: verbatim but for fallback markers and the thinking
    at the end, in which no turn may end."""
    blocks = [block for block in message.content if block.get("type") != "fallback"]
    while blocks and blocks[-1].get("type") in _THINKING:
        blocks.pop()
    return blocks


def _patched(body: JsonObject, model: str, policy: Policy) -> JsonObject:
    """The first request for another model: never a patch of a patch."""
    override = policy.overrides.get(model, {})
    patched = _merged(body, {key: value for key, value in override.items() if key != "output_config"})
    patched["model"] = model
    if "thinking" not in override and obj(body.get("thinking")).get("type") == "between_tools":
        patched["thinking"] = {"type": "disabled"}
    if isinstance(output := override.get("output_config"), dict):
        patched["output_config"] = _merged(obj(body.get("output_config")), output)
        if not patched["output_config"]:
            del patched["output_config"]
    return patched


def _merged(base: JsonObject, patch: JsonObject) -> JsonObject:
    merged = {**base, **patch}
    return {key: value for key, value in merged.items() if not (key in patch and value is None)}


def _inherited_fast(policy: Policy, step: Step) -> bool:
    return step.body.get("speed") == "fast" and "speed" not in policy.overrides.get(step.model, {})


def _next(models: Sequence[str], steps: Sequence[Step]) -> str | None:
    """The first of `models` that was not asked yet."""
    asked = {step.model for step in steps}
    return next((model for model in models if model not in asked), None)


def _token(message: Message) -> str | None:
    return text(message.stop_details.get("fallback_credit_token"))


def _without(body: JsonObject, key: str) -> JsonObject:
    return {name: value for name, value in body.items() if name != key}
