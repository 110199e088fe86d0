"""A finding of `avow doctor`."""

from dataclasses import dataclass
from typing import Literal

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
