"""Cuts what a client sends into requests; only heads are changed."""

from typing import Protocol

from avow.proxy import head as heads
from avow.proxy.framing import Body, Chunked, FixedLength
from avow.proxy.head import AccessRule, BadHead, Head, HeadRewrite
from avow.proxy.upgrade import UpgradeWatch


class RequestSink(Protocol):
    """Receives what a client sends, in order."""

    def passed(self, data: bytes) -> None:
        """Bytes to be sent to the upstream."""

    def head(self, head: Head) -> None:
        """A request begins; its head has been passed on, rewritten."""

    def body(self, piece: bytes) -> None:
        """A copy of the payload of a request's body; its bytes have been passed on."""

    def request_over(self) -> None:
        """The request is whole."""


class RequestSplitter:
    """The requests of one connection. `waits`: nothing more is read until the upstream has said whether it changes to
    another protocol; see `answered`."""

    def __init__(self, gate: AccessRule, target: HeadRewrite, passage: RequestSink) -> None:
        self._gate = gate
        self._target = target
        self._passage = passage
        self._held = b""  # of a head that is not whole, or what waits for an upgrade
        self._body: Body | None = None
        self._upgrade: UpgradeWatch | None = None
        self._opaque = False
        self.waits = False

    def take(self, data: bytes) -> None:
        """Pass on all of `data` that may be passed on now, and hold the rest. Raises BadHead and BadFraming; what came
        before the error has been passed on."""
        if self._opaque:
            self._passage.passed(data)
            return
        if self._held:
            data, self._held = self._held + data, b""
        place = 0
        while place < len(data):
            if self._body is not None:
                place = self._take_body(self._body, data, place)
            elif self._upgrade is not None:
                self._held = data[place:]
                self.waits = True
                return
            else:
                end = data.find(b"\r\n\r\n", place + heads.blank_lines(data[place : place + 64])) + 4
                if end < 4 or end - place > heads.LIMIT:
                    if len(data) - place > heads.LIMIT:
                        raise BadHead("a head that does not end")
                    self._held = data[place:]
                    return
                self._take_head(data[place:end])
                place = end

    def answered(self, data: bytes) -> bytes | None:
        """Read what the upstream sends. Once it has said whether it changes to another protocol: the bytes that were
        held, to be taken now."""
        upgraded = None if self._upgrade is None else self._upgrade.feed(data)
        if upgraded is None:
            return None
        self._upgrade = None
        self._opaque = upgraded
        self.waits = False
        held, self._held = self._held, b""
        return held

    def _take_head(self, raw: bytes) -> None:
        head = heads.parse(raw, self._gate)
        self._passage.passed(heads.rewritten(head, self._target))
        self._body = Chunked() if head.length is None else FixedLength(head.length)
        if head.upgrades:
            self._upgrade = UpgradeWatch()
        self._passage.head(head)
        if self._body.over:
            self._request_over()

    def _take_body(self, body: Body, data: bytes, place: int) -> int:
        payload: list[bytes] = []
        end = body.feed(data, place, payload)
        self._passage.passed(data[place:end] if place or end < len(data) else data)
        for piece in payload:
            self._passage.body(piece)
        if body.over:
            self._request_over()
        return end

    def _request_over(self) -> None:
        self._body = None
        self._passage.request_over()
