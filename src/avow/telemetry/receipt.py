"""What a receiver's response means for the rows that were sent: acknowledged, to be sent later, or refused."""

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from avow.telemetry.protobuf import rejected_spans
from avow.wire.json_value import whole

LONGEST_WAIT_S = 60.0
_COUNT = re.compile(r"[0-9]{1,19}")
_BY_ROW = (400, 413, 422)
"""The statuses by which a receiver may mean what one row holds; others it gives whatever is sent."""


class Receipt(Enum):
    """Whether the receiver took what was sent."""

    TAKEN = "taken"
    LATER = "later"
    """Down or busy: the same may be taken later."""
    REFUSED = "refused"
    """For good, and perhaps for one row alone."""
    CLOSED = "closed"
    """For good, and whatever is sent: the address, the rights, the form."""


class PushResponse(NamedTuple):
    """A receipt. `rejected` counts the spans that a partial success left out; `status` is the HTTP status, None where
    no response of a collector came; `wait_s` is how long the receiver asked to wait; `why` says in avow's words what
    went wrong then."""

    receipt: Receipt
    status: int | None = None
    rejected: int = 0
    wait_s: float | None = None
    why: str = "no complete response came"


UNHEARD = PushResponse(Receipt.LATER)
"""No whole response came."""


def push_response(status: int, headers: Mapping[str, str], body: bytes) -> PushResponse:
    """The response to a push, read by the specification of OTLP/HTTP, "Response". `headers` are lower-case."""
    if 200 <= status < 300 and body.lstrip().startswith(b"<"):  # a login page, a proxy's: nobody has taken the spans
        return PushResponse(Receipt.CLOSED, why="it answers with a web page, so it is not a collector")
    if 200 <= status < 300:
        return PushResponse(Receipt.TAKEN, status, _rejected(body, headers.get("content-type", "")))
    if status in (408, 429) or status >= 500:
        return PushResponse(Receipt.LATER, status, wait_s=_wait(headers))
    return PushResponse(Receipt.REFUSED if status in _BY_ROW else Receipt.CLOSED, status)


def _rejected(body: bytes, kind: str) -> int:
    """How many spans a partial success left out; its message is never read."""
    try:
        if "protobuf" in kind:
            return rejected_spans(body)
        count = json.loads(body)["partialSuccess"].get("rejectedSpans", 0)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return 0
    if isinstance(count, str) and _COUNT.fullmatch(count):  # int64 is a string in the JSON of protobuf
        count = int(count)
    return max(whole(count) or 0, 0)


def _wait(headers: Mapping[str, str]) -> float | None:
    import time

    from avow.exchange.retry import retry_after

    return retry_after(headers, time.time())
