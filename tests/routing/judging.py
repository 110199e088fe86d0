"""Judges a message as small as it can be, for the tests of the verdict."""

from typing import Any

from avow.errors import Failure
from avow.routing.judge import judge
from avow.routing.verdict import Attempt, Outcome, RequestFacts, Routing
from avow.wire.message import Message, whole
from tests.streams import (
    ASKED,
    OTHER,
    Json,
    iteration,
    message,
    text,
)

OVERLOADED = Failure("overloaded_error", 529, "Overloaded")


def judged(found: Message | Json, headers: dict[str, str] | None = None, **asked: Any) -> Routing:
    found = found if isinstance(found, Message) else whole(found)
    return judge(RequestFacts(asked.pop("requested", ASKED), **asked), [Attempt(ASKED, found, headers=headers or {})])


def ran(*entries: Json, **more: Any) -> Json:
    """The usage of a message that ran these iterations."""
    return {"input_tokens": 9, "output_tokens": 5, "iterations": list(entries), **more}


FALLBACK_RAN = ran(iteration("message", ASKED), iteration("fallback_message", OTHER))


ALL_DECLINED = ran(iteration("message", ASKED), iteration("fallback_message", OTHER))


DECLINED = {"stop_details": {"type": "refusal", "category": "bio", "explanation": "why"}}


SERVED, GONE, SKIPPED = Outcome.SERVED, Outcome.DECLINED, Outcome.SKIPPED


def segments(routing: Routing) -> list[tuple[str | None, str]]:
    return [(segment.model, segment.text) for segment in routing.segments]


SAME = message(text("x"))


def refused(*content: Json, model: str = ASKED, **more: Any) -> Attempt:
    body = message(*content, model=model, stop_reason="refusal", **{**DECLINED, **more})
    return Attempt(model, whole(body))


GATEWAY = "gateway.example"
