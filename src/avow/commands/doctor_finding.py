"""A finding of `avow doctor`, which holds no secret."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from avow.wire.secret import STRUCK

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing that was checked: its topic and name, its state, and a sentence about it; `hint` says what to do where
    it is broken."""

    topic: str
    name: str
    state: State
    words: str
    hint: str | None = None


def without_secrets(address: str) -> str:
    """An address without the user and password it may hold."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
    except ValueError:
        return "not a valid address"
    if "@" not in parts.netloc:
        return address
    return address.replace(parts.netloc, f"{STRUCK}@" + parts.netloc.rpartition("@")[2])
