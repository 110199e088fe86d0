"""Moments as people read them, by the clock on their wall; JSON and the history have them in UTC."""

from datetime import UTC, datetime

MINUTES, SECONDS = "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"


def local(moment: str | float, form: str = MINUTES) -> str:
    """An RFC 3339 time, or Unix seconds, by the local clock. Any other value is given back as text, which may come from
    outside: clean it before a terminal sees it."""
    try:
        if isinstance(moment, str):
            return f"{by_the_clock(datetime.fromisoformat(moment)):{form}}"
        return f"{by_the_clock(datetime.fromtimestamp(moment, UTC)):{form}}"
    except (ValueError, OverflowError, OSError):
        return str(moment)


def now() -> datetime:
    """This moment by the local clock, with its zone."""
    return by_the_clock(datetime.now(UTC))


def by_the_clock(moment: datetime) -> datetime:
    """A moment by the local clock, with its zone (one without a zone is the local clock's); by UTC where the zone is a
    day or more away, as POSIX allows and Python cannot say. Raises OverflowError, ValueError or OSError for one that
    no clock shows."""
    try:
        return moment.astimezone()
    except ValueError:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
