"""The account of a run."""

from typing import Any

import pytest

from avow.proxy.account import Account, exit_status, is_empty, masked, refused, report, summary, why_empty
from avow.proxy.answer import abandoned
from tests import streams
from tests.canary import CANARY
from tests.proxy.calls import Told, answered, declined, overloaded, read


def account(*answers: Any, status: int | None = 0, side: int = 0, retried: int = 0) -> Account:
    told = Told()
    for number, answer in enumerate(answers):
        told.ask(answer, text=str(number))
    told.exchanges()
    entries = [entry._replace(side=place < side) for place, entry in enumerate(told.call_log.counted())]
    return Account(entries, retried, ("claude", "-p", "hi"), status)


def test_the_last_line() -> None:
    found = account(answered(), answered(), declined(), declined(category="bio"), declined(), side=2, retried=1)
    assert summary(found) == (
        "proxy: 5 answers: 2 as_requested, 3 refused (cyber 2, bio 1); 2 side, 1 retried; claude -p"
    )
    assert summary(account(overloaded())) == "proxy: 1 answer: 1 failed; claude -p"
    cut = (answered(stop_reason="max_tokens"), read(streams.sse(streams.start())))
    assert summary(account(*cut)) == "proxy: 2 answers: 1 as_requested, 1 incomplete; claude -p"
    assert summary(Account([])) == "proxy: 0 answers"
    many = account(answered()).entries
    assert summary(Account([*many] * 1000)) == "proxy: 1000 answers: 1000 as_requested", "scripts read it"


@pytest.mark.parametrize(
    ("answers", "status", "wanted"),
    [
        ((answered(),), 0, 0),
        ((answered(), declined()), 0, 11),
        ((answered(), declined()), 3, 3),
        ((answered(), declined()), 130, 130),
        ((answered(), overloaded()), 0, 0),
        ((overloaded(),), 0, 5),
        ((), 0, 13),
        ((abandoned(),), 0, 13),
        ((), None, 0),
        ((declined(),), None, 11),
    ],
)
def test_the_exit_status(answers: tuple[Any, ...], status: int | None, wanted: int) -> None:
    assert exit_status(account(*answers, status=status)) == wanted


def test_the_report() -> None:
    told = report(account(answered(), declined()))
    assert told["schema"] == "avow.proxy/1"
    assert (told["command_status"], told["exit_code"]) == (0, 11)
    assert told["counts"] == {"as_requested": 1, "refused": 1}
    assert [(answer["client"], answer["verdict"]) for answer in told["answers"]] == [
        ("script/1", "as_requested"),
        ("script/1", "refused"),
    ]


def test_whether_nothing_came() -> None:
    assert is_empty(account())
    assert not is_empty(account(answered()))
    assert not is_empty(account(status=None))


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["a", "-p", "b c"], ["a", "-p", "b c"]),
        (["a", "--api-key", "x", "y"], ["a", "--api-key", "***", "y"]),
        (["a", "--token=x"], ["a", "--token=***"]),
        (["env", f"X={CANARY}"], ["env", "X=***"]),
        (["a", f"Authorization: Bearer {CANARY}"], ["a", "***"]),
        (["a", CANARY], ["a", "***"]),
    ],
)
def test_what_looks_like_a_key_is_masked(command: list[str], wanted: list[str]) -> None:
    assert masked(command) == wanted


def test_why_nothing_came() -> None:
    assert why_empty(account(status=0)).startswith("claude does not read ANTHROPIC_BASE_URL")
    assert why_empty(account(status=127)) == "claude ended with status 127"
    assert why_empty(Account((), command=("sk-ant-api03-x",), command_status=3)) == "*** ended with status 3"


def test_requests_that_were_refused() -> None:
    assert refused(1).startswith("1 request was refused: it ")
    assert refused(2).startswith("2 requests were refused: they ")
