"""Whether a failed attempt is made again, and after how long."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from avow.errors import ExchangeError, NotAnAnswer, Rejected, Stalled, TimedOut
from avow.exit_codes import ExitCode

LONGEST_WAIT_S = 60.0
"""A server that asks for more than this is not waited for."""

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 8.0
_LONGEST_RETRY_AFTER_S = 4_294_967.0
_SECONDS = r"[0-9]{1,12}(?:\.[0-9]{0,18})?|\.[0-9]{1,18}"  # compiled at first use: start-up
_SPEND_LIMIT = "spend_limit_reached"

# An error that arrives in a response of status 200, or in a stream, is judged by its type.
_STATUS_OF_TYPE = {
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    "conflict_error": 409,
}
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


def decide_after(
    error: ExchangeError,
    *,
    attempt: int,
    retries: int,
    elapsed_s: float,
    deadline_s: float | None,
    now: float,
    random: float,
) -> Wait | GiveUp:
    """What to do after an attempt that ended in `error` before the first byte of an answer; the rest as in `decide`."""
    if error.not_retryable or isinstance(error, NotAnAnswer):
        return GiveUp("trying again would not help")
    rejection = error if isinstance(error, Rejected) else None
    decision = decide(
        attempt=attempt,
        retries=retries,
        status=error.failure.status,
        error_type=error.failure.type,
        error_code=rejection.code if rejection else None,
        headers=rejection.headers if rejection else {},
        elapsed_s=elapsed_s,
        deadline_s=deadline_s,
        now=now,
        random=random,
        sent=error.sent,
        timed_out=isinstance(error, TimedOut | Stalled),
    )
    asked = decision.retry_after if isinstance(decision, GiveUp) else None
    if isinstance(decision, GiveUp) and asked and asked >= 1 and error.exit_code is ExitCode.UNAVAILABLE:
        return replace(decision, hint=f"the API asks to wait {_duration(asked)}; ask again then")
    return decision


def decide(
    *,
    attempt: int,
    retries: int,
    status: int | None,
    error_type: str | None,
    error_code: str | None,
    headers: Mapping[str, str],
    elapsed_s: float,
    deadline_s: float | None,
    now: float,
    random: float,
    sent: bool = False,
    timed_out: bool = False,
) -> Wait | GiveUp:
    """What to do after an attempt that failed before the first byte of an answer.

    `attempt` is how many retries were made already (0 after the first attempt), `status` the HTTP status, or `None`
    where there was no response or an event of a stream told of the error, `headers` those of the response
    (lower-case names), `now` the Unix time, `random` a number from 0 to 1. `sent` and `timed_out` tell whether the
    request may have reached the API and whether it was given up for its silence: what may be under way is not
    asked, and paid, twice.

    The rules are those of the official SDK (`x-should-retry` first; 408, 409, 429 and from 500 on; no response),
    with limits of our own: a spend limit, a wait of over a minute and one past the deadline end it.
    """
    asked = retry_after(headers, now)
    if timed_out and sent:
        return GiveUp("it timed out after it was sent, and may be under way", asked)
    if error_code is not None and error_code.endswith(_SPEND_LIMIT):
        return GiveUp("a spend limit is reached", asked)
    status = _effective_status(status, error_type)
    if not _is_worth_it(status, headers):
        return GiveUp("trying again would not help", asked)
    if attempt >= retries:
        return GiveUp("no retries are left" if retries > 0 else "retries are off", asked)
    seconds = _backoff(attempt, random) if asked is None else asked
    if seconds > LONGEST_WAIT_S:
        return GiveUp("the wait is over a minute", asked)
    if deadline_s is not None and elapsed_s + seconds >= deadline_s:
        return GiveUp("the wait would pass the deadline", asked)
    return Wait(seconds, _words(status))


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
    """The status that the error stands for. An error of the API's own without one (an event of a stream) is no lost
    connection; our own types (`connection`, `timeout`, …) do not end so."""
    if status is None and error_type is not None and error_type.endswith("_error"):
        status = 200
    if status is not None and status < 400:
        return _STATUS_OF_TYPE.get(error_type or "", status)
    return status


def _is_worth_it(status: int | None, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later."""
    advice = headers.get("x-should-retry", "").strip().lower()
    if advice in ("true", "false"):
        return advice == "true"
    return status is None or status in (408, 409, 429) or status >= 500


def _backoff(attempt: int, random: float) -> float:
    """The delay where the server asks for none: doubled each time up to 8 s, shortened by up to a quarter."""
    delay = min(_FIRST_DELAY_S * 2.0 ** min(max(attempt, 0), 16), _LONGEST_DELAY_S)
    return delay * (1 - 0.25 * random)


def _number(text: str) -> float | None:
    """A plain decimal number from 0 on; `float` alone would take `nan`, `inf`, `1_0` and other scripts' digits."""
    text = text.strip()
    return float(text) if re.fullmatch(_SECONDS, text) else None


def http_date(text: str) -> float | None:
    """An HTTP date (RFC 9110, 5.6.7) as Unix time, None where it is none; without a zone it is in UTC."""
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


def _words(status: int | None) -> str:
    """What failed, in a few words."""
    if status is None:
        return "no connection"
    name = _WORDS.get(status)
    return f"{name} ({status})" if name else f"status {status}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
