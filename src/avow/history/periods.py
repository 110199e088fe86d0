"""Days, weeks (ISO 8601) and months by the local clock: their beginnings, ends and names."""

from datetime import datetime, timedelta

FIRST_MS, LAST_MS = -62_000_000_000_000, 253_000_000_000_000
"""Moments of the years 5 to 9987; `datetime` has no others in every zone, and a damaged file may."""


def start(by: str, moment: datetime) -> datetime:
    """When the period of a moment begins, both without a zone."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if by == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by == "week" else day


def after(by: str, start: datetime) -> datetime:
    """When the period ends that begins at `start`."""
    if by == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if by == "week" else 1)


def key(by: str, start: datetime) -> str:
    """`2026-11`, `2026-W48` or `2026-11-28`."""
    if by == "month":
        return f"{start:%Y-%m}"
    year, week, _day = start.isocalendar()
    return f"{year}-W{week:02}" if by == "week" else f"{start:%Y-%m-%d}"


def local(moment_ms: int) -> datetime:
    """A moment in milliseconds since 1970 by the local clock, without a zone."""
    return datetime.fromtimestamp(moment_ms / 1000)


def milliseconds(moment: datetime) -> int:
    """The reverse of `local`; an hour that occurs twice, when the clock is set back, means the first."""
    return round(moment.timestamp() * 1000)
