"""Writes Claude Code transcripts: `python -m tests.benchmarks.make_transcripts FOLDER [MEGABYTES]`."""

import json
import random
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

WORDS = (
    *("the", "model", "wrote", "a", "test", "and", "then", "read", "its", "output", "which", "said", "that"),
    *("nothing", "was", "lost:", "0", "failed,", "12", "passed"),
)
FABLE, OPUS = "claude-fable-5", "claude-opus-4-8"
FILE_BYTES = 8 * 1024 * 1024


class Session:
    """One session's records, in order. About one answer in fifty is a fallback of the API's own."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.id = str(uuid.UUID(int=chance.getrandbits(128)))
        self.now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(450_000))
        self.parent: str | None = None

    def turn(self) -> Iterator[dict[str, Any]]:
        """A prompt, some rounds of tools, and an answer."""
        yield self._record("user", message={"role": "user", "content": self._prose(30)}, promptId=self._id())
        for _ in range(self.chance.randrange(1, 9)):
            yield from self._message(with_tool=True)
            yield self._tool_result()
        yield from self._message(with_tool=False)

    def _message(self, *, with_tool: bool) -> Iterator[dict[str, Any]]:
        is_fallback = self.chance.random() < 0.02
        blocks: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": self._prose(60), "signature": self._id() * 40},
            {"type": "text", "text": self._prose(50)},
        ]
        iterations: list[dict[str, Any]] = []
        if is_fallback:
            blocks.insert(0, {"type": "fallback", "from": {"model": FABLE}, "to": {"model": OPUS}})
            iterations = [{"type": "message", "model": FABLE}, {"type": "fallback_message", "model": OPUS}]
        if with_tool:
            command = {
                "file_path": "/home/user/notes/a.py",
                "content": self._prose(self.chance.randrange(10, 400)),
            }
            blocks.append({"type": "tool_use", "id": f"toolu_{self._id()}", "name": "Write", "input": command})
        message_id, request_id = f"msg_{self._id()}", f"req_{self._id()}"
        for block in blocks:
            usage = {
                "input_tokens": 12,
                "output_tokens": 34,
                "cache_read_input_tokens": 9,
                "iterations": iterations,
            }
            yield self._record(
                "assistant",
                requestId=request_id,
                message={
                    "id": message_id,
                    "type": "message",
                    "role": "assistant",
                    "content": [block],
                    "stop_reason": "tool_use" if with_tool else "end_turn",
                    "usage": usage,
                    "model": OPUS if is_fallback else FABLE,
                },
            )

    def _tool_result(self) -> dict[str, Any]:
        # Most results are short, some are whole files: and each is kept twice.
        output = self._prose(int(self.chance.paretovariate(0.9) * 150) % 20_000)
        result = {"tool_use_id": f"toolu_{self._id()}", "type": "tool_result", "content": output}
        return self._record("user", message={"role": "user", "content": [result]}, toolUseResult={"stdout": output})

    def _record(self, kind: str, **fields: Any) -> dict[str, Any]:
        self.now += timedelta(seconds=self.chance.random() * 20)
        record = {
            "parentUuid": self.parent,
            "isSidechain": False,
            "type": kind,
            **fields,
            "uuid": str(uuid.UUID(int=self.chance.getrandbits(128))),
            "timestamp": self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "userType": "external",
            "cwd": "/home/user/notes",
            "sessionId": self.id,
            "version": "2.1.197",
            "gitBranch": "main",
        }
        self.parent = record["uuid"]
        return record

    def _prose(self, words: int) -> str:
        return " ".join(self.chance.choices(WORDS, k=words)) + "\n"

    def _id(self) -> str:
        return f"{self.chance.getrandbits(96):024x}"


def make(folder: Path, size: int, *, seed: int = 1) -> tuple[int, int]:
    """Write about `size` bytes of transcripts below `folder`; returns how many answers and how many fallbacks."""
    chance = random.Random(seed)
    messages: set[str] = set()
    fallbacks = written = 0
    while written < size:
        session = Session(chance)
        path = folder / "projects" / f"-home-user-{chance.randrange(20)}" / f"{session.id}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            limit = min(FILE_BYTES, size - written)
            in_file = 0
            while in_file < limit:
                for record in session.turn():
                    message = record["message"]
                    if record["type"] == "assistant" and message["id"] not in messages:
                        messages.add(message["id"])
                        fallbacks += bool(message["usage"]["iterations"])
                    in_file += file.write(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")
        written += in_file
    return len(messages), fallbacks


if __name__ == "__main__":
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    answers, rerouted = make(Path(sys.argv[1]), megabytes * 1_000_000)
    sys.stdout.write(f"{megabytes} MB, {answers} answers, {rerouted} fallbacks\n")
