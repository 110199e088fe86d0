"""Times as other clients write them → RFC 3339 in UTC."""

from datetime import UTC, datetime


def utc(value: object) -> str | None:
    """`value` (ISO 8601; in UTC where it names no offset) as `2026-11-23T17:00:00.123Z`; None where it is not a
    time."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
