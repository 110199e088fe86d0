"""Runs the relay in a thread of its own, for a program that waits for something else."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from avow.proxy.address import Address
from avow.proxy.observer import Holder, Observer
from avow.proxy.relay import Relay
from avow.proxy.sockets import ADDRESS, listen


class RelayThread:
    """A relay on a port of this machine. It listens from the beginning, and takes connections once started.

    `base_url` is for the client: it holds the secret, and is written nowhere. Raises OSError for a port in use.
    """

    def __init__(
        self,
        address: Address,
        watch: Callable[[], Observer],
        *,
        context: ssl.SSLContext | None = None,
        fault: Callable[[Exception], None] = lambda _error: None,
        without_codings: frozenset[bytes] = frozenset(),
        hold: Callable[[Observer, Callable[[bytes], None]], Holder] | None = None,
        port: int = 0,
    ) -> None:
        secret = token_hex(16)
        self._listener = listen(port)
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://{ADDRESS}:{self.port}/{secret}"
        self.relay = Relay(
            address, secret, watch, context=context, fault=fault, without_codings=without_codings, hold=hold
        )
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take connections from now on."""
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Take no more connections, and wait until every awaited answer has passed."""
        self._do(self.relay.finish())

    def close(self) -> None:
        """End everything at once."""
        if self._thread is None:
            self._listener.close()
            return
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _stop(self) -> None:
        self.relay.stop()
        await asyncio.sleep(0)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self.relay.serve(self._listener))
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
