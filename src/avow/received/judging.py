"""A received answer as an exchange: who answered, by the same judge as for avow's own."""

import time

from avow.errors import StreamEnded
from avow.exchange.exchange import Exchange, RunItem, Status, new_id, timestamp
from avow.proxy import judging
from avow.proxy.judging import Bench
from avow.proxy.ledger import Place
from avow.proxy.meter import Call
from avow.proxy.question import ClientQuestion
from avow.received.intake import Received

SOURCE = "judge"


def judged(received: Received, question: ClientQuestion, bench: Bench, number: int) -> Exchange:
    """The exchange of one answer; `question` says which model was asked. `number` counts the answers, from 0."""
    now = time.time()
    call = Call(number, now, time.monotonic(), "", {}, None)
    place = Place(number, "", question.model)
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
        base_url=bench.base_url or None,
        item=RunItem(None, received.item, number, 0, received.item) if received.item is not None else None,
    )
    answer = received.answer
    done = judging.judged(begun, call, place, answer, [judging.attempt(question, answer)], bench)
    done = done._replace(reply=done.reply._replace(total_ms=None, first_token_ms=None))
    if isinstance(answer.error, StreamEnded) and done.status is Status.FAILED:
        return done._replace(status=Status.INCOMPLETE)
    return done
