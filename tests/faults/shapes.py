"""A fault, the three forms it is met in, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

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
