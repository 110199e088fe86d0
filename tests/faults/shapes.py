"""A fault, the three forms it is met in, and what must come of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.running import Ran

Form = Literal["streamed", "whole", "chat"]
FORMS: tuple[Form, ...] = ("streamed", "whole", "chat")
"""An answer in a stream, one with `--no-stream`, and `avow chat` with two turns, the first of which meets the fault."""

QUESTIONS = b"hi\nand more\n"


@dataclass(frozen=True, slots=True)
class Came:
    """What a fault must come to. `exit_code` is negative where a signal ended it; `status`, `verdict` and `error` stand
    in the row of the history (`status` None: there is no row); `words` stand on stderr (empty: nothing is to be said
    there); `shown` is how stdout begins; `then` is the status of the row of a chat's second turn (None: not asked)."""

    exit_code: int
    status: str | None
    verdict: str | None
    error: str | None
    words: str = ""
    shown: bytes = b""
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with how it is met in a form, and what must come of it in each form; `without` says why it cannot be
    met in a form that `came` lacks."""

    name: str
    met: Callable[[Form, Path], Ran]
    came: dict[Form, Came]
    without: dict[Form, str] = field(default_factory=dict)


def each_in_a_form(faults: Iterable[Fault]) -> list[Any]:
    """Every fault in every form it can be met in, as a test's parameters: in one by default, the next fault in the next
    form, and behind the slow mark in the others."""
    found = []
    for place, fault in enumerate(faults):
        forms = [form for form in FORMS if form in fault.came]
        for index, form in enumerate(forms):
            marks = () if index == place % len(forms) else pytest.mark.slow
            found.append(pytest.param(fault, form, marks=marks, id=f"{fault.name} / {form}"))
    return found


def arguments(form: Form, *more: str) -> tuple[str, ...]:
    """The command line of a question in this form."""
    match form:
        case "streamed":
            return (*more, "hi")
        case "whole":
            return ("--no-stream", *more, "hi")
        case "chat":
            return ("chat", *more)


def stdin_of(form: Form) -> bytes | None:
    """What stands on stdin: nothing, or a chat's questions, one a line."""
    return QUESTIONS if form == "chat" else None
