"""The secrets of a request, struck out of all that comes back, whatever the pieces and the form it comes in."""

import re
from collections.abc import Iterable, Iterator, Sequence

from avow.values import NamedTuple
from avow.wire.events import (
    BlockStarted,
    BlockStopped,
    Event,
    InputJsonArrived,
    Pinged,
    TextArrived,
    ThinkingArrived,
)
from avow.wire.secret_forms import (
    ESCAPES,
    encoded_forms,
    escaped_hint,
    folded,
    hint,
    plain_forms,
    quick_form,
    unended,
)

STRUCK = "•••"
SHORTEST = 8
"""Shorter values (in characters) are not struck out: any answer may contain them."""

_MOST_KEPT = 64 * 1024


class _SecretSpans(NamedTuple):
    """Where secrets stand in a text, as indexes of its characters. `spans` are (begin, end) of whole ones, in order. At
    `start` one may begin that goes on after the text's end; `over`: the text has more of it than may be shown. From
    `size` on there is only the beginning of an escape. Where there is none, `start` and `size` are the text's
    length."""

    spans: Sequence[tuple[int, int]]
    start: int
    over: bool
    size: int


class Secrets:
    """Strings that nothing may show, found also where they are escaped or encoded. Those with fewer than `SHORTEST`
    characters do not count."""

    __slots__ = ("_beginnings", "_endings", "_hints", "_values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        given = {value for value in values if len(value) >= SHORTEST}
        kept = {plain.text for value in given for plain in plain_forms(value) if len(plain.text) >= SHORTEST}
        # `Bearer KEY` is found where the key is.
        least = (value for value in given if not any(other in value for other in given - {value}))
        kept |= {form for value in least for form in encoded_forms(value)}
        self._values = tuple(sorted(kept, key=len, reverse=True))
        self._beginnings = tuple({value[:SHORTEST] for value in self._values})
        self._endings: dict[str, tuple[str, ...]] = {}
        self._hints: list[re.Pattern[str]] = []

    def __bool__(self) -> bool:
        return bool(self._values)

    def __repr__(self) -> str:
        return f"Secrets({len(self._values)})"

    def text(self, text: str) -> str:
        """`text` with `STRUCK` in the place of each secret."""
        return _without(text, self.look(text).spans) if self._values else text

    def data(self, data: bytes) -> bytes:
        """The same for bytes, which may be JSON."""
        if not self._values:
            return data
        return self.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def chunks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same for bytes that come in pieces; what may be the beginning of a secret waits for the next piece."""
        if not self._values:
            yield from chunks
            return
        stream = SecretStream(self)
        for chunk in chunks:
            if data := stream.data(chunk):
                yield data
        if rest := stream.end():
            yield rest.encode()

    def may_begin(self, text: str) -> int:
        """The first index at which a secret may begin in `text`, -1 for most texts. Quick, because an answer has
        thousands of pieces; `look` is exact."""
        if not self._values:
            return -1
        plain = quick_form(text)
        if plain is not None:
            place = self._begins(plain)
            if place < 0 or len(plain) == len(text):
                return place
        self._hints = self._hints or [re.compile(hint(self._values)), re.compile(escaped_hint(self._values))]
        text = folded(text)
        return min((match.start() for pattern in self._hints if (match := pattern.search(text))), default=-1)

    def _begins(self, plain: str) -> int:
        """The first index at which a secret begins in a plain form, or may begin at its end; -1 where none does."""
        if len(plain) >= SHORTEST:
            for beginning in self._beginnings:
                if beginning in plain:
                    return min(place for place in map(plain.find, self._beginnings) if place >= 0)
        endings = (self._endings or self._with_endings()).get(plain[-1:])
        if endings is None or not plain.endswith(endings):
            return -1
        return len(plain) - max(len(ending) for ending in endings if plain.endswith(ending))

    def _with_endings(self) -> dict[str, tuple[str, ...]]:
        """All parts of `_beginnings` that a text may end with, by their last character."""
        for beginning in self._beginnings:
            for size in range(1, SHORTEST):
                last = beginning[size - 1]
                self._endings[last] = (*self._endings.get(last, ()), beginning[:size])
        return self._endings

    def look(self, text: str, first: int = 0) -> _SecretSpans:
        """Where secrets stand in `text`; none begins before the index `first`."""
        size = unended(text)
        spans: list[tuple[int, int]] = []
        start, over = size, False
        for plain in plain_forms(text[first:size]):
            places = [span for value in self._values for span in _places(plain.text, value)]
            spans += [(first + plain.original(begin), first + plain.original(end)) for begin, end in places]
            after = max((end for _begin, end in places), default=0)
            begun, most = max((_begun(plain.text, value, after), -most_seen(value)) for value in self._values)
            if begun:
                start, over = min(start, first + plain.original(len(plain.text) - begun)), over or begun > -most
        return _SecretSpans(_merged(spans), start, over, size)


class SecretStream:
    """A text in pieces, with secrets struck out also where they are spread over pieces. At most the first `most_seen`
    characters of a secret are passed on before it is recognised."""

    __slots__ = ("_held", "_over", "_secrets", "_seen")

    def __init__(self, secrets: Secrets, before: str = "") -> None:
        """`before`: the `tail` of the text that this one continues."""
        self._secrets = secrets
        self._seen = before  # was passed on, and may be the beginning of a secret
        self._held = ""
        self._over = False

    def feed(self, piece: str) -> str:
        """What of the text so far may be passed on now, with secrets struck out."""
        text, done = self._seen + self._held + piece, len(self._seen)
        place = self._secrets.may_begin(text)
        if place < 0 or (place == len(text) - 1 and text[-1] not in ESCAPES):
            self._seen, self._held = text[place:] if place >= 0 else "", ""
            return text[done:] if done else text
        while place and text[place - 1] == "\\":
            place -= 1  # the escape begins with the first of its backslashes
        spans, start, over, size = self._secrets.look(text, place)
        if len(text) - start > _MOST_KEPT:
            start, over = len(text), False
        cut = max(start if over else size, done, spans[-1][1] if spans else 0)
        self._seen, self._held, self._over = text[start:cut], text[cut:], over
        return _without(text[:cut], spans, done) if spans or cut < len(text) or done else text

    def data(self, piece: bytes) -> bytes:
        """The same for bytes."""
        text = piece.decode("utf-8", "surrogateescape")
        struck = self.feed(text)
        return piece if struck is text else struck.encode("utf-8", "surrogateescape")

    def end(self) -> str:
        """What was held back; `STRUCK` where it is the beginning of a secret and too long to show. More pieces may
        follow."""
        held, self._held = self._held, ""
        self._seen += held
        return STRUCK if held and self._over else held

    @property
    def tail(self) -> str:
        """The end of the text that may be the beginning of a secret, as it was received."""
        return self._seen + self._held


class EventStriker:
    """Strikes secrets out of the events of one stream, also where they are spread over several events."""

    __slots__ = ("_at", "_others", "_secrets", "text")

    def __init__(self, secrets: Secrets, before: str = "") -> None:
        """`before`: the `tail` of the text of an earlier response, which this one may continue."""
        self._secrets = secrets
        self.text = SecretStream(secrets, before)
        self._at = 0
        self._others: dict[tuple[type[Event], int], SecretStream] = {}

    def strike(self, event: Event) -> list[Event]:
        """The events to use instead of `event`: nearly always only `event` itself."""
        if not self._secrets:
            return [event]
        if type(event) is TextArrived:  # faster than the `match`, for nearly all events
            self._at = event.at
            struck = self.text.feed(event.text)
            return [event] if struck is event.text else [TextArrived(event.at, struck)]
        match event:
            case ThinkingArrived(at, piece):
                return [ThinkingArrived(at, self._other(ThinkingArrived, at).feed(piece))]
            case InputJsonArrived(at, piece):
                return [InputJsonArrived(at, self._other(InputJsonArrived, at).feed(piece))]
            case BlockStarted(at, {"type": "text", "text": str(piece)} as block):
                self._at = at
                return [BlockStarted(at, {**block, "text": self.text.feed(piece)})]
            case BlockStopped(at):
                return [*self._others_end(at), event]
            case Pinged():
                return [event]
        return [*self._text_ends(), event]

    def end(self) -> list[Event]:
        """The pieces that were held back, for when the stream has ended."""
        others = [event for _kind, at in list(self._others) for event in self._others_end(at)]
        return [*self._text_ends(), *others]

    def _text_ends(self) -> list[Event]:
        rest = self.text.end()
        return [TextArrived(self._at, rest)] if rest else []

    def _other(self, kind: type[Event], at: int) -> SecretStream:
        stream = self._others.get((kind, at))
        if stream is None:
            stream = self._others[kind, at] = SecretStream(self._secrets)
        return stream

    def _others_end(self, at: int) -> list[Event]:
        ended: list[Event] = []
        for kind in (ThinkingArrived, InputJsonArrived):
            stream = self._others.pop((kind, at), None)
            if stream is not None and (rest := stream.end()):
                ended.append(kind(at, rest))
        return ended


def without_keys(text: str) -> str:
    """The text with every key of the API struck out, whosever it is: for words that a user typed."""
    return re.sub(r"sk-ant-[\w-]{12,}", STRUCK, text) if "sk-ant-" in text else text


def most_seen(value: str) -> int:
    """How many characters at the beginning of a secret may be shown, if a server sends it in pieces."""
    return min(16, len(value) // 4)


def _places(plain: str, value: str) -> Iterator[tuple[int, int]]:
    at = plain.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = plain.find(value, at + len(value))


def _begun(plain: str, value: str, after: int) -> int:
    """With how many characters of `value` the text ends; only what stands from the index `after` on counts."""
    at = plain.find(value[0], max(after, len(plain) - len(value) + 1))
    while at >= 0:
        if value.startswith(plain[at:]):
            return len(plain) - at
        at = plain.find(value[0], at + 1)
    return 0


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _without(text: str, spans: Sequence[tuple[int, int]], done: int = 0) -> str:
    """`text` from the index `done` on, with `STRUCK` in the place of each span."""
    parts: list[str] = []
    at = done
    for begin, end in spans:
        if end > done:
            parts += (text[at:begin], STRUCK)
            at = end
    parts.append(text[at:])
    return "".join(parts)
