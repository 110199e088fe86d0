"""An exchange: one question, its result, and who answered; the value everything else is about."""

import os
import time
from datetime import UTC, datetime
from enum import StrEnum

from avow.errors import Failure
from avow.exit_codes import SIGPIPE, BySignal, ExitCode, ExitStatus
from avow.routing.verdict import NO_CATEGORY, Routing, Verdict
from avow.values import NamedTuple
from avow.wire.blocks import Attachment
from avow.wire.json_value import JsonObject

SCHEMA = "avow.answer/1"
LONGEST_TRACEPARENT = 56
"""One letter more than a `traceparent` has. Only a bound: telemetry looks whether it has the form of one."""

_NO_FIELDS: JsonObject = {}  # shared by all exchanges, and written to by none


class Status(StrEnum):
    """How an exchange ended (`avow help json`); `pending` only while it runs, or where the process died."""

    COMPLETE = "complete"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    PENDING = "pending"

    @property
    def is_whole(self) -> bool:
        """Whether what the model had to say came to its end: it finished, it declined, or it reached a limit."""
        return self in (Status.COMPLETE, Status.TRUNCATED, Status.REFUSED)

    @property
    def is_answer(self) -> bool:
        """Whether it is an answer, to its own end or to a limit."""
        return self in (Status.COMPLETE, Status.TRUNCATED)


class Problem(NamedTuple):
    """What is wrong with an answer that neither its status nor its verdict says: the exit status for it, and what it
    is in words (None: not kept)."""

    exit_code: ExitCode
    words: str | None


class Question(NamedTuple):
    """What was said to the model. `params` are the request's body fields but model, messages and stream; `user_content`
    is the new user turn as blocks, where `{"type": "attachment", "index": n}` stands for `attachments[n]`."""

    prompt: str | None = None
    system: str | None = None
    template: str | None = None
    attachments: tuple[Attachment, ...] = ()
    params: JsonObject = _NO_FIELDS
    user_content: tuple[JsonObject, ...] = ()


class Reply(NamedTuple):
    """What came back, but for who wrote it (that is the routing). `content` are the answer's blocks as received;
    `usage` those of the final attempt. Times in ms; costs in USD: `cost_usd` is None where any hop's is unknown,
    `cost_floor_usd` adds up the known ones."""

    content: tuple[JsonObject, ...] = ()
    stop_reason: str | None = None
    usage: JsonObject | None = None
    cost_usd: float | None = None
    cost_floor_usd: float = 0.0
    retries: int = 0
    first_token_ms: int | None = None
    total_ms: int | None = None
    request_id: str | None = None
    message_id: str | None = None


class RunItem(NamedTuple):
    """Which item of an `avow run` was asked. `run` is None where no history numbers it; `place` and `repeat` count from
    0; `key` is what a resumed run knows the item by."""

    run: int | None
    id: str
    place: int
    repeat: int
    key: str

    @property
    def name(self) -> str:
        """`ID`, and `ID #2` for its second repeat."""
        return f"{self.id} #{self.repeat + 1}" if self.repeat else self.id

    def as_json(self) -> JsonObject:
        """`{"run", "item": {"id", "index", "repeat"}}`, which the object of an answer has in addition."""
        return {"run": self.run, "item": {"id": self.id, "index": self.place, "repeat": self.repeat}}


class Exchange(NamedTuple):
    """One row of the history, and the object of `--output json`: what was asked, of whom, what came back, who wrote it,
    and how it ended. `created_at` is RFC 3339 in UTC with milliseconds.

    What JSON does not show: `sent_model` is the one that the request named; `parent_id` the exchange before it in its
    conversation; `session` names the terminal session, or that of another `client`, who is named as its requests
    name it; `problem` was found once the answer had come. `item`: it was one of many (`avow run`);
    `traceparent`: the span it is a child of, as W3C Trace Context has it; `batch`: which of the history's batches it
    was sent in.
    """

    id: str
    conversation_id: str
    created_at: str
    requested_model: str
    status: Status = Status.PENDING
    number: int | None = None
    question: Question = Question()
    reply: Reply = Reply()
    routing: Routing = Routing()
    exit_code: ExitStatus | None = None
    error: Failure | None = None
    problem: Problem | None = None
    withheld: bool = False
    simulated: bool = False
    sent_model: str | None = None
    base_url: str | None = None
    fallback_policy: str | tuple[str, ...] = "default"
    fallback_by: str = "server"
    retry_of: str | None = None
    parent_id: str | None = None
    session: str | None = None
    source: str = "avow"
    client: str | None = None
    item: RunItem | None = None
    traceparent: str | None = None
    batch: int | None = None

    @property
    def verdict(self) -> Verdict | None:
        """Who answered, in one word; None while no message began."""
        return self.routing.verdict

    @property
    def text(self) -> str:
        """The answer."""
        return self.routing.text

    @property
    def is_unproven(self) -> bool:
        """Whether it ended so because `--require strong` asks for more than a name."""
        return self.verdict is Verdict.AS_REQUESTED and self.exit_code == ExitCode.UNVERIFIED

    @property
    def signal(self) -> int | None:
        """The signal that ended it."""
        return self.exit_code.signal if isinstance(self.exit_code, BySignal) else None

    @property
    def reader_is_gone(self) -> bool:
        """Whether it ended because whoever read stdout has closed it."""
        return self.signal == SIGPIPE


