"""What the simulator remembers between requests: models that declined, credit tokens, handovers it made itself."""

import os
from dataclasses import dataclass

from avow.simulator.playback import PlayedAnswer
from avow.simulator.script import RETURNED, Json, Scenario
from avow.simulator.valid_request import ValidRequest


@dataclass(frozen=True, slots=True)
class _Credit:
    """A credit token: the model that declined, its request (`fixed_part`), and its partial answer, with whether
    (`claim`) another model may continue it."""

    model: str
    fixed_part: int
    content: list[Json]
    claim: bool


class Credits:
    """One server's memory. Not safe for threads: the server holds its lock around each call."""

    def __init__(self) -> None:
        self._credits: dict[str, _Credit] = {}
        self._tried: dict[int, list[str]] = {}
        self._declined: set[tuple[str, str | None]] = set()
        self._handed: set[tuple[str, str, str | None]] = set()

    def position(self, ask: ValidRequest) -> int:
        """The index of the hop that this request plays: the number of other models that declined or failed in the same
        conversation; for one of these the index it had."""
        tried = self._tried.get(ask.conversation, [])
        return tried.index(ask.model) if ask.model in tried else len(tried)

    def note(self, ask: ValidRequest, answer: PlayedAnswer | None) -> None:
        """Remember how a request ended; `answer` is `None` where its hop is an HTTP error."""
        if answer is not None:
            self._handed.update(_handovers(answer))
        if answer is None or answer.stop_reason == "refusal":
            tried = self._tried.setdefault(ask.conversation, [])
            if ask.model not in tried:
                tried.append(ask.model)
        if answer is not None and answer.stop_details is not None:
            self._declined.add((ask.model, answer.stop_details["category"]))

    def mint(self, ask: ValidRequest, content: list[Json], *, claim: bool) -> str:
        """A new token for a declined request. `content` is the partial answer; `claim`: another model may continue
        it."""
        token = f"fct_01{os.urandom(12).hex()}"
        self._credits[token] = _Credit(ask.model, ask.fixed_part, _bare(content), claim)
        return token

    def redeem(self, ask: ValidRequest, scenario: Scenario) -> Json | str | None:
        """The status of the request's token for `usage.fallback_credit`; a string is the message of a 400; `None` where
        no token was sent."""
        sent = ask.body.get("fallback_credit_token")
        if sent is None:
            return None
        token, mode = (sent.get("token"), sent.get("mode")) if isinstance(sent, dict) else (sent, "strict")
        if not isinstance(token, str) or mode not in (None, "strict", "best_effort"):
            return "fallback_credit_token: Input should be a string or an object with `token` and `mode`"
        credit = self._credits.get(token)
        if ask.continuation is not None and (refused := _continuation_refused(ask, credit, scenario)):
            return refused
        reason = "temporarily_unavailable" if scenario.rejects_token else _mismatch(ask, credit)
        if reason is None:
            return {"type": "redeemed"}
        if mode == "best_effort":
            return {"type": "not_applied", "reason": reason}
        return f"fallback_credit_token: the token cannot be redeemed ({reason})"

    def knows_block(self, block: Json) -> bool:
        """Whether a `fallback` block sent back was made by this server.

        The block has to have the complete shape of the API's own. It counts as made by this server if this server made
        a handover with these models and category, or if nothing speaks against it: the category is one that the server
        hands over, and the model did not decline to this client with it.
        """
        try:
            source, target, trigger = block["from"]["model"], block["to"]["model"], block["trigger"]
            category = trigger["category"]
            if trigger["type"] != "refusal" or not all(isinstance(name, str) and name for name in (source, target)):
                return False
        except (KeyError, TypeError):
            return False
        if (source, target, category) in self._handed:
            return True
        return (source, category) not in self._declined and category != RETURNED


def _handovers(answer: PlayedAnswer) -> set[tuple[str, str, str | None]]:
    return {
        (block.whole["from"]["model"], block.whole["to"]["model"], block.whole["trigger"]["category"])
        for block in answer.blocks
        if block.whole["type"] == "fallback"
    }


def _mismatch(ask: ValidRequest, credit: _Credit | None) -> str | None:
    if credit is None:
        return "expired"
    if ask.model == credit.model:
        return "invalid_target_model"
    return None if ask.fixed_part == credit.fixed_part else "body_mismatch"


def _continuation_refused(ask: ValidRequest, credit: _Credit | None, scenario: Scenario) -> str | None:
    """Why the appended partial answer is not accepted; `None` where it is. It may lack white space and thinking at its
    end, and client tool calls."""
    if credit is None:
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    if scenario.rejects_continuation or not credit.claim:
        return "fallback_credit_token: this token does not allow the appended assistant turn (continuation_excluded)"
    if _bare(ask.continuation or []) != credit.content:
        return "fallback_credit_token: the appended assistant turn does not match the refusal (body_mismatch)"
    return None


def _bare(content: list[Json]) -> list[Json]:
    """The blocks as they are compared: without what a client may leave out, and with adjacent texts joined."""
    bare: list[Json] = []
    for block in content:
        if block.get("type") in ("tool_use", "fallback"):
            continue
        kept = {key: value for key, value in block.items() if key not in ("citations", "cache_control")}
        if bare and kept.get("type") == "text" == bare[-1].get("type"):
            bare[-1] = {**bare[-1], "text": str(bare[-1].get("text")) + str(kept.get("text"))}
        else:
            bare.append(kept)
    while bare and bare[-1].get("type") in ("thinking", "redacted_thinking"):
        bare.pop()
    if bare and bare[-1].get("type") == "text":
        bare[-1] = {**bare[-1], "text": str(bare[-1].get("text")).rstrip()}
    return bare
