"""Whether a failed attempt is made again, and after how long."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from avow.errors import ExchangeError, NotAnAnswer, Rejected, Stalled, TimedOut
from avow.exit_codes import ExitCode
from avow.wire.failure import STATUS_OF_TYPE, is_spend_limit

LONGEST_WAIT_S = 60.0
"""A server that asks for more than this is not waited for."""

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 8.0
_LONGEST_RETRY_AFTER_S = 4_294_967.0
_SECONDS = r"[0-9]{1,12}(?:\.[0-9]{0,18})?|\.[0-9]{1,18}"  # compiled at first use: start-up

_WORDS = {
    408: "request timeout",
    409: "conflict",
    429: "rate limited",
    500: "internal error",
    502: "bad gateway",
    503: "unavailable",
    504: "timeout at the API",
    529: "overloaded",
}


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again after `seconds`; `reason` says in a few words what failed, for a note."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not try again. `reason` says why; `retry_after` is how many seconds the server asked for, if it did; `hint`
    what the user can do, where there is something."""

    reason: str
    retry_after: float | None = None
    hint: str | None = None


def decide(
    error: ExchangeError, retries: int, *, most: int, left_s: float | None, now: float, chance: float
) -> Wait | GiveUp:
    """What to do after an attempt that ended in `error` before the first byte of an answer, when `retries` were made
    already.

    `most` retries are allowed, and `left_s` seconds are left before the deadline (None: there is none); `now` is the
    Unix time, `chance` a number from 0 to 1.

    The rules are those of the official SDK (`x-should-retry` first; 408, 409, 429 and from 500 on; no response), with
    limits of our own: a spend limit, a wait of over a minute and one past the deadline end it. What may be under way
    is not asked, and paid, twice.
    """
    rejection = error if isinstance(error, Rejected) else None
    headers = rejection.headers if rejection else {}
    asked = retry_after(headers, now)
    if error.not_retryable or isinstance(error, NotAnAnswer):
        return GiveUp("trying again would not help")
    if error.sent and isinstance(error, TimedOut | Stalled):
        return _give_up("it timed out after it was sent, and may be under way", asked, error)
    if rejection and is_spend_limit(rejection.code):
        return _give_up("a spend limit is reached", asked, error)
    status = _effective_status(error.failure.status, error.failure.type)
    if not _is_worth_it(status, headers):
        return _give_up("trying again would not help", asked, error)
    if retries >= most:
        return _give_up("no retries are left" if most > 0 else "retries are off", asked, error)
    seconds = _backoff(retries, chance) if asked is None else asked
    if seconds > LONGEST_WAIT_S:
        return _give_up("the wait is over a minute", asked, error)
    if left_s is not None and seconds >= left_s:
        return _give_up("the wait would pass the deadline", asked, error)
    return Wait(seconds, _words(status, error.failure.type))


def _give_up(reason: str, asked: float | None, error: ExchangeError) -> GiveUp:
    """Give up; the hint names the wait that the API asks for, where waiting would help."""
    if asked is None or asked < 1 or error.exit_code is not ExitCode.UNAVAILABLE:
        return GiveUp(reason, asked)
    return GiveUp(reason, asked, f"the API asks to wait {_duration(asked)}; ask again then")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds the server asks to wait: `retry-after-ms`, else `retry-after` (seconds or an HTTP date).

    `None` where neither says anything usable: missing, garbage, zero, or in the past. At most 4,294,967.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds:
        return min(milliseconds / 1000, _LONGEST_RETRY_AFTER_S)
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is None:
        date = http_date(text)
        seconds = None if date is None else date - now
    if seconds is None or not seconds > 0:
        return None
    return min(seconds, _LONGEST_RETRY_AFTER_S)


def _effective_status(status: int | None, error_type: str | None) -> int | None:
    """The status that the error stands for. An error of the API's own without one (an event of a stream) is not a
    lost connection; those have our own types (`connection`, `timeout`, …)."""
    if status is None and error_type is not None and error_type.endswith("_error"):
        status = 200
    if status is not None and status < 400:
        return STATUS_OF_TYPE.get(error_type or "", status)
    return status


def _is_worth_it(status: int | None, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later."""
    advice = headers.get("x-should-retry", "").strip().lower()
    if advice in ("true", "false"):
        return advice == "true"
    return status is None or status in (408, 409, 429) or status >= 500


def _backoff(retries: int, chance: float) -> float:
    """The delay where the server asks for none: doubled each time up to 8 s, shortened by up to a quarter."""
    delay = min(_FIRST_DELAY_S * 2.0 ** min(retries, 16), _LONGEST_DELAY_S)
    return delay * (1 - 0.25 * chance)


def _number(text: str) -> float | None:
    """A plain decimal number from 0 on; `float` alone would take `nan`, `inf`, `1_0` and other scripts' digits."""
    text = text.strip()
    return float(text) if re.fullmatch(_SECONDS, text) else None


def http_date(text: str) -> float | None:
    """An HTTP date (RFC 9110, 5.6.7) as Unix time, None where it is not a date; without a zone it is in UTC."""
    if not text or len(text) > 64:
        return None
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
        stamp = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return stamp if math.isfinite(stamp) else None


def _words(status: int | None, error_type: str) -> str:
    """What failed, in a few words."""
    if status is None:
        return "the answer did not begin" if error_type == "stream_ended" else "no connection"
    name = _WORDS.get(status)
    return f"{name} ({status})" if name else f"status {status}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
