"""What the relay shows of a connection: to an observer a copy, to a holder all that it may keep back."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from avow.proxy.head import Head


class ConnectionEnd(StrEnum):
    """How a connection ended."""

    CLOSED = "closed"
    RESET = "reset"
    CLIENT_LEFT = "client_left"
    UNREACHABLE = "unreachable"


class Holder(Protocol):
    """Stands in the way of a connection's responses, and passes on what may pass (`--hold`). It is told of each request
    and of every byte before the observer is."""

    def request(self, head: Head) -> None:
        """The head of a request that was passed on."""

    def response(self, data: bytes) -> None:
        """Bytes of the upstream."""

    def ended(self, done: Callable[[], None]) -> None:
        """No more will come; `done` ends the client's side, once what is held has been decided."""


class Observer(Protocol):
    """Sees a copy of what passes on one connection, in order, after it was passed on."""

    def request(self, head: Head) -> None:
        """The head of a request."""

    def request_body(self, piece: bytes) -> None:
        """A piece of its body, without the framing."""

    def request_over(self) -> None:
        """The request is whole."""

    def response(self, data: bytes) -> None:
        """Bytes of the upstream, cut anywhere."""

    def ended(self, how: ConnectionEnd, words: str) -> None:
        """The connection is over."""

    @property
    def busy(self) -> bool:
        """Whether an answer is due."""
