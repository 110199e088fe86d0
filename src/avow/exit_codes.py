"""Every exit status avow can end with, one meaning each (`avow help exit-codes` prints this)."""

from enum import IntEnum
from typing import Self

SIGPIPE = 13
"""The signal that ends who writes to a reader that has left; a number of POSIX, which Windows has no name for."""


class ExitCode(IntEnum):
    """Exit statuses; a signal is not among them, because avow dies by the signal itself (`BySignal`)."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    CREDENTIALS = 3
    REJECTED = 4
    UNAVAILABLE = 5
    UNREACHABLE = 6
    INCOMPLETE = 7
    TRUNCATED = 8
    NO_FIT = 9
    FALLBACK = 10
    REFUSED = 11
    SUBSTITUTED = 12
    UNVERIFIED = 13
    OWN_LIMIT = 14
    DIFFERS = 15


class BySignal(int):
    """The end by a signal, as a shell reports it: 128 and the signal's number."""

    def __new__(cls, signal: int) -> Self:
        return super().__new__(cls, 128 + signal)

    @property
    def signal(self) -> int:
        """The signal's number."""
        return self - 128


ExitStatus = ExitCode | BySignal


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "the requested model wrote the whole answer",
    ExitCode.UNEXPECTED: "unexpected failure: a bug, or a file that cannot be written",
    ExitCode.USAGE: "usage, configuration, or a file that cannot be read; nothing was sent",
    ExitCode.CREDENTIALS: "credentials: 401, 402, 403, a spend limit, or no key found",
    ExitCode.REJECTED: "the API rejected the request (other 4xx)",
    ExitCode.UNAVAILABLE: "the API is rate limited, overloaded or broken (429, 5xx, 529), after retries",
    ExitCode.UNREACHABLE: "the API cannot be reached: DNS, connect, TLS, silence before a response",
    ExitCode.INCOMPLETE: "the stream ended, broke or stalled before the answer did",
    ExitCode.TRUNCATED: "the model stopped before it was done (max_tokens and the like)",
    ExitCode.NO_FIT: "the answer does not fit --schema, or --extract found nothing",
    ExitCode.FALLBACK: "a declared fallback model wrote the answer or part of it (0 with --accept-fallback)",
    ExitCode.REFUSED: "every model asked declined; there is no answer",
    ExitCode.SUBSTITUTED: "another model answered and the response declares no fallback",
    ExitCode.UNVERIFIED: "the response does not say which model answered, or contradicts itself",
    ExitCode.OWN_LIMIT: "`avow run`: a limit of your own (--max-cost) ended it before all was asked",
    ExitCode.DIFFERS: "`avow audit`: the replies differ from those of the baseline",
}

PRECEDENCE: tuple[ExitCode, ...] = (
    ExitCode.USAGE,
    ExitCode.CREDENTIALS,
    ExitCode.REJECTED,
    ExitCode.UNAVAILABLE,
    ExitCode.UNREACHABLE,
    ExitCode.UNEXPECTED,
    ExitCode.INCOMPLETE,
    ExitCode.NO_FIT,
    ExitCode.REFUSED,
    ExitCode.SUBSTITUTED,
    ExitCode.UNVERIFIED,
    ExitCode.FALLBACK,
    ExitCode.DIFFERS,
    ExitCode.TRUNCATED,
    ExitCode.OWN_LIMIT,
    ExitCode.OK,
)


def gravest(*codes: ExitCode) -> ExitCode:
    """The status that counts where several apply: the first of them in `PRECEDENCE`; OK without any."""
    return min(codes, key=PRECEDENCE.index, default=ExitCode.OK)
