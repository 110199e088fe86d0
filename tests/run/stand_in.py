"""A stand-in that answers each prompt as a function says, and keeps what was asked."""

import inspect
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.streams import as_events, sse

MODEL = "claude-fable-5-2"


class Said(NamedTuple):
    """An answer: after `seconds`, this status with these headers, and this body."""

    body: dict[str, Any]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


def message(text: str = "hi", model: str = MODEL, **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
        **more,
    }


def answered(text: str = "hi", *, seconds: float = 0.0, **more: Any) -> Said:
    return Said(message(text, **more), seconds=seconds)


def refused() -> Said:
    details = {"type": "refusal", "category": "cyber"}
    return Said(message("", content=[], stop_reason="refusal", stop_details=details))


def failed(status: int, kind: str, *headers: tuple[str, str]) -> Said:
    return Said({"type": "error", "error": {"type": kind, "message": f"it is {kind}"}}, status, headers)


class StandIn:
    """Answers `POST /v1/messages`; `asked` are the prompts in the order in which they came, `moments` when. `streams`:
    an answer to a request for a stream is one; else it is whole, as some gateways answer."""

    def __init__(self, answer: Callable[[str], Said] | Callable[[str, str], Said], *, streams: bool = False) -> None:
        self.asked: list[str] = []
        self.moments: list[float] = []
        self.most_at_once = self._at_once = 0
        lock, outer = threading.Lock(), self
        takes_model = len(inspect.signature(answer).parameters) == 2

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                content = body["messages"][-1]["content"]
                prompt = content if isinstance(content, str) else content[-1]["text"]
                with lock:
                    outer.asked.append(prompt)
                    outer.moments.append(time.monotonic())
                    outer._at_once += 1
                    outer.most_at_once = max(outer.most_at_once, outer._at_once)
                said = answer(prompt, body["model"]) if takes_model else answer(prompt)  # type: ignore[call-arg]
                if said.seconds:
                    time.sleep(said.seconds)
                with lock:
                    outer._at_once -= 1
                data = json.dumps(said.body).encode()
                self.send_response(said.status)
                kind = dict(said.headers).get("content-type", "application/json")
                if streams and body.get("stream") and said.status == 200:
                    data, kind = sse(*as_events(said.body)), "text/event-stream"
                elif kind == "text/event-stream":
                    data = b"event: error\ndata: " + data + b"\n\n"
                headers = [(name, value) for name, value in said.headers if name != "content-type"]
                for name, value in (("content-type", kind), ("request-id", "req_1"), *headers):
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_arguments: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_arguments: object) -> None:
                return

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
