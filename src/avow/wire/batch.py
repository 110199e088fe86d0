"""Message Batches: limits, states, how a batch is recognised, what a line of results says. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from avow.errors import ExchangeError, Failure, NotAnAnswer
from avow.exit_codes import ExitCode
from avow.wire.body import is_message, message_of, struck_blocks, whole_problem
from avow.wire.failure import rejection
from avow.wire.json_value import JsonObject, obj, text, whole
from avow.wire.message import Message
from avow.wire.names import NamedModel
from avow.wire.request import encoded
from avow.wire.secret import Secrets, SecretStream

PATH = "/v1/messages/batches"
MOST_ITEMS = 100_000
MOST_BYTES = 256_000_000
"""What one batch may hold: items, and bytes of its request."""

HEAD, JOINT, TAIL = b'{"requests":[', b",", b"]}"

_NOT_TAKEN = ("speed", "store", "previous_thread_event_id", "cache_hint", "context_hint")
_NOT_SENT = ("stream", "fallbacks")
_PORTS = {"https": 443, "http": 80}


class BatchState(NamedTuple):
    """The state of a batch. `status` is the API's `processing_status`; `items` is how many items it has, `processing`
    how many of them the API has not finished: all of them, until the whole batch has ended."""

    id: str
    status: str
    created_at: str
    items: int
    processing: int
    results_url: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, cancelled or not."""
        return self.status == "ended"


class BatchMark(NamedTuple):
    """The newest batch before another one was made; its fields are None where there was no batch."""

    id: str | None
    created_at: str | None


class BatchPage(NamedTuple):
    """A page of the list of batches, newest first."""

    states: tuple[BatchState, ...]
    has_more: bool


def state_of(body: object) -> BatchState | None:
    """The batch that an object describes; None where it does not describe one."""
    value = obj(body)
    counts = {name: whole(n) or 0 for name, n in obj(value.get("request_counts")).items()}
    batch_id, status = text(value.get("id")), text(value.get("processing_status"))
    if not batch_id or not status:
        return None
    created = text(value.get("created_at")) or ""
    url = text(value.get("results_url"))
    return BatchState(batch_id, status, created, sum(counts.values()), counts.get("processing", 0), url)


def page_of(body: JsonObject) -> BatchPage | None:
    """A page of a list; None where the object is not such a page."""
    data = body.get("data")
    if not isinstance(data, list):
        return None
    states = [state for one in data if (state := state_of(one)) is not None]
    return BatchPage(tuple(states), body.get("has_more") is True and bool(states))


def mark_of(page: BatchPage) -> BatchMark:
    """The mark for the newest batch of the first page of the list."""
    return BatchMark(page.states[0].id, page.states[0].created_at) if page.states else BatchMark(None, None)


def newer(states: Sequence[BatchState], mark: BatchMark) -> tuple[list[BatchState], bool]:
    """Those of `states` (the newest first) that were made after `mark`, and whether all that follow are older."""
    found: list[BatchState] = []
    for state in states:
        if mark.id is not None and (state.id == mark.id or _is_older(state, mark)):
            return found, True
        found.append(state)
    return found, False


def recognised(newer_ones: Sequence[BatchState], items: int, taken: frozenset[str]) -> BatchState | None:
    """The batch that was created although the response was lost: the oldest of `newer_ones` (newest first) that has as
    many items and whose id is not in `taken`. Only its results can confirm it, by their `custom_id`."""
    fitting = [state for state in newer_ones if state.items == items and state.id not in taken]
    return fitting[-1] if fitting else None


def _is_older(state: BatchState, mark: BatchMark) -> bool:
    try:
        return datetime.fromisoformat(state.created_at) < datetime.fromisoformat(mark.created_at or "")
    except (TypeError, ValueError):
        return False


# -- what is sent -------------------------------------------------------------------------------------------------


def item(custom_id: str, body: JsonObject) -> bytes:
    """One item as the request has it, JSON in UTF-8. `body` is that of a message; fields that batches do not need are
    left out."""
    params = {name: value for name, value in body.items() if name not in _NOT_SENT}
    return encoded({"custom_id": custom_id, "params": params})