def new_id(now: float | None = None) -> str:
    """A UUID of version 7 (RFC 9562): sorts by time. `now` in Unix seconds."""
    milliseconds = int((time.time() if now is None else now) * 1000) & ((1 << 48) - 1)
    chance = int.from_bytes(os.urandom(10), "big")  # `secrets` would do the same, and takes 5 ms to load
    value = milliseconds << 80 | 0x7 << 76 | (chance & 0xFFF) << 64 | 0b10 << 62 | chance >> 18
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def derived_id(*parts: object) -> str:
    """The id of something that another program wrote: always the same for the same `parts`. A UUID of version 8
    (RFC 9562), the form for ids of one's own making."""
    import hashlib  # deferred: start-up

    digits = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()
    return "-".join((digits[:8], digits[8:12], "8" + digits[13:16], "8" + digits[17:20], digits[20:32]))


def timestamp(now: float) -> str:
    """Unix seconds as `2026-11-23T17:00:00.123Z`."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_json(exchange: Exchange) -> JsonObject:
    """The object of `avow help json`: every key present, None where unknown."""
    question, reply, routing, hide = exchange.question, exchange.reply, exchange.routing, exchange.withheld
    policy = exchange.fallback_policy
    return {
        "schema": SCHEMA,
        "id": exchange.id,
        "number": exchange.number,
        "conversation_id": exchange.conversation_id,
        "created_at": exchange.created_at,
        "status": str(exchange.status),
        "verdict": str(routing.verdict) if routing.verdict else None,
        "rerouted": routing.rerouted,
        "exit_code": exchange.exit_code,
        "withheld": exchange.withheld,
        "simulated": exchange.simulated,
        "requested_model": exchange.requested_model,
        "served_model": routing.served_model,
        "strength": routing.strength,
        "category": routing.category,
        "explanation": routing.explanation,
        "recommended_model": routing.recommended_model,
        "hops": [hop.as_json() for hop in routing.hops],
        "evidence": [one.as_json() for one in routing.evidence],
        "prompt": question.prompt,
        "system": question.system,
        "template": question.template,
        "attachments": [attachment.as_json() for attachment in question.attachments],
        "text": None if hide else routing.text,
        "segments": [] if hide else [{"model": s.model, "text": s.text} for s in routing.segments],
        "withdrawn_text": None if hide else routing.withdrawn_text,
        "stop_reason": reply.stop_reason,
        "usage": reply.usage,
        "cost_usd": reply.cost_usd,
        "fallback": {"policy": list(policy) if isinstance(policy, tuple) else policy, "by": exchange.fallback_by},
        "retries": reply.retries,
        "retry_of": exchange.retry_of,
        "source": exchange.source,
        "timing": {"first_token_ms": reply.first_token_ms, "total_ms": reply.total_ms},
        "request_id": reply.request_id,
        "message_id": reply.message_id,
        "base_url": exchange.base_url,
        "error": exchange.error.as_json() if exchange.error else None,
        **(exchange.item.as_json() if exchange.item else {}),
    }


# What happens while an exchange runs, in the order `on_event` is called; `--output jsonl` prints the same. Named
# tuples, because they are made for every piece of text and cost less at start-up than dataclasses.


class Started(NamedTuple):
    """The request is about to leave."""

    exchange: Exchange


class TextWritten(NamedTuple):
    """A piece of the answer, with the model as known then (None: the response has not named one)."""

    model: str | None
    text: str


class ThinkingWritten(NamedTuple):
    """A piece of the thinking summary."""

    text: str


class HandedOver(NamedTuple):
    """`source` declined, or (`error`) could not be had, and `target` goes on; `in_text`: after text that stands."""

    source: str | None
    target: str | None
    category: str | None
    in_text: bool
    error: str | None = None

    @property
    def why(self) -> str:
        """Why `source` did not answer, in the words of stderr: `declined: CATEGORY` or `skipped: ERROR`."""
        return f"skipped: {self.error}" if self.error else f"declined: {self.category or NO_CATEGORY}"


class Withdrawn(NamedTuple):
    """The text so far is not part of the answer: its model declined."""

    model: str | None
    text: str


class Retrying(NamedTuple):
    """The request is sent again after `seconds`, for the given reason; `attempt` counts from 1."""

    attempt: int
    seconds: float
    reason: str

    @property
    def words(self) -> str:
        """What is noted of it, in one line."""
        return f"{self.reason}; retrying in {self.seconds:.1f} s (retry {self.attempt})"


class Noted(NamedTuple):
    """Something the user should know, in one line."""

    text: str


class Finished(NamedTuple):
    """The exchange is over; this decides."""

    exchange: Exchange


ExchangeEvent = Started | TextWritten | ThinkingWritten | HandedOver | Withdrawn | Retrying | Noted | Finished
