"""A received answer as an exchange: who answered, by the same judge as for avow's own."""

import time

from avow.exchange.exchange import Exchange, RunItem, new_id, timestamp
from avow.proxy import judging
from avow.proxy.call_observer import Call
from avow.proxy.judging import JudgingContext
from avow.proxy.question import ClientQuestion
from avow.proxy.session_tracker import Placement
from avow.received.intake import ReceivedAnswer
from avow.routing.verdict import Verdict
from avow.wire.json_value import obj

SOURCE = "judge"
_SAYS_NO_MORE = frozenset({"type", "text", "citations", "cache_control"})


class SameResult:
    """Answers whose result must equal that of an earlier one: whole, of text alone, and with the same names. Of a
    million lines most are; to judge each again takes four times as long."""

    def __init__(self) -> None:
        self._fine: set[object] = set()

    def has(self, received: ReceivedAnswer) -> bool:
        """Whether it is as requested and complete, as one like it was."""
        key = _likeness(received)
        return key is not None and key in self._fine

    def add(self, received: ReceivedAnswer, exchange: Exchange) -> None:
        """Note what one came to."""
        key = _likeness(received)
        if key is not None and exchange.exit_code == 0 and exchange.verdict is Verdict.AS_REQUESTED:
            self._fine.add(key)


def _likeness(received: ReceivedAnswer) -> object:
    """All that the verdict rests on; None where that is more than names. A message that is not whole has an error."""
    message = received.answer.message
    if message is None or received.answer.error is not None or message.declared:
        return None
    raw = message.raw
    if raw.get("stop_details") or obj(raw.get("usage")).get("iterations"):
        return None
    for block in message.content:
        if block.get("type") != "text" or not _SAYS_NO_MORE.issuperset(block):
            return None
    return (raw.get("model"), message.stop_reason, tuple(message.named), tuple(sorted(raw)), bool(message.content))


def judged(received: ReceivedAnswer, question: ClientQuestion, context: JudgingContext, number: int) -> Exchange:
    """The exchange of one answer; `question` says which model was asked. `number` counts the answers, from 0."""
    now = time.time()
    call = Call(number, now, time.monotonic(), {}, None)
    place = Placement(number, "", question.model)
    policy = question.fallbacks
    identity = new_id(now)
    begun = Exchange(
        id=identity,
        conversation_id=identity,
        created_at=timestamp(now),
        requested_model=question.model or "",
        sent_model=question.model,
        fallback_policy="default" if policy == ("default",) else (policy or "none"),
        source=SOURCE,
        base_url=context.base_url or None,
        item=RunItem(None, received.item, number, 0, received.item) if received.item is not None else None,
    )
    answer = received.answer
    done = judging.judged(begun, call, place, answer, [judging.attempt(question, answer)], context)
    return done._replace(reply=done.reply._replace(total_ms=None, first_token_ms=None))