def fits(items: int, size: int, another: int) -> bool:
    """Whether one more item, of `another` bytes, fits into a batch that has `items` of `size` bytes."""
    around = len(HEAD) + len(TAIL) + len(JOINT) * items
    return items < MOST_ITEMS and around + size + another <= MOST_BYTES


def not_taken(body: JsonObject) -> str | None:
    """The field of a message's body that batches refuse, if there is one."""
    named = next((name for name in _NOT_TAKEN if body.get(name) not in (None, False)), None)
    return "max_tokens" if named is None and body.get("max_tokens") == 0 else named


def path_of(batch_id: str, *rest: str) -> str:
    """The path of a batch, or of what is below it."""
    return "/".join((PATH, quote(batch_id, safe=""), *rest))


# -- what comes back ----------------------------------------------------------------------------------------------


def results_at(base_url: str, state: BatchState) -> tuple[str, str | None]:
    """The address to fetch the results from, and the host that the batch names, if it is another one: avow sends the
    key only to the origin of the base URL, and asks there for the results."""
    own = base_url.rstrip("/") + path_of(state.id, "results")
    if state.results_url is None:
        return own, None
    said = _origin(state.results_url)
    return (state.results_url, None) if said == _origin(base_url) and said else (own, _shown(state.results_url))


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return None if parts.username or parts.password else (parts.scheme, parts.hostname or "", port)


def _shown(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an address without a host"
    except ValueError:
        return "an address that is not valid"


class BatchResult(NamedTuple):
    """The result of an item: a message or an error."""

    message: Message | None
    error: ExchangeError | None


def result_of(result: JsonObject, repeated: Sequence[NamedModel] = ()) -> BatchResult:
    """What a line of results says, from its `result`; `repeated` as in `parse_naming`. An unknown type, or a result
    without its message, is an error."""
    kind, message = text(result.get("type")), obj(result.get("message"))
    if kind == "succeeded" and is_message(message):
        usage = obj(message.get("usage"))
        if usage and usage.get("service_tier") is None:  # the price depends on it, and here it is known
            message = {**message, "usage": {**usage, "service_tier": "batch"}}
        whole = message_of(struck_blocks(message, SecretStream(Secrets())), repeated, 200)
        return BatchResult(whole, whole_problem(whole, 200, {}))
    if kind == "errored":
        said = rejection(obj(result.get("error")), None, {})
        words = f"{said.failure.type}: {said.failure.message}"
        failure = Failure("errored", None, words)
        return BatchResult(None, ExchangeError(failure, said.exit_code, request_id=said.request_id, hint=said.hint))
    if kind == "canceled":
        return BatchResult(
            None, ExchangeError(Failure(kind, None, "the batch was cancelled before it was asked"), _OTHER)
        )
    if kind == "expired":
        return BatchResult(None, ExchangeError(Failure(kind, None, "the batch expired before it was asked"), _OTHER))
    return no_result(f"the batch's result is of a type that is not known ({kind})")


def no_result(words: str) -> BatchResult:
    """The result of an item for which the batch has none that can be used; `words` say why."""
    return BatchResult(None, NotAnAnswer(Failure("not_an_answer", None, words), _OTHER))


_OTHER = ExitCode.UNAVAILABLE


class LineSplitter:
    """Splits bytes at line feeds only (JSON may contain U+2028). What follows after more than `longest` bytes of a line
    is dropped, so that such a line is longer than `longest` and not whole."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that `data` completes, without their ends."""
        *ended, rest = data.split(b"\n")
        for line in ended:
            yield self._joined(line)
        self._hold(rest)

    def end(self) -> bytes:
        """The last line, which has no line feed; empty where there is none."""
        return self._joined(b"")

    def _hold(self, piece: bytes) -> None:
        if piece and self._size <= self._longest:
            self._held.append(piece)
            self._size += len(piece)

    def _joined(self, piece: bytes) -> bytes:
        self._hold(piece)
        line = b"".join(self._held)
        self._held, self._size = [], 0
        return line
