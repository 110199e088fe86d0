"""The API's own host on this machine: a proxy that takes what is meant for it to a simulator, and nothing further."""

import select
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from avow.simulator.server import RecordedRequest, Simulator
from tests.faults.from_outside import make_certificate

HOST = "api.anthropic.com"


class ApiHost:
    """What goes to `https://api.anthropic.com` comes to a simulator that plays `scenario`, for a process with this
    `environ`: a proxy answers CONNECT for that host alone and speaks TLS in its place. `folder` takes the certificate.
    """

    def __init__(self, folder: Path, scenario: str = "requested") -> None:
        certificate = make_certificate(folder, HOST)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._simulator = Simulator(scenario)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        proxy = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.environ = {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": str(certificate)}
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def requests(self) -> list[RecordedRequest]:
        """What came."""
        return self._simulator.requests

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self._simulator.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        with accepted:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (piece := accepted.recv(1)):  # one at a time: what follows belongs to TLS
                    return
                head += piece
            if not head.startswith(f"CONNECT {HOST}:443 ".encode()):
                accepted.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            accepted.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            with (
                self._tls.wrap_socket(accepted, server_side=True) as client,
                socket.create_connection(("127.0.0.1", self._simulator.port)) as server,
            ):
                _pump(client, server)


def _pump(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Hand on what either side says until one of them ends."""
    while True:
        readable = [client] if client.pending() else select.select([client, server], [], [])[0]
        for one in readable:
            try:
                data = one.recv(65536)
                (server if one is client else client).sendall(data)
            except OSError:
                return
            if not data:
                return
