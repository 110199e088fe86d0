"""What a pipe or a file holds, as answers: a stream, a body, either after HTTP headers, or JSON Lines of several."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn

from avow.errors import ExchangeError, NotAnAnswer, UsageError
from avow.proxy.answer import Answer, AnswerReader, with_refusal
from avow.received.seeming import foreign_stream, seeming
from avow.wire.batch import result_of
from avow.wire.body import (
    BREAKS_OFF,
    LONGEST_BLANK,
    LONGEST_WHOLE,
    begins_events,
    begins_message,
    broke_off,
    is_message,
    message_of,
    whole_problem,
)
from avow.wire.failure import body_is_error, rejected, rejection
from avow.wire.json_value import JsonObject, parse, text
from avow.wire.message import Message, whole
from avow.wire.names import NamedModel, parse_naming
from avow.wire.secret import Secrets
from avow.wire.sse import BOM

_LONGEST_HEAD = 256 * 1024
_STATUS_LINE = re.compile(rb"HTTP/[0-9.]+ ([1-9][0-9]{2})\b[^\r\n]*")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class ReceivedAnswer(NamedTuple):
    """One answer; `item` is its `custom_id`, where it is a result of a batch."""

    answer: Answer
    item: str | None = None


class Intake:
    """Takes in bytes and gives each answer as soon as it is over."""

    def __init__(self) -> None:
        self._held = b""  # of a head, of the first line or of a line, whatever is not understood yet
        self._pieces: list[bytes] = []  # a body of JSON
        self._size = 0
        self._line = 0
        self._status = 200
        self._headers: dict[str, str] = {}
        self._reader: AnswerReader | None = None
        self._start = b""
        self._take = self._begin
        self._over = False

    def feed(self, data: bytes) -> Iterator[ReceivedAnswer]:
        """The answers that `data` completes. Raises UsageError where it is not a response."""
        return self._take(data)

    def end(self) -> Iterator[ReceivedAnswer]:
        """The last one, once no more comes. Raises UsageError where it is not a response."""
        if self._over:
            return
        if self._reader is not None:
            yield ReceivedAnswer(self._of_reader(self._reader))
        elif self._take == self._lines:
            if self._held.strip():
                yield self._of_line(self._held)
        else:
            yield self._of_json(b"".join(self._pieces) or self._held)

    def _begin(self, data: bytes) -> Iterator[ReceivedAnswer]:
        """A head, or the first bytes of a body."""
        self._held += data
        self._held = self._held.removeprefix(BOM) if not self._headers else self._held
        start = self._held.lstrip()
        while start[:5] == b"HTTP/":
            end = _HEAD_END.search(start)
            if end is None:
                if len(start) > _LONGEST_HEAD:
                    _refuse(start)
                return
            self._status, self._headers = _head(start[: end.start()])
            self._held = start[end.end() :]
            start = self._held.lstrip()
        if not start and len(self._held) > LONGEST_BLANK:
            _refuse(b"")
        if not start or b"HTTP/".startswith(start):
            return
        held, self._held = self._held, b""
        if start[:1] in b"{[" or self._status >= 400:
            self._take = self._body
        else:
            is_plain = begins_events(start)  # curl has undone the coding
            headers = {name: v for name, v in self._headers.items() if not (is_plain and name == "content-encoding")}
            self._reader = AnswerReader(self._status, headers, Secrets())
            self._start, self._take = held[:4096], self._stream
        yield from self._take(held)

    def _stream(self, data: bytes) -> Iterator[ReceivedAnswer]:
        if self._over or self._reader is None:
            return
        self._reader.feed(data)
        if self._reader.is_over:
            yield ReceivedAnswer(self._of_reader(self._reader))
            self._over = True

    def _body(self, data: bytes) -> Iterator[ReceivedAnswer]:
        """A body of JSON, until its first line turns out to be whole: then each line is one."""
        self._pieces.append(data)
        self._size += len(data)
        if self._size > LONGEST_WHOLE:
            raise UsageError(f"the response is larger than {LONGEST_WHOLE >> 20} MiB")
        if b"\n" not in data or self._status >= 400:
            return
        held = b"".join(self._pieces)
        self._pieces = [held]
        if not _is_object(held.lstrip().partition(b"\n")[0]):
            self._take = self._whole_body
            return
        self._pieces, self._take = [], self._lines
        yield from self._lines(held)

    def _whole_body(self, data: bytes) -> Iterator[ReceivedAnswer]:
        self._pieces.append(data)
        self._size += len(data)
        if self._size > LONGEST_WHOLE:
            raise UsageError(f"the response is larger than {LONGEST_WHOLE >> 20} MiB")
        return iter(())

    def _lines(self, data: bytes) -> Iterator[ReceivedAnswer]:
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = self._held + lines[0] if self._held else lines[0]
            self._held = rest
        else:
            self._held += rest
            if len(self._held) > LONGEST_WHOLE:
                raise UsageError(f"line {self._line + 1} is larger than {LONGEST_WHOLE >> 20} MiB")
        for line in lines:
            if line and not line.isspace():
                yield self._of_line(line)
            else:
                self._line += 1

    def _of_line(self, line: bytes) -> ReceivedAnswer:
        self._line += 1
        return self._of_json(line, f"line {self._line}: ")

    def _of_reader(self, reader: AnswerReader) -> Answer:
        answer = reader.end(None)
        if answer.message is None:
            if words := foreign_stream(self._start):
                _refuse_as(words)
            if isinstance(answer.error, NotAnAnswer):
                _refuse(self._start)
        return answer

    def _of_json(self, data: bytes, where: str = "") -> ReceivedAnswer:
        """The answer in a body, or in a line of several."""
        if self._status >= 400:
            return self._answer(None, rejected(self._status, self._headers, data))
        try:
            value, repeated = parse_naming(data)
        except ValueError:
            if begins_message(data):
                return self._answer(whole({}, partial=True), broke_off(BREAKS_OFF, self._headers))
            _refuse(data, where)
        if not isinstance(value, dict):
            _refuse(data, where)
        if isinstance(result := value.get("result"), dict) and (item := text(value.get("custom_id"))) is not None:
            return self._of_result(result, repeated, item)
        return self._of_object(value, repeated, data, where)

    def _of_object(self, value: JsonObject, repeated: list[NamedModel], data: bytes, where: str) -> ReceivedAnswer:
        if is_message(value):
            message = message_of(value, repeated, self._status)
            return self._answer(message, whole_problem(message, self._status, self._headers))
        if not body_is_error(value):
            _refuse(data, where, value)
        return self._answer(None, rejection(value, None, self._headers))

    def _of_result(self, result: JsonObject, repeated: list[NamedModel], item: str) -> ReceivedAnswer:
        """A line of a batch's results (the API's documentation, "Retrieving batch results")."""
        found = result_of(result, repeated)
        return self._answer(found.message, found.error, item)

    def _answer(self, message: Message | None, error: ExchangeError | None, item: str | None = None) -> ReceivedAnswer:
        message, error = with_refusal(message, error)
        return ReceivedAnswer(Answer(self._status, self._headers, message, error, True, None, time.monotonic()), item)


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, lower-case and without cookies, of one block; lines that are not headers are passed over."""
    first, *lines = raw.split(b"\n")
    status = _STATUS_LINE.match(first)
    if status is None:
        _refuse(raw)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        key = name.strip().lower()
        if colon and not key.startswith("set-cookie"):
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return int(status[1]), headers


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(parse(line), dict)
    except ValueError:
        return False


def _refuse(data: bytes, where: str = "", value: Mapping[str, object] | None = None) -> NoReturn:
    _refuse_as(seeming(data, value), where)


def _refuse_as(words: str, where: str = "") -> NoReturn:
    raise UsageError(
        f"{where}this is not a Messages API response: it seems to be {words}",
        hint="give a body, a stream, either after its headers (curl -i), or JSON Lines of bodies or of batch results",
    )
