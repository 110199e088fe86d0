"""One loop makes all attempts: what it gives, what it tells, and what comes out of it."""

import pytest

from avow.errors import Failure, Rejected
from avow.exchange.attempts import Limits, with_retries
from avow.exchange.exchange import Retrying
from avow.exit_codes import ExitCode


def too_much(**headers: str) -> Rejected:
    failure = Failure("rate_limit_error", 429, "not now")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Rejected(failure, ExitCode.UNAVAILABLE, headers=named)


def test_each_wait_is_told_of_before_it_begins() -> None:
    errors = [too_much(retry_after="3"), too_much()]
    told: list[Retrying] = []
    waits: list[float] = []

    def once() -> str:
        if errors:
            raise errors.pop(0)
        return "answer"

    assert with_retries(once, Limits(2), told.append, waits.append) == "answer"
    assert [(again.attempt, again.reason) for again in told] == [(1, "rate limited (429)"), (2, "rate limited (429)")]
    assert waits == [again.seconds for again in told]
    assert waits[0] == 3.0


def test_the_last_error_comes_out_of_it_with_a_hint() -> None:
    told: list[Retrying] = []

    def once() -> None:
        raise too_much(retry_after="3600")

    with pytest.raises(Rejected) as caught:
        with_retries(once, Limits(2), told.append)
    assert caught.value.hint == "the API asks to wait 60 minutes; ask again then"
    assert told == []
