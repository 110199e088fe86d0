"""Exchanges to show, hand-made and judged, and a terminal to show them on."""

import fcntl
import os
import struct
import termios
import threading
import time
from typing import Any, BinaryIO

import pyte

from avow.errors import Failure
from avow.exchange.exchange import Exchange, ExchangeEvent, Question, Reply, Status
from avow.exit_codes import ExitCode
from avow.routing.judge import judge
from avow.routing.verdict import Attempt, Evidence, Hop, Outcome, RequestFacts, Routing, Segment, Verdict
from avow.terminal.screen import Screen
from avow.wire.message import whole
from tests.changing import changed

FABLE, OPUS = "claude-fable-5", "claude-opus-4-8"
HOSTILE = (
    "a\x1b[31mred\x1b]52;c;ZXZpbA==\x07\x1b]0;title\x1b\\\x9b2J\x9d8;;http://evil\x9c\u202eevil\u2066\x00\x7f\x08"
    "\r[bold]x[/bold] [/] \U000e0041 &#x202e; &#27;[2J [link](http://ok/%1b%5b2J%E2%80%AE) <http://e/%E2%80%AE>"
)
"""Text that does everything to a terminal that text can do."""


def exchange(**changes: Any) -> Exchange:
    """An exchange whose answer came as requested, but for `changes`."""
    whole_one = Exchange(
        id="01980000-0000-7000-8000-000000000001",
        conversation_id="01980000-0000-7000-8000-000000000002",
        created_at="2026-11-23T17:00:00.123Z",
        requested_model=FABLE,
        status=Status.COMPLETE,
        number=12,
        exit_code=ExitCode.OK,
        routing=Routing(
            verdict=Verdict.AS_REQUESTED,
            served_model=FABLE,
            hops=(Hop(FABLE, Outcome.SERVED, usage={"input_tokens": 10, "output_tokens": 20}, cost_usd=0.0012),),
            evidence=(Evidence("model", FABLE, "weak"),),
            segments=(Segment(FABLE, "An answer."),),
        ),
        question=Question(prompt="Why?"),
        reply=Reply(
            usage={"input_tokens": 1234, "output_tokens": 56},
            cost_usd=0.0012,
            cost_floor_usd=0.0012,
            first_token_ms=412,
            total_ms=3120,
            request_id="req_1",
            message_id="msg_1",
        ),
        base_url="https://api.anthropic.com",
    )
    return changed(whole_one, **changes)


def judged(*messages: dict[str, Any], host: str = "api.anthropic.com", **changes: Any) -> Exchange:
    """An exchange of one attempt for each message of the API, judged as the program does it."""
    attempts = [Attempt(message.get("sent", FABLE), whole(message)) for message in messages]
    return exchange(routing=judge(RequestFacts(FABLE, host=host), attempts), **changes)


def message(model: str | None = FABLE, text: str = "An answer.", **more: Any) -> dict[str, Any]:
    """A message of the API."""
    content = [{"type": "text", "text": text}] if text else []
    body = {"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn", **more}
    return {**body, "model": model} if model else body


def handover(source: str, target: str, category: str | None) -> dict[str, Any]:
    """A `fallback` block."""
    trigger = {"type": "refusal", "category": category}
    return {"type": "fallback", "from": {"model": source}, "to": {"model": target}, "trigger": trigger}


FELL_BACK = judged(
    message(
        OPUS,
        content=[handover(FABLE, OPUS, "frontier_llm"), {"type": "text", "text": "An answer."}],
        usage={
            "input_tokens": 10,
            "output_tokens": 20,
            "iterations": [
                {"type": "message", "model": FABLE, "input_tokens": 10, "output_tokens": 0},
                {"type": "fallback_message", "model": OPUS, "input_tokens": 10, "output_tokens": 20},
            ],
        },
    ),
    exit_code=10,
)
HANDED_OVER = judged(
    message(
        OPUS,
        content=[
            {"type": "text", "text": "First. "},
            handover(FABLE, OPUS, "cyber"),
            {"type": "text", "text": "Then."},
        ],
    ),
    exit_code=10,
)
STICKY = judged(
    message(OPUS, usage={"iterations": [{"type": "fallback_message", "model": OPUS}]}),
    exit_code=10,
)
REFUSED = judged(
    message(text="", stop_reason="refusal", stop_details={"type": "refusal", "category": None}),
    status=Status.REFUSED,
    exit_code=11,
)
SUBSTITUTED = judged(message("claude-sonnet-5"), exit_code=12)
UNNAMED = judged(message(None), exit_code=13)
UNKNOWN_NAME = judged(message("prod-claude"), host="gateway.example", exit_code=13)
CUT = exchange(
    status=Status.INCOMPLETE,
    exit_code=7,
    error=Failure("stream_ended", None, "the stream ended before the answer did"),
    routing=exchange().routing._replace(verdict=Verdict.UNVERIFIED),
)
FAILED = exchange(
    status=Status.FAILED,
    exit_code=5,
    error=Failure("overloaded_error", 529, "Overloaded", "try again later"),
    routing=Routing(),
)


class Terminal:
    """A pseudo-terminal: `stdout` and `stderr` are its far end, `raw()` all that was written to it."""

    def __init__(self, columns: int = 100, lines: int = 30) -> None:
        self.columns, self.lines = columns, lines
        self._ours, theirs = os.openpty()
        self.resize(columns, lines, theirs)
        self.stdout: BinaryIO = os.fdopen(theirs, "wb", closefd=True)
        self.stderr: BinaryIO = os.fdopen(os.dup(theirs), "wb", closefd=True)
        self._taken = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def resize(self, columns: int, lines: int, descriptor: int | None = None) -> None:
        """Make it another size."""
        self.columns, self.lines = columns, lines
        where = self.stdout.fileno() if descriptor is None else descriptor
        fcntl.ioctl(where, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def screen(self, *, environ: dict[str, str] | None = None, **settings: Any) -> Screen:
        """Both streams on this terminal."""
        screen = Screen.for_process(self.stdout, self.stderr, {"TERM": "xterm-256color", **(environ or {})})
        screen.configure(**settings)
        return screen

    def raw(self) -> str:
        """Close it, and all that was written to it, as UTF-8; surrogates stand for what is none."""
        if self._reader.is_alive():
            self.stdout.close()
            self.stderr.close()
            self._reader.join(10)
            os.close(self._ours)
        return self._taken.decode("utf-8", "surrogateescape").replace("\r\n", "\n")

    def so_far(self, expected: str, *, after: str = "") -> str:
        """What was written until now; waits until `expected` is in it, `after` the last of that, for a minute at
        most."""
        until = time.monotonic() + 60
        while True:
            written = self._taken.decode("utf-8", "surrogateescape")
            if expected in written.rpartition(after)[2] if after else expected in written:
                return written
            if time.monotonic() > until:
                return written
            time.sleep(0.01)

    def shown(self) -> list[str]:
        """Close it, and the lines one sees at the end, what has scrolled off included."""
        raw = self.raw()
        picture = pyte.HistoryScreen(self.columns, self.lines, history=10_000)
        pyte.Stream(picture).feed(raw.replace("\n", "\r\n"))
        gone = ["".join(row[n].data for n in range(self.columns)) for row in picture.history.top]
        return [line.rstrip() for line in [*gone, *picture.display]]

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:
                return
            if not data:
                return
            self._taken += data


def feed(watch: Any, *happenings: ExchangeEvent) -> None:
    """Let it watch these."""
    for event in happenings:
        watch(event)
