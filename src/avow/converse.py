"""A plan becomes an exchange: requests are sent, events folded, whoever watches is told, and the end is judged."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol

from avow import chain
from avow.errors import (
    AvowError,
    ExchangeError,
    Failure,
    Interrupted,
    NotAnAnswer,
    ReaderGone,
    Rejected,
    Stalled,
    StreamEnded,
    TimedOut,
)
from avow.exchange import (
    Exchange,
    HandedOver,
    Happening,
    Noted,
    Retrying,
    Started,
    Status,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
    exit_code,
    priced,
)
from avow.exit_codes import ExitCode
from avow.retry import GiveUp, decide
from avow.routing import judge
from avow.verdict import Asked, Attempt
from avow.wire.events import BlockStarted, Event, MessageStarted, TextArrived, ThinkingArrived, decode
from avow.wire.failure import body_is_error, not_an_answer, rejected, rejection, says_fallbacks_unsupported
from avow.wire.json_value import JsonObject, items, mend, mended, obj, parse, text
from avow.wire.message import Message, MessageFold, block_text, whole
from avow.wire.request import Endpoint, Request, betas_for
from avow.wire.sse import EventDecoder

SAVE_EVERY_S = 1.0
LONGEST_ERROR = 1024 * 1024
LONGEST_WHOLE = 64 * 1024 * 1024
"""The most bytes that are read of an error, and of an answer that is not streamed."""
_BOM_PIECES = (b"\xef", b"\xef\xbb", b"\xef\xbb\xbf")
TRUNCATING = frozenset({"max_tokens", "model_context_window_exceeded", "pause_turn", "tool_use", "compaction"})


class Patience(Protocol):
    """How long to wait; the transport has the real one."""

    deadline: float | None

    def passed(self) -> bool: ...


class Response(Protocol):
    """What `send` gives: `headers` are lower-case."""

    status: int
    headers: dict[str, str]

    def chunks(self) -> Iterator[bytes]: ...

    def read(self, limit: int = ...) -> bytes: ...


Send = Callable[[Request], AbstractContextManager[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be asked, and how. `body` is that of the first request; `deadline` a moment of `time.monotonic`."""

    endpoint: Endpoint
    body: JsonObject
    asked: Asked
    policy: chain.Policy = field(default_factory=chain.Policy)
    retries: int = 2
    deadline: float | None = None
    accept_fallback: bool = False
    credit: bool = False
    prices: dict[str, dict[str, float]] = field(default_factory=dict)


