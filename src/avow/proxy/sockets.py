"""What the relay needs of sockets and asyncio does not offer: a port of its own, and a connection that is reset."""

import asyncio
import contextlib
import os
import socket
import struct

ADDRESS = "127.0.0.1"
BUFFER = 64 * 1024
"""How many bytes may wait for a slow reader before the other side is not read any more."""

_MOST_AT_ONCE = 256 * 1024


def listen(port: int = 0) -> socket.socket:
    """A listening socket on this machine alone, on a free port where `port` is 0. Raises OSError for a port in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Only past connections may still use the port; elsewhere this would let two listeners share it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif exclusive := getattr(socket, "SO_EXCLUSIVEADDRUSE", None):
            listener.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        listener.bind((ADDRESS, port))
        listener.listen(256)
    except BaseException:
        listener.close()
        raise
    return listener


def reset(transport: asyncio.Transport) -> None:
    """End the connection with a reset: without one, a body that was cut off would look whole."""
    opened = transport.get_extra_info("socket")
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class ReceiveBuffer:
    """The memory that all connections of one event loop read into, one after the other: what arrives is copied out
    before the next read. asyncio itself takes 256 KiB from the system for each read, and gives it back."""

    __slots__ = ("view",)

    def __init__(self) -> None:
        self.view = memoryview(bytearray(_MOST_AT_ONCE))


class BufferedConnection(asyncio.BufferedProtocol):
    """A connection that reads into a `ReceiveBuffer`, and gives what arrived to `data_received`."""

    def __init__(self, memory: ReceiveBuffer) -> None:
        self._memory = memory

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by asyncio before a read."""
        del sizehint
        return self._memory.view

    def buffer_updated(self, nbytes: int) -> None:
        """Called by asyncio after a read."""
        self.data_received(bytes(self._memory.view[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Take the bytes that arrived."""
        raise NotImplementedError


class ReadControl:
    """Whether a transport is read: only while no reason to pause is set."""

    __slots__ = ("_reasons", "transport")

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._reasons: set[str] = set()

    def pause(self, why: str) -> None:
        """Stop reading until `resume` is called for this reason and for all others."""
        if self.transport is not None and not self._reasons and not self.transport.is_closing():
            self.transport.pause_reading()
        self._reasons.add(why)

    def resume(self, why: str) -> None:
        """Remove a reason, if it was set."""
        if why in self._reasons:
            self._reasons.discard(why)
            if self.transport is not None and not self._reasons and not self.transport.is_closing():
                self.transport.resume_reading()
