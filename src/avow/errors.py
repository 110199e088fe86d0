"""The errors avow raises, each with the exit status it ends in.

AvowError
├── UsageError               2  the command line, a template or a scenario says something that cannot be done
│   ├── ConfigError          2  so does a setting (config file, environment variable)
│   ├── NoSuchExchange       2  the history has no exchange that a word names
│   └── UnreadableFile       2  a file cannot be read, or is not what is wanted there
├── CredentialsError         3  no key, or a key that cannot be used
├── FileError                1  a file that cannot be written
├── HistoryError             1  the history cannot be opened, read or written
│   └── HistoryLocked        1  another process has it
├── ExchangeError            –  an attempt failed; carries a `Failure` for people and JSON
│   ├── ConnectionFailed     6  DNS, connect, TLS, or the connection ended before a response
│   ├── TimedOut             6  silence before a response
│   ├── Rejected             3, 4 or 5, by the API's status (`wire.failure` decides)
│   ├── NotAnAnswer          5  the response is not a message: HTML, garbage, an oversized event
│   ├── StreamEnded          7  the stream ended before `message_stop`
│   └── Stalled              7  the stream fell silent, or the deadline passed, in mid-answer
└── ReaderGone               –  whoever read stdout has left; the process dies by SIGPIPE
Interrupted                  –  a signal came (no Exception: nothing may swallow it); the process dies by it

Exceptions of libraries are translated where the library is imported; `cli.main` is the one place that turns
an error into an exit status.
"""

import errno
from collections.abc import Iterable, Sequence

from avow.exit_codes import SIGPIPE, ExitCode
from avow.values import NamedTuple

OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)
"""What the system says where a process, or the machine, has too many files open."""

ALIKE = 0.6
"""How alike two words must be for one to be offered for the other (difflib's ratio, and its own choice)."""


class Failure(NamedTuple):
    """Why there is no whole answer: `type` is the API's own or one of ours (`avow help json`: `connection`, `timeout`,
    `stream_ended`, `stalled`, `not_an_answer`, `credentials`, `interrupted`, `history`), `status` the HTTP status,
    `hint` what one can do about it, where avow knows and the answer ends in this."""

    type: str
    status: int | None
    message: str
    hint: str | None = None

    def as_json(self) -> dict[str, object]:
        """`{"type", "status", "message"}`, as in the JSON of an answer."""
        return {"type": self.type, "status": self.status, "message": self.message}


def system_words(error: BaseException) -> str:
    """Why the system, or Python before it, did not do what it was asked to: "no such file or directory"."""
    if isinstance(error, ValueError) and "embedded null" in str(error):  # in words that Python changes
        return "it holds a NUL"
    return (getattr(error, "strerror", None) or str(error)).lower()


class AvowError(Exception):
    """An error with words for the user and an exit status. `hint` says what to do next, in one line."""

    exit_code: ExitCode = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AvowError):
    """What was asked for cannot be done; nothing was sent."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A setting is wrong; the message names where it stands and the nearest valid key."""


class NoSuchExchange(UsageError):
    """The history has no exchange that `reference`, a word of the command line, names."""

    def __init__(self, reference: str, *, hint: str) -> None:
        super().__init__(f"there is no exchange `{reference[:80]}` in the history", hint=hint)
        self.reference = reference


class UnreadableFile(UsageError):
    """A file cannot be read, or is not of the kind, size or encoding that is wanted; the message begins with what the
    user called it. `missing`: there is none of that name."""

    def __init__(self, message: str, *, hint: str | None = None, missing: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.missing = missing


class CredentialsError(AvowError):
    """There is no key, or none that may be used for this host."""

    exit_code = ExitCode.CREDENTIALS


class FileError(AvowError):
    """A file cannot be written."""


class HistoryError(AvowError):
    """The history cannot be opened, read or written."""


class HistoryLocked(HistoryError):
    """Another process locked the history, and did not release it in time."""


class ExchangeError(AvowError):
    """One attempt to get an answer failed. `sent`: the request may have reached the API; `not_retryable`: trying again
    would end in the same."""

    def __init__(
        self,
        failure: Failure,
        exit_code: ExitCode,
        *,
        request_id: str | None = None,
        hint: str | None = None,
        sent: bool = True,
        not_retryable: bool = False,
    ) -> None:
        super().__init__(failure.message, hint=hint)
        self.not_retryable = not_retryable
        self.failure = failure
        self.exit_code = exit_code
        self.request_id = request_id
        self.sent = sent


class ConnectionFailed(ExchangeError):
    """DNS, connect or TLS failed, or the connection ended before a response began."""


class TimedOut(ExchangeError):
    """The API stayed silent, or the deadline passed, before a response began."""


class Rejected(ExchangeError):
    """The API answered with an error: a status of 400 or above, or an error body or event in a 200.

    `code` is `details.error_code`; `headers` are those of the response, lower-case.
    """

    def __init__(
        self,
        failure: Failure,
        exit_code: ExitCode,
        *,
        request_id: str | None = None,
        hint: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(failure, exit_code, request_id=request_id, hint=hint)
        self.code = code
        self.headers = headers or {}


class NotAnAnswer(ExchangeError):
    """The response is neither a message nor an error of the API."""


class StreamEnded(ExchangeError):
    """The stream ended or broke before `message_stop`."""


DEADLINE_PASSED = "the deadline passed before the answer ended"
"""What `Stalled` says where the stream was not silent."""


class Stalled(ExchangeError):
    """The stream fell silent, or the deadline passed, in mid-answer."""


class ReaderGone(AvowError):
    """Whoever read stdout has closed it."""


class Interrupted(BaseException):
    """A signal asks the process to end; what has arrived is kept first."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


def ended_by(signal_number: int) -> BaseException:
    """The error that ends the process by this signal."""
    return ReaderGone("stdout was closed") if signal_number == SIGPIPE else Interrupted(signal_number)


def nearest(word: str, known: Iterable[str], *, alike: float = ALIKE) -> str | None:
    """The known word that may have been meant by `word`, for an error that asks; None where none is alike.

    Case, and `-` for `_`, make no difference; `keep_days` is near to `history.keep_days`, and two neighbours that
    changed places are near in a word of any length.
    """
    from difflib import get_close_matches

    words = {_plain(one): one for one in known}
    wanted = _plain(word[:100])
    near = get_close_matches(wanted, words, 1, alike)
    near = near or [one for one in words if one.rpartition(".")[2] == wanted or _are_swapped(wanted, one)]
    return words[near[0]] if near else None


def meant(word: str, known: Iterable[str], *, before: str = "") -> str:
    """How a sentence about an unknown `word` ends: `; did you mean NEAREST?`, with `before` in front of that word;
    empty where no known word is alike."""
    near = nearest(word, known)
    return f"; did you mean {before}{near}?" if near else ""


def unknown_word(word: str, known: Sequence[str], noun: str) -> UsageError:
    """The error for a word that is not one of the `known`."""
    return UsageError(f"there is no {noun} `{word}`{meant(word, known)}", hint=f"one of {', '.join(known)}")


def _are_swapped(word: str, other: str) -> bool:
    if len(word) != len(other):
        return False
    apart = [place for place, pair in enumerate(zip(word, other, strict=True)) if pair[0] != pair[1]]
    swapped = len(apart) == 2 and apart[1] == apart[0] + 1
    return swapped and word[apart[0]] == other[apart[1]] and word[apart[1]] == other[apart[0]]


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")
