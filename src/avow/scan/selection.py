"""Which past answers to show: by time, by session, and only the rerouted ones."""

from datetime import UTC, datetime
from typing import NamedTuple

from avow.scan.records import PastAnswer


class Selection(NamedTuple):
    """Conditions on an answer; None and False set no condition. Times are RFC 3339 in UTC with milliseconds, `until`
    excluded; an answer without a time matches no time. `session` is an id or its beginning."""

    since: str | None = None
    until: str | None = None
    session: str | None = None
    rerouted: bool = False

    def has(self, answer: PastAnswer) -> bool:
        """Whether the answer matches."""
        if self.rerouted and not answer.rerouted:
            return False
        if self.session is not None and not (answer.session or "").startswith(self.session):
            return False
        if self.since is None and self.until is None:
            return True
        time = answer.time
        return time is not None and (self.since or "") <= time and (self.until is None or time < self.until)


EVERY_ANSWER = Selection()


def stamp(milliseconds: int | None) -> str | None:
    """Milliseconds since 1970 in the form of an answer's time."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
