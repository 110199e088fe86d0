"""The local clock of this process set to another zone for a while."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

KOLKATA = "IST-5:30"
"""As POSIX says it, so that no time zone database is needed."""


@contextmanager
def zone(name: str) -> Iterator[None]:
    """Local times are those of `name` (the form of `TZ`) until the end."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
