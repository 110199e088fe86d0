"""A collector on loopback: keeps every span it acknowledged, and fails in the ways it is told to."""

import base64
import copy
import gzip
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

BEFORE, UNANSWERED, HALF, REFUSE = "dies before reading", "dies after reading", "half an answer", "refuse"
Plan = str | int | tuple[int, dict[str, str], bytes]
"""How one request fares: a way of dying, a status, or status, headers and body. A status of 200 takes the spans."""


class Collector:
    """`plans` are for the first requests, in order; then all are taken. `poison` refuses with 400 each request that
    holds a span whose attribute `avow.id` is one of these. With `tls` it is reached over https."""

    def __init__(
        self,
        *plans: Plan,
        poison: frozenset[str] = frozenset(),
        always: Plan | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.plans = list(plans)
        self.poison = poison
        self.always = always
        self.taken: list[dict[str, Any]] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self._lock = threading.Lock()
        owner = self

        class Receiver(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                owner.receive(self)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def receive(self, request: BaseHTTPRequestHandler) -> None:
        """One request, by its plan."""
        with self._lock:
            plan = self.plans.pop(0) if self.plans else self.always if self.always is not None else 200
        request.close_connection = True
        if plan == BEFORE:
            return
        body = request.rfile.read(int(request.headers["content-length"]))
        if request.headers["content-encoding"] == "gzip":
            body = gzip.decompress(body)
        spans = spans_in(body, is_protobuf=request.headers["content-type"] == "application/x-protobuf")
        with self._lock:
            self.requests.append((request.path, {key.lower(): value for key, value in request.headers.items()}, body))
        if plan == UNANSWERED:
            return
        if any(attribute(span, "avow.id") in self.poison for span in spans):
            plan = 400
        status, headers, answer = (
            (plan if isinstance(plan, int) else 200, {}, b"{}") if isinstance(plan, int | str) else plan
        )
        if 200 <= status < 300 and plan != HALF:  # who dies while answering may not have kept them
            with self._lock:
                self.taken += spans
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(answer) + (10 if plan == HALF else 0)))
        request.end_headers()
        request.wfile.write(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def ids(self) -> list[str]:
        """The exchanges whose spans it took, by id, once for each time."""
        return [str(found) for span in self.taken if (found := attribute(span, "avow.id")) is not None]


def spans_in(body: bytes, *, is_protobuf: bool = False) -> list[dict[str, Any]]:
    """The spans of a request, after a strict look by the protocol's own definition."""
    value = from_proto(body) if is_protobuf else json.loads(body)
    as_proto(value)
    found = []
    for resource in value["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            found += scope["spans"]
    return found


def as_proto(value: dict[str, Any]) -> ExportTraceServiceRequest:
    """The message; raises for a field that the protocol does not have. OTLP writes ids in hexadecimal digits, where
    protobuf's own JSON has base64."""
    value = copy.deepcopy(value)
    for resource in value["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    message = ExportTraceServiceRequest()
    json_format.ParseDict(value, message)
    for one in (span for r in message.resource_spans for s in r.scope_spans for span in s.spans):
        assert len(one.trace_id) == 16
        assert len(one.span_id) == 8
        assert len(one.parent_span_id) in (0, 8)
        assert one.end_time_unix_nano >= one.start_time_unix_nano > 0
    return message


def from_proto(body: bytes) -> dict[str, Any]:
    """The JSON of a message in protobuf, with ids in hexadecimal digits."""
    value: dict[str, Any] = json_format.MessageToDict(ExportTraceServiceRequest.FromString(body))
    value.setdefault("resourceSpans", [])
    for resource in value["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    span[key] = base64.b64decode(span.get(key, "")).hex()
    return value


def attribute(span: dict[str, Any], key: str) -> Any:
    """A span's attribute as a plain value."""
    for item in span["attributes"]:
        if item["key"] == key:
            ((kind, value),) = item["value"].items()
            return int(value) if kind == "intValue" else value
    return None
