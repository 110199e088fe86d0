"""What the relay shows of a connection: a copy to an observer; to a holder everything that it may hold back."""

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
    """Decides which responses of a connection pass on (`--hold`). It is called with each request and with every byte,
    before the observer."""

    def request(self, head: Head) -> None:
        """The head of a request that was passed on."""

    def response(self, data: bytes) -> None:
        """Bytes from the upstream."""

    def ended(self, done: Callable[[], None]) -> None:
        """No more will come; call `done`, which ends the client's side, once all that is held has been decided."""


class Observer(Protocol):
    """Gets a copy of what passes on one connection, in order, after it was passed on."""

    def request(self, head: Head) -> None:
        """The head of a request."""

    def request_body(self, piece: bytes) -> None:
        """A piece of its body, without framing."""

    def request_over(self) -> None:
        """The request is whole."""

    def response(self, data: bytes) -> None:
        """Bytes from the upstream, cut anywhere."""

    def ended(self, how: ConnectionEnd, words: str) -> None:
        """The connection is over."""

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
