"""How fast a run may ask: one limiter for all workers, which learns from every answer. Pure: time is a parameter."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from avow.exchange.retry import retry_after

LIMITED = (429, 529)
"""The statuses that say: slower."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_RAISED = 1.02
_FASTEST = 1000.0
_WINDOW_S = 10.0
_FAMILIES = ("requests", "tokens", "input-tokens", "output-tokens")
_LONGEST_RESET_S = 24 * 3600.0


class RateLimit(NamedTuple):
    """What the headers last said of one limit: `left` until `reset`, a moment of the pace's clock."""

    left: float
    reset: float
    per_request: float


class Pace:
    """When the next request may be sent. Times are seconds of one clock with any zero.

    A limit pauses all workers. After it the pace is halved, and each answer raises it a little. What a limit has left
    is spread over the time until it is reset, so that a run slows down before it is stopped. `patience` is how many
    seconds of waiting are allowed in total: pauses, and the slower pace before a request is answered again. After that
    requests wait for no limit until one is answered.
    """

    def __init__(self, patience: float, now: float) -> None:
        self._patience = patience
        self.paused_s = 0.0
        self._paused_until = self._waited_until = self._next = now
        self._why = ""
        self._rate = math.inf
        self._halved_at = now - 1.0
        self._refused_in_a_row = 0
        self._has_patience = True
        self._left: list[float] = []
        self._told: dict[str, RateLimit] = {}
        self._unheard = 0

    def turn(self, now: float) -> float:
        """Take the next place in the queue; the moment at which that request may be sent."""
        at = max(now, self._next, self._paused_until)
        if self._refused_in_a_row and not self._spend(at, now):
            self._has_patience, at = False, max(now, self._paused_until)
        self._next = at + self._interval(at)
        self._left = [*[one for one in self._left if one > now - _WINDOW_S][-256:], at]
        self._unheard += 1
        return at

    def held(self, now: float) -> float:
        """For how many seconds all requests are paused."""
        return max(self._paused_until - now, 0.0)

    def why(self, now: float) -> str | None:
        """Why requests are paused, in words; None where they are not."""
        held = self.held(now)
        return f"{self._why}; goes on in {math.ceil(held)} s" if held > 0 else None

    def heard(self, status: int, headers: Mapping[str, str], left_at: float, now: float, wall: float) -> bool:
        """Note the answer to a request that was sent at `left_at`; `wall` is the Unix time. Whether the request is to
        be sent again after the pause: it met a limit, and patience is left."""
        self._unheard = max(self._unheard - 1, 0)
        self._read(headers, now, wall)
        if status not in LIMITED:
            self._refused_in_a_row = 0
            self._rate = math.inf if self._rate > _FASTEST else self._rate * _RAISED
            return False
        if left_at >= self._halved_at and not self._waits_no_more:
            self._halve(now)
        asked = retry_after(headers, wall)
        pause = min(_FIRST_PAUSE_S * 2.0 ** (self._refused_in_a_row - 1), _LONGEST_PAUSE_S) if asked is None else asked
        if self._pause(pause, now, "rate limited" if status == 429 else "the API is overloaded"):
            return True
        self._has_patience, self._next = False, now
        return False

    @property
    def _waits_no_more(self) -> bool:
        """Whether patience is spent, and nothing was answered since the last limit: to slow down would be to wait."""
        return not self._has_patience and self._refused_in_a_row > 0

    def lost(self) -> None:
        """Note that a request got no answer."""
        self._unheard = max(self._unheard - 1, 0)

    def _pause(self, seconds: float, now: float, why: str) -> bool:
        """Pause all requests for `seconds`, if that much patience is left; whether it is."""
        until = now + seconds
        if until > self._paused_until:
            if not self._spend(until, now):
                return False
            self._paused_until, self._why = until, why
        return True

    def _spend(self, until: float, now: float) -> bool:
        """Take the wait until then from the patience, each second once; whether that much is left."""
        more = until - max(self._waited_until, now)
        if more > 0:
            if self.paused_s + more > self._patience:
                return False
            self.paused_s += more
            self._waited_until = until
        return True

    def _halve(self, now: float) -> None:
        since = [at for at in self._left if at <= now]
        span = max(now - since[0], 0.1) if since else 1.0
        self._rate = max(min(self._rate, len(since) / span) / 2, 0.02)
        self._halved_at = now
        self._refused_in_a_row += 1

    def _interval(self, now: float) -> float:
        """The seconds between two requests."""
        interval = 0.0 if self._waits_no_more else 1 / self._rate
        for told in self._told.values():
            if told.reset > now and told.per_request > 0:
                requests = max(told.left / told.per_request - self._unheard, 1.0)
                interval = max(interval, (told.reset - now) / requests)
        return interval

    def _read(self, headers: Mapping[str, str], now: float, wall: float) -> None:
        """Read the headers `anthropic-ratelimit-*` (the API's documentation, "Rate limits")."""
        for family in _FAMILIES:
            left = _number(headers.get(f"anthropic-ratelimit-{family}-remaining"))
            reset = _moment(headers.get(f"anthropic-ratelimit-{family}-reset"))
            if left is None or reset is None or not 0 < reset - wall < _LONGEST_RESET_S:
                continue
            before = self._told.get(family)
            cost = 1.0 if family == "requests" else _learnt(before, left)
            self._told[family] = RateLimit(left, now + reset - wall, cost)
            if left == 0:
                self._pause(reset - wall, now, "the rate limit is used up")


def _learnt(before: RateLimit | None, left: float) -> float:
    """How many tokens of a limit a request takes, judged by the last ones; 0 while that is unknown."""
    if before is None:
        return 0.0
    taken = before.left - left
    if taken <= 0:
        return before.per_request
    return taken if not before.per_request else 0.8 * before.per_request + 0.2 * taken


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None


def _moment(text: str | None) -> float | None:
    """An RFC 3339 time as Unix time."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