def converse(
    plan: Plan,
    exchange: Exchange,
    *,
    send: Send,
    watch: Callable[[Happening], None],
    save: Callable[[Exchange], None] = lambda _exchange: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Exchange:
    """Carry out `plan` and give `exchange` finished; it never raises for what the API or the network did.

    `watch` hears what happens as it happens, all but `Finished`; `save` gets the exchange as far as it came, from
    another thread, at least every second while text arrives. A signal and a closed stdout end it as `interrupted`.
    """
    run = _Run(plan, exchange, send, watch, save, sleep)
    watch(Started(exchange))
    try:
        run.go()
    except Interrupted as stop:
        run.stopped_by(stop.signal_number, "interrupted by a signal")
    except ReaderGone:
        run.stopped_by(13, "stdout was closed")
    except AvowError as error:
        run.failed(error)
    finally:
        run.saver.close()
    return run.result(final=True)


class _Run:
    """One exchange under way."""

    def __init__(
        self,
        plan: Plan,
        exchange: Exchange,
        send: Send,
        watch: Callable[[Happening], None],
        save: Callable[[Exchange], None],
        sleep: Callable[[float], None],
    ) -> None:
        self.plan = plan
        self.exchange = exchange
        self.send = send
        self.watch = watch
        self.sleep = sleep
        self.begun_at = time.monotonic()
        self.lock = threading.Lock()
        self.saver = _Saver(lambda: save(self.result()))
        self.steps = [chain.Step(str(plan.body["model"]), plan.body, credit=plan.credit)]
        self.attempts: list[Attempt] = []
        self.reading = _Reading()
        self.retries = 0
        self.without_fallbacks = False
        self.first_token_ms: int | None = None
        self.request_id: str | None = None
        self.error: ExchangeError | None = None
        self.signal: int | None = None
        self.stop_words = ""

    def go(self) -> None:
        while len(self.attempts) < len(self.steps):
            attempt = self._attempt(self.steps[-1])
            step = chain.next_step(self.plan.policy, self.steps, [*self.attempts, attempt])
            withdrawn = self._settle(attempt, step)
            if withdrawn:
                self.watch(Withdrawn(attempt.model, withdrawn))
            if step is not None:
                self.steps.append(step)
                if step.model != attempt.model:
                    self.watch(_own_hand_over(attempt, step))

    def _settle(self, attempt: Attempt, step: chain.Step | None) -> str:
        """Keep the attempt, and say which of the texts so far are withdrawn: what a refused model wrote stands only
        where the next request goes on from it."""
        message = attempt.message
        refused = message is not None and message.whole and message.stop_reason == "refusal"
        goes_on = step is not None and step.continues
        stands = goes_on and refused and message is not None and chain.may_be_continued(message)
        withdrawn = message.text if refused and message is not None and not stands else ""
        with self.lock:
            if (refused or step is not None) and not goes_on:
                before = [a.message.text for a in self.attempts if a.continued and a.message is not None]
                withdrawn = "".join(before) + withdrawn
                self.attempts = [replace(a, continued=False) for a in self.attempts]
            self.attempts.append(replace(attempt, continued=stands))
            self.reading = _Reading()
        return withdrawn

    def stopped_by(self, number: int, words: str) -> None:
        self.signal, self.stop_words = number, words

    def failed(self, error: AvowError) -> None:
        """The request could not even be made: a setting of the proxy, the address or a header forbids it."""
        failure = Failure("connection", None, error.message)
        self.error = ExchangeError(failure, error.exit_code, hint=error.hint, sent=False)

    # -- one attempt ------------------------------------------------------------------------------------------

    def _attempt(self, step: chain.Step) -> Attempt:
        """The step's request, again where that is allowed, until a message began or all hope is gone."""
        tried = 0
        body = step.body
        while True:
            if self.without_fallbacks:
                body = {key: value for key, value in body.items() if key != "fallbacks"}
            try:
                self._once(step, body)
                self.error = None
                return self._settled(step)
            except ExchangeError as error:
                self.error = error
                self.request_id = error.request_id or self.request_id
                if self.reading.fold.started:
                    return self._settled(step, error.failure)
                if "fallbacks" in body and says_fallbacks_unsupported(error.failure):
                    self.without_fallbacks = True
                    self.watch(Noted("this endpoint does not support `fallbacks`; asked again without it"))
                    continue
                if not self._wait(error, tried):
                    return self._settled(step, error.failure)
                tried += 1

    def _settled(self, step: chain.Step, failure: Failure | None = None) -> Attempt:
        return Attempt(step.model, self.reading.message(), failure, self.reading.headers)

    def _wait(self, error: ExchangeError, tried: int) -> bool:
        """Whether the request is sent again; waits until it is time."""
        headers = error.headers if isinstance(error, Rejected) else {}
        now = time.monotonic()
        decision = decide(
            attempt=tried,
            retries=self.plan.retries,
            status=error.failure.status,
            error_type=error.failure.type,
            error_code=error.code if isinstance(error, Rejected) else None,
            headers=headers,
            elapsed_s=now - self.begun_at,
            deadline_s=None if self.plan.deadline is None else self.plan.deadline - self.begun_at,
            now=time.time(),
            random=random.random(),  # noqa: S311
            sent=error.sent,
            timed_out=isinstance(error, TimedOut | Stalled),
        )
        if isinstance(error, NotAnAnswer) or (isinstance(error, StreamEnded) and self.reading.answering):
            return False
        if isinstance(decision, GiveUp):
            asked = decision.retry_after or 0
            if asked >= 1 and error.exit_code is ExitCode.UNAVAILABLE:
                error.hint = f"the API asks to wait {_duration(asked)}; ask again then"
            return False
        self.retries += 1
        self.watch(Retrying(tried + 1, decision.seconds, decision.reason))
        self.sleep(decision.seconds)
        return True

    def _once(self, step: chain.Step, body: JsonObject) -> None:
        betas = betas_for(body, credit=step.credit)
        request = self.plan.endpoint.request("POST", "/v1/messages", body, betas)
        with self.lock:
            self.reading = _Reading()
        with self.send(request) as response:
            self.reading.headers = dict(response.headers)
            self.request_id = response.headers.get("request-id") or self.request_id
            if response.status >= 400:
                raise rejected(response.status, self.reading.headers, _read_error(response))
            try:
                self._read(response)
            except (StreamEnded, Stalled) as error:
                if not self.reading.fold.started:
                    # Nothing of an answer had come: the API was not reached, whatever its first bytes were.
                    raise type(error)(error.failure, ExitCode.UNREACHABLE, request_id=self.request_id) from None
                raise

    def _read(self, response: Response) -> None:
        """Take in a response of status 2xx: events, or JSON where the body begins like JSON, whatever its headers
        say (gateways ignore `stream`, or name the wrong type)."""
        chunks = response.chunks()
        head = b""
        for chunk in chunks:
            head += chunk
            if head.strip() and head.strip() not in _BOM_PIECES:
                break
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        kind = response.headers.get("content-type", "")
        if not 200 <= response.status < 300:
            raise not_an_answer(response.status, kind, head, self.request_id)
        if start == b"{":
            self.reading.answering = True
            body = bytearray(head)
            for chunk in chunks:
                body += chunk
                if len(body) > LONGEST_WHOLE:
                    break
            self._whole(response, bytes(body))
        elif start in (b"e", b"d", b":", b"i", b"r") or (not start and "event-stream" in kind):
            self._stream(head, chunks, "event-stream" in kind, response.status)
            if not self.reading.fold.started:
                raise not_an_answer(response.status, kind, head, self.request_id)
        else:
            raise not_an_answer(response.status, kind, head, self.request_id)

    def _whole(self, response: Response, data: bytes) -> None:
        try:
            body = parse(data)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not (body_is_error(body) or isinstance(body.get("content"), list)):
            raise not_an_answer(response.status, response.headers.get("content-type", ""), data[:2000], self.request_id)
        if body_is_error(body) and not isinstance(body.get("content"), list):
            raise rejection(body, response.status, self.reading.headers)
        with self.lock:
            self.reading.taken = message = whole(body)
        self._first_token()
        self._tell_whole(message)

    def _tell_whole(self, message: Message) -> None:
        model = message.model
        written = False
        for block in message.content:
            if block.get("type") == "fallback":
                model = text(obj(block.get("to")).get("model"))
                self.watch(_hand_over(block, in_text=written))
            elif piece := block_text(block):
                written = True
                self.watch(TextWritten(model, piece))
            elif block.get("type") == "thinking" and (thought := text(block.get("thinking"))):
                self.watch(ThinkingWritten(thought))

    def _stream(self, head: bytes, chunks: Iterator[bytes], declared: bool, status: int) -> None:
        """Fold events and tell of them. `declared`: the headers said that it is a stream of events."""
        decoder = EventDecoder()
        fold = self.reading.fold
        problem: ExchangeError | None = None
        try:
            for chunk in _after(head, chunks):
                told, problem = self._take_chunk(decoder, chunk)
                self._tell(_joined(told))
                if problem is not None or fold.stopped:
                    break
        except (StreamEnded, Stalled) as error:
            problem = error
        self._tell(self.reading.flushed())
        if fold.error is not None:
            raise rejection(fold.error, status, self.reading.headers)
        if problem is not None:
            raise problem
        if not fold.whole and (fold.started or (declared and not fold.stopped)):
            words = "without saying why the model stopped" if fold.stopped else "before the answer did"
            raise StreamEnded(
                Failure("stream_ended", None, f"the stream ended {words}"),
                ExitCode.INCOMPLETE,
                request_id=self.request_id,
            )

    def _take_chunk(self, decoder: EventDecoder, chunk: bytes) -> tuple[list[Happening], ExchangeError | None]:
        """What the events completed by `chunk` have to tell, and what is wrong with the event after them."""
        told: list[Happening] = []
        with self.lock:
            try:
                for data in decoder.feed(chunk):
                    told += self._take(decode(data))
                    if self.reading.fold.stopped:
                        break
            except NotAnAnswer as error:
                return told, error
        return told, None

    def _tell(self, happenings: list[Happening]) -> None:
        for happening in happenings:
            self._first_token()
            self.watch(happening)
            self.saver.touch()

    def _take(self, event: Event) -> list[Happening]:
        """Fold one event, and what the watcher is to hear of it."""
        reading = self.reading
        fold = reading.fold
        begun = fold.started
        fold.add(event)
        match event:
            case TextArrived(index, piece) if fold.is_kind(index, "text"):
                reading.written = reading.written or bool(piece)
                return reading.joined_with_torn(index, piece)
            case ThinkingArrived(index, piece) if fold.is_kind(index, "thinking"):
                return [ThinkingWritten(mend(piece))]
            case MessageStarted(message):
                reading.model = mend(text(message.get("model")) or "") or reading.model
                if not begun:
                    return [told for block in items(message.get("content")) for told in self._begun(mended(block))]
            case BlockStarted(_index, block):
                return [*reading.flushed(), *self._begun(mended(block))]
        return []

    def _begun(self, block: JsonObject) -> list[Happening]:
        reading = self.reading
        if block.get("type") == "fallback":
            hand_over = _hand_over(block, in_text=reading.written)
            reading.model = hand_over.target
            return [hand_over]
        if piece := block_text(block):
            reading.written = True
            return [TextWritten(reading.model, piece)]
        if block.get("type") == "thinking" and (piece := text(block.get("thinking")) or ""):
            return [ThinkingWritten(piece)]
        return []

    def _first_token(self) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = round((time.monotonic() - self.begun_at) * 1000)

    # -- the exchange as it stands ----------------------------------------------------------------------------

    def result(self, *, final: bool = False) -> Exchange:
        """The exchange as far as it came; `final` decides its status."""
        with self.lock:
            attempts = list(self.attempts)
            under_way = self.reading.message()
            if under_way is not None or (final and len(attempts) < len(self.steps) and self.error):
                failure = self.error.failure if self.error else None
                attempts.append(Attempt(self.steps[-1].model, under_way, failure, self.reading.headers))
        routing, cost, floor = priced(judge(self.plan.asked, attempts), self.plan.prices)
        message = next((a.message for a in reversed(attempts) if a.message is not None), None)
        usage = {k: v for k, v in message.usage.items() if k != "iterations"} if message else {}
        exchange = replace(
            self.exchange,
            routing=routing,
            stop_reason=message.stop_reason if message else None,
            usage=usage or None,
            cost_usd=cost,
            cost_floor_usd=floor,
            retries=self.retries,
            first_token_ms=self.first_token_ms,
            total_ms=round((time.monotonic() - self.begun_at) * 1000),
            request_id=self.request_id,
            message_id=text(message.raw.get("id")) if message else None,
            content=tuple(_content(attempts)),
        )
        return self._ended(exchange, message) if final else exchange

    def _ended(self, exchange: Exchange, message: Message | None) -> Exchange:
        status, failed_with, error = self._status(message)
        code = exit_code(status, exchange.verdict, accept_fallback=self.plan.accept_fallback, failed_with=failed_with)
        if status is Status.INTERRUPTED and self.signal is not None:
            return replace(exchange, status=status, error=error, signal=self.signal, exit_code=128 + self.signal)
        hint = self.error.hint if self.error and error else None
        return replace(exchange, status=status, error=error, exit_code=int(code), hint=hint)

    def _status(self, message: Message | None) -> tuple[Status, ExitCode | None, Failure | None]:
        if self.signal is not None:
            return Status.INTERRUPTED, None, Failure("interrupted", None, self.stop_words)
        failure = self.error.failure if self.error else None
        if message is None:
            return Status.FAILED, self.error.exit_code if self.error else None, failure
        if not message.whole:
            return Status.INCOMPLETE, None, failure
        if message.stop_reason == "refusal":
            return Status.REFUSED, None, None
        if message.stop_reason in TRUNCATING:
            return Status.TRUNCATED, None, None
        return Status.COMPLETE, None, None


class _Reading:
    """One response as it comes in."""

    def __init__(self) -> None:
        self.fold = MessageFold()
        self.taken: Message | None = None
        self.headers: dict[str, str] = {}
        self.model: str | None = None
        self.written = False
        self.answering = False  # a body that is no stream has begun to come
        self._torn: tuple[int, str, str | None] | None = None

    def message(self) -> Message | None:
        return self.taken if self.taken is not None else self.fold.message()

    def joined_with_torn(self, index: int, piece: str) -> list[Happening]:
        """A piece of text with surrogate pairs made whole: the first half of one waits for the piece of the same
        block that has the second."""
        told: list[Happening] = []
        if self._torn is not None:
            if self._torn[0] == index:
                piece = self._torn[1] + piece
                self._torn = None
            else:
                told = self.flushed()
        if "\ud800" <= piece[-1:] <= "\udbff":
            self._torn = (index, piece[-1:], self.model)
            piece = piece[:-1]
        return [*told, TextWritten(self.model, mend(piece))] if piece else told

    def flushed(self) -> list[Happening]:
        """The half of a surrogate pair whose other half never came, replaced."""
        torn, self._torn = self._torn, None
        return [TextWritten(torn[2], mend(torn[1]))] if torn is not None else []


class _Saver:
    """Saves what arrived, from a thread of its own: at once at first, then at most every second."""

    def __init__(self, save: Callable[[], None]) -> None:
        self._save = save
        self._touched = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def touch(self) -> None:
        """Something arrived."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._touched.set()

    def close(self) -> None:
        """Save no more; waits for a save under way."""
        self._closed = True
        if self._thread is not None:
            self._touched.set()
            self._thread.join()

    def _run(self) -> None:
        saved = time.monotonic()
        while not self._closed:
            self._touched.wait()
            self._touched.clear()
            while not self._closed and (left := saved + SAVE_EVERY_S * 0.8 - time.monotonic()) > 0:
                self._touched.wait(left)
                self._touched.clear()
            if not self._closed:
                self._save()
                saved = time.monotonic()


def _read_error(response: Response) -> bytes:
    """The body of an error; what came of it where it breaks off: its status says enough."""
    body = bytearray()
    try:
        for chunk in response.chunks():
            body += chunk
            if len(body) > LONGEST_ERROR:
                break
    except (StreamEnded, Stalled):
        pass
    return bytes(body[:LONGEST_ERROR])


def _own_hand_over(attempt: Attempt, step: chain.Step) -> HandedOver:
    category = text(attempt.message.stop_details.get("category")) if attempt.message else None
    error = attempt.failure.type if attempt.message is None and attempt.failure else None
    return HandedOver(attempt.model, step.model, category, in_text=step.continues, error=error)


def _hand_over(block: JsonObject, *, in_text: bool) -> HandedOver:
    return HandedOver(
        text(obj(block.get("from")).get("model")),
        text(obj(block.get("to")).get("model")),
        text(obj(block.get("trigger")).get("category")),
        in_text,
    )


def _joined(happenings: list[Happening]) -> list[Happening]:
    """Neighbouring pieces of text or thinking as one: a chunk of the network is written at once."""
    joined: list[Happening] = []
    pieces: list[str] = []
    for happening in happenings:
        last = joined[-1] if joined else None
        match happening, last:
            case (TextWritten(model, piece), TextWritten(before, _)) if model == before:
                pieces.append(piece)
                continue
            case (ThinkingWritten(piece), ThinkingWritten(_)):
                pieces.append(piece)
                continue
        _close(joined, pieces)
        joined.append(happening)
        pieces = [happening.text] if isinstance(happening, TextWritten | ThinkingWritten) else []
    _close(joined, pieces)
    return joined


def _close(joined: list[Happening], pieces: list[str]) -> None:
    if len(pieces) > 1 and isinstance(last := joined[-1], TextWritten | ThinkingWritten):
        joined[-1] = replace(last, text="".join(pieces))


def _after(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _content(attempts: list[Attempt]) -> list[JsonObject]:
    """The blocks of the answer as received: those of the last message, after those it went on from."""
    with_message = [attempt for attempt in attempts if attempt.message is not None]
    kept: list[JsonObject] = []
    for attempt in with_message:
        kept = [*kept, *attempt.message.content] if attempt.message else kept
        if attempt is not with_message[-1] and not attempt.continued:
            kept = []
    return kept


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
