"""The API's prompt cache as the simulator plays it: which tokens a request reads and writes, and how long they stay."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from avow.simulator import models
from avow.simulator.script import Json
from avow.simulator.valid_request import ValidRequest, blocks_of

MOST_MARKS = 4
LOOKED_BACK = 20
"""How many blocks are looked up for a mark: its own, and those before it."""

_SECONDS = {"5m": 300.0, "1h": 3600.0}
_FROM = 1024
"""The fewest tokens that are kept for a model that is not in the list."""

_KEYED = ("model", "speed", "thinking", "tool_choice")
_NOT_MARKED = ("thinking", "redacted_thinking")


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """The tokens of a prompt: `read` from the cache, written to it for five minutes (`short`) or an hour (`long`), and
    the `rest`."""

    rest: int
    read: int = 0
    short: int = 0
    long: int = 0

    def as_usage(self) -> Json:
        """The same as fields of `usage`."""
        return {
            "input_tokens": self.rest,
            "cache_creation_input_tokens": self.short + self.long,
            "cache_read_input_tokens": self.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.short,
                "ephemeral_1h_input_tokens": self.long,
            },
        }


@dataclass(frozen=True, slots=True)
class _BlockEnd:
    """The end of a block: a key for the prompt up to it, the number of its tokens, and the `lifetime` in seconds that a
    mark there asks for (None: no mark)."""

    key: str
    tokens: int
    lifetime: float | None


class PromptCache:
    """One server's cache. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def use(self, ask: ValidRequest, model: str) -> PromptTokens:
        """What the prompt of `ask` reads and writes when `model` runs it. It writes only at marks, and reads what was
        written at most `LOOKED_BACK` blocks back from a mark."""
        total = ask.prompt_tokens
        if next(marks(ask.body), None) is None:
            return PromptTokens(total)
        known = models.find(model)
        least = known.caches_from if known else _FROM
        with self._lock:
            return self._used(list(_places(ask.body, model, total)), total, least, self._clock())

    def _used(self, places: list[_BlockEnd], total: int, least: int, now: float) -> PromptTokens:
        found = max(self._hits(places, now), default=-1)
        reached = places[found].tokens if found >= 0 else 0
        if found >= 0:
            self._keep(places[found].key, self._kept[places[found].key][1], now)
        read, written = reached, {_SECONDS["5m"]: 0, _SECONDS["1h"]: 0}
        for place in places[found + 1 :]:
            if place.lifetime is not None and place.tokens >= least:
                written[place.lifetime] += place.tokens - reached
                reached = place.tokens
                self._keep(place.key, place.lifetime, now)
        return PromptTokens(total - reached, read, written[_SECONDS["5m"]], written[_SECONDS["1h"]])

    def _hits(self, places: list[_BlockEnd], now: float) -> Iterator[int]:
        for end, place in enumerate(places):
            if place.lifetime is not None:
                for at in range(end, max(end - LOOKED_BACK, -1), -1):
                    if self._kept.get(places[at].key, (0.0, 0.0))[0] > now:
                        yield at
                        break

    def _keep(self, key: str, lifetime: float, now: float) -> None:
        self._kept[key] = (now + lifetime, lifetime)


def complaints(body: Json) -> Iterator[str]:
    """What is wrong with the marks of a body; its blocks are already checked."""
    found = list(marks(body))
    for where, mark, kind in found:
        if not isinstance(mark, dict) or mark.get("type") != "ephemeral":
            yield f"{where}cache_control.type: Input should be 'ephemeral'"
            continue
        for name in sorted(set(mark) - {"type", "ttl"}):
            yield f"{where}cache_control.ephemeral.{name}: Extra inputs are not permitted"
        if mark.get("ttl", "5m") not in _SECONDS:
            yield f"{where}cache_control.ephemeral.ttl: Input should be '5m' or '1h'"
        if kind in _NOT_MARKED:
            yield f"{where}{kind}.cache_control: Extra inputs are not permitted"
    if len(found) > MOST_MARKS:
        yield f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {len(found)}."
    spoken = [mark.get("ttl", "5m") for where, mark, _kind in found if where]
    if spoken != sorted(spoken):  # "1h" sorts before "5m"
        yield "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block."


def marks(body: Json) -> Iterator[tuple[str, Json, str]]:
    """Every mark in the order of the prompt: the place of its block with a dot (empty: the body itself), the mark, and
    the type of the block."""
    for where, block in _blocks(body):
        if "cache_control" in block:
            yield f"{where}.", block["cache_control"], str(block.get("type"))
    if body.get("cache_control") is not None:
        yield "", body["cache_control"], ""


def _places(body: Json, model: str, total: int) -> Iterator[_BlockEnd]:
    key = _digest("", [{**{name: body.get(name) for name in _KEYED}, "model": model}, _effort(body)])
    size, blocks = 0, list(_blocks(body))
    last = max((at for at, (_where, block) in enumerate(blocks) if block.get("type") not in _NOT_MARKED), default=-1)
    for at, (where, block) in enumerate(blocks):
        bare = json.dumps({name: value for name, value in block.items() if name != "cache_control"}, sort_keys=True)
        key = _digest(key, [where.rpartition(".")[0], bare])
        size += len(bare)
        mark = block.get("cache_control", body.get("cache_control") if at == last else None)
        yield _BlockEnd(key, min(size // 4, total), _SECONDS[mark.get("ttl", "5m")] if mark else None)


def _blocks(body: Json) -> Iterator[tuple[str, Json]]:
    """The place of every block of the prompt, as `messages.0.content.1`, and the block, in order."""
    for number, tool in enumerate(body.get("tools") or []):
        yield f"tools.{number}", tool
    system = body.get("system") or []
    for number, block in enumerate([{"type": "text", "text": system}] if isinstance(system, str) else system):
        yield f"system.{number}", block
    for number, message in enumerate(body["messages"]):
        for at, block in enumerate(blocks_of(message)):
            yield f"messages.{number}.content.{at}", block


def _effort(body: Json) -> object:
    return (body.get("output_config") or {}).get("effort")


def _digest(before: str, value: object) -> str:
    return hashlib.blake2b(f"{before}{json.dumps(value, sort_keys=True)}".encode(), digest_size=12).hexdigest()
