"""Times as people write them: a day, an ISO 8601 time, or how long ago."""

import re
from datetime import datetime, timedelta

from avow.errors import UsageError
from avow.text.local_time import by_the_clock

_AGO = re.compile(r"(\d{1,6})(m|h|d|w|y)")
_HOURS = {"m": 1 / 60, "h": 1, "d": 24, "w": 24 * 7, "y": 24 * 365}
_MONTH = re.compile(r"\d{4}-\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FORMS = "2026-11-01, 2026-11, 2026-11-01T09:30, today, yesterday, or how long ago: 90m 24h 7d 2w 1y"


def since(text: str, now: datetime) -> int:
    """The beginning of the day or time that `text` names, in milliseconds since 1970. Days begin by the clock of `now`,
    which has a time zone; a time without a zone is in that zone too. Raises UsageError."""
    return _milliseconds(_span(text, now)[0])


def until(text: str, now: datetime) -> int:
    """The end of the day or time that `text` names, exclusive. As `since` otherwise."""
    return _milliseconds(_span(text, now)[1])


def between(first: str | None, last: str | None, now: datetime) -> tuple[int | None, int | None]:
    """The beginning that `--since` names and the end that `--until` names. Raises UsageError, also where no time is
    between the two."""
    begin = None if first is None else since(first, now)
    end = None if last is None else until(last, now)
    if begin is not None and end is not None and begin >= end:
        raise UsageError(f"--since {first} is not before --until {last}", hint="give --since the earlier time")
    return begin, end


def ago(text: str, now: datetime) -> int:
    """The moment that is the age in `text` before `now` (`90d`), in milliseconds since 1970. Raises UsageError."""
    if not _AGO.fullmatch(text.strip().lower()):
        raise UsageError(f"`{text}` is not an age", hint="for example 24h, 90d, 2w or 1y")
    return since(text, now)


def _span(text: str, now: datetime) -> tuple[datetime, datetime]:
    wanted = text.strip().lower()
    try:
        if found := _AGO.fullmatch(wanted):
            moment = now - timedelta(hours=int(found[1]) * _HOURS[found[2]])
            return moment, moment
        if wanted == "now":
            return now, now
        if wanted in ("today", "yesterday"):
            day = now.date() - timedelta(days=wanted == "yesterday")
            return _days(datetime(day.year, day.month, day.day), 1)
        if _MONTH.fullmatch(wanted):
            first = datetime.fromisoformat(f"{wanted}-01")
            after = (first + timedelta(days=31)).replace(day=1)
            return _days(first, (after - first).days)
        moment = datetime.fromisoformat(text.strip())
        if _DAY.fullmatch(wanted):
            return _days(moment, 1)
        moment = by_the_clock(moment)  # a time without a zone is the local clock's
        return moment, moment
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"`{text}` is not a time", hint=f"for example {_FORMS}") from None


def _days(first: datetime, number: int) -> tuple[datetime, datetime]:
    """A number of days of the local clock, which has days of 23 and of 25 hours."""
    return by_the_clock(first), by_the_clock(first + timedelta(days=number))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
