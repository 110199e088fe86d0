"""When an attempt is made again, and after how long."""

import math
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import ConnectionFailed, ExchangeError, Failure, NotAnAnswer, Rejected, TimedOut
from avow.exchange.retry import LONGEST_WAIT_S, GiveUp, Wait, decide, retry_after
from avow.exit_codes import ExitCode
from tests.zone import KOLKATA, zone

NOW = 1_795_000_000.0


def after(
    error: ExchangeError,
    *,
    attempt: int = 0,
    retries: int = 2,
    elapsed_s: float = 1.0,
    deadline_s: float | None = None,
    random: float = 0.0,
) -> Wait | GiveUp:
    left_s = None if deadline_s is None else deadline_s - elapsed_s
    return decide(error, attempt, most=retries, left_s=left_s, now=NOW, chance=random)


def decided(
    *,
    status: int | None = 529,
    error_type: str | None = None,
    error_code: str | None = None,
    headers: Mapping[str, str] | None = None,
    sent: bool | None = None,
    timed_out: bool = False,
    **facts: Any,
) -> Wait | GiveUp:
    failure = Failure(error_type or "", status, "")
    error: ExchangeError
    if timed_out:
        error = TimedOut(failure, ExitCode.REJECTED, sent=bool(sent))
    elif sent is not None:
        error = ConnectionFailed(failure, ExitCode.REJECTED, sent=sent)
    else:
        error = Rejected(failure, ExitCode.REJECTED, code=error_code, headers=dict(headers or {}))
    return after(error, **facts)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 520, 529, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    answer = decided(status=status)
    assert isinstance(answer, Wait)
    assert answer.seconds == 0.5
    assert str(status) in answer.reason


@pytest.mark.parametrize("status", [200, 301, 400, 401, 402, 403, 404, 412, 413, 422, 431, 499])
def test_what_will_not_pass_is_final(status: int) -> None:
    assert isinstance(decided(status=status), GiveUp)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (None, "no connection"),
        (408, "request timeout (408)"),
        (409, "conflict (409)"),
        (429, "rate limited (429)"),
        (500, "internal error (500)"),
        (502, "bad gateway (502)"),
        (503, "unavailable (503)"),
        (504, "timeout at the API (504)"),
        (529, "overloaded (529)"),
        (520, "status 520"),
    ],
)
def test_a_wait_says_what_failed(status: int | None, reason: str) -> None:
    assert decided(status=status) == Wait(0.5, reason)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"timed_out": True, "sent": True}, "it timed out after it was sent, and may be under way"),
        ({"error_code": "enforced_spend_limit_reached"}, "a spend limit is reached"),
        ({"status": 400}, "trying again would not help"),
        ({"attempt": 2}, "no retries are left"),
        ({"attempt": 1, "retries": 1}, "no retries are left"),
        ({"retries": 0}, "retries are off"),
        ({"deadline_s": 1.2}, "the wait would pass the deadline"),
    ],
)
def test_giving_up_says_why(facts: dict[str, Any], reason: str) -> None:
    assert decided(**facts) == GiveUp(reason)


def test_no_connection_is_tried_again() -> None:
    assert decided(status=None) == Wait(0.5, "no connection")
    assert decided(status=None, timed_out=True, sent=False) == Wait(0.5, "no connection")
    assert decided(status=None, timed_out=False, sent=True) == Wait(0.5, "no connection")


def test_what_timed_out_after_it_was_sent_is_not_sent_again() -> None:
    answer = decided(status=None, timed_out=True, sent=True)
    assert isinstance(answer, GiveUp)
    assert "timed out" in answer.reason


@pytest.mark.parametrize(
    ("error_type", "answer"),
    [
        ("overloaded_error", Wait(0.5, "overloaded (529)")),
        ("rate_limit_error", Wait(0.5, "rate limited (429)")),
        ("api_error", Wait(0.5, "internal error (500)")),
        ("timeout_error", Wait(0.5, "timeout at the API (504)")),
        ("conflict_error", Wait(0.5, "conflict (409)")),
        ("invalid_request_error", GiveUp("trying again would not help")),
        ("something_new", GiveUp("trying again would not help")),
        (None, GiveUp("trying again would not help")),
    ],
)
def test_an_error_in_a_response_of_status_200_is_judged_by_its_type(
    error_type: str | None, answer: Wait | GiveUp
) -> None:
    assert decided(status=200, error_type=error_type) == answer


@pytest.mark.parametrize(
    ("error_type", "answer"),
    [
        ("overloaded_error", Wait(0.5, "overloaded (529)")),
        ("invalid_request_error", GiveUp("trying again would not help")),
        ("permission_error", GiveUp("trying again would not help")),
        ("connection", Wait(0.5, "no connection")),
        ("timeout", Wait(0.5, "no connection")),
    ],
)
def test_an_error_without_a_status_is_the_api_s_or_the_connection_s(error_type: str, answer: Wait | GiveUp) -> None:
    assert decided(status=None, error_type=error_type) == answer


def test_a_status_outranks_the_type() -> None:
    assert isinstance(decided(status=400, error_type="overloaded_error"), GiveUp)
    assert isinstance(decided(status=529, error_type="invalid_request_error"), Wait)


@pytest.mark.parametrize(
    ("advice", "status", "again"),
    [
        ("true", 400, True),
        (" TRUE ", 401, True),
        ("false", 429, False),
        ("False", 529, False),
        ("perhaps", 529, True),
        ("perhaps", 400, False),
        ("", 529, True),
    ],
)
def test_the_server_s_advice_comes_first(advice: str, status: int, again: bool) -> None:
    assert isinstance(decided(status=status, headers={"x-should-retry": advice}), Wait) is again


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "enforced_spend_limit_reached"),
        (429, "contract_spend_limit_reached"),
        (402, "linked_organization_spend_limit_reached"),
    ],
)
@pytest.mark.parametrize("advice", [{}, {"x-should-retry": "true"}], ids=["alone", "against advice"])
def test_a_spend_limit_is_never_waited_for(status: int, code: str, advice: Mapping[str, str]) -> None:
    answer = decided(status=status, error_code=code, headers=advice)
    assert isinstance(answer, GiveUp)
    assert "spend limit" in answer.reason


def test_another_code_changes_nothing() -> None:
    assert isinstance(decided(status=429, error_code="ramp_limit_exceeded"), Wait)


@pytest.mark.parametrize(("attempt", "retries", "again"), [(0, 2, 1), (1, 2, 1), (2, 2, 0), (0, 0, 0), (9, 2, 0)])
def test_retries_are_counted(attempt: int, retries: int, again: int) -> None:
    answer = decided(attempt=attempt, retries=retries, headers={"retry-after": "7"})
    assert answer == (Wait(7.0, "overloaded (529)") if again else GiveUp(answer.reason, 7.0))


def test_delays_double_up_to_eight_seconds() -> None:
    delays = [decided(attempt=n, retries=10_000) for n in (0, 1, 2, 3, 4, 5, 6, 9_999)]
    assert [d.seconds for d in delays if isinstance(d, Wait)] == [0.5, 1, 2, 4, 8, 8, 8, 8]


def test_chance_shortens_a_delay_by_up_to_a_quarter_but_not_what_the_server_asks_for() -> None:
    assert decided(attempt=2, retries=5, random=1.0) == Wait(1.5, "overloaded (529)")
    assert decided(attempt=2, retries=5, random=0.5) == Wait(1.75, "overloaded (529)")
    assert decided(random=1.0, headers={"retry-after": "4"}) == Wait(4.0, "overloaded (529)")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": ".5"}, 0.5),
        ({"retry-after": "4."}, 4.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "250.5", "retry-after": "9"}, 0.2505),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "0", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "-1", "retry-after": "9"}, 9.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True).replace("GMT", "-0000")}, 30.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True).replace("GMT", "+0100")}, None),
        ({"retry-after": formatdate(NOW + 7200, usegmt=True).replace("GMT", "+0100")}, 3600.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, None),
        ({"retry-after": formatdate(NOW + 30, usegmt=True).ljust(64)}, 30.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True).ljust(65)}, None),
        ({"retry-after": formatdate(NOW + 30, usegmt=True).replace(" GMT", "")}, 30.0),
        ({"retry-after": "Thu, 99 Foo 2026 99:99:99 GMT"}, None),
        ({"retry-after": "Thu, 01 Jan 99999 00:00:00 GMT"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "1_0"}, None),
        ({"retry-after": "0x10"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "3, 4"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "999999999999"}, 4_294_967.0),
        ({"retry-after-ms": "999999999999"}, 4_294_967.0),
    ],
)
def test_what_the_server_asks_for(headers: Mapping[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_a_date_without_a_zone_is_in_utc_wherever_avow_runs() -> None:
    with zone(KOLKATA):
        date = formatdate(NOW + 30, usegmt=True).replace("GMT", "-0000")
        assert retry_after({"retry-after": date}, NOW) == 30.0


@pytest.mark.parametrize("garbage", ["nan", "inf", "-5", "0", "soon"])
def test_garbage_means_our_own_delay(garbage: str) -> None:
    assert decided(headers={"retry-after": garbage}) == Wait(0.5, "overloaded (529)")


def test_a_minute_is_waited_for_and_no_more() -> None:
    assert decided(headers={"retry-after": "60"}) == Wait(60.0, "overloaded (529)")
    assert decided(headers={"retry-after": "60.1"}) == GiveUp("the wait is over a minute", 60.1)


@pytest.mark.parametrize(
    ("elapsed", "deadline", "asked", "again"),
    [
        (1.0, 10.0, "8", True),
        (1.0, 10.0, "9", False),
        (1.0, 10.0, "30", False),
        (9.8, 10.0, None, False),
        (9.0, 10.0, None, True),
        (11.0, 10.0, None, False),
        (11.0, None, None, True),
    ],
)
def test_the_deadline_bounds_the_wait(elapsed: float, deadline: float | None, asked: str | None, again: bool) -> None:
    headers = {"retry-after": asked} if asked else {}
    answer = decided(elapsed_s=elapsed, deadline_s=deadline, headers=headers)
    assert isinstance(answer, Wait) is again
    if isinstance(answer, GiveUp):
        assert "deadline" in answer.reason
        assert answer.retry_after == (float(asked) if asked else None)


@pytest.mark.parametrize(
    "facts",
    [
        {"status": 400},
        {"error_code": "enforced_spend_limit_reached"},
        {"attempt": 2},
    ],
    ids=["final", "spend limit", "used up"],
)
def test_the_time_is_told_whenever_the_server_told_it(facts: dict[str, Any]) -> None:
    answer = decided(headers={"retry-after": "12"}, **facts)
    assert isinstance(answer, GiveUp)
    assert answer.retry_after == 12.0


@given(
    st.integers(0, 50),
    st.one_of(st.none(), st.integers(100, 599)),
    st.text(max_size=40),
    st.text(max_size=40),
    st.floats(0, 1),
)
def test_no_header_breaks_it_and_no_wait_is_over_a_minute(
    attempt: int, status: int | None, ms: str, after: str, random: float
) -> None:
    headers = {"retry-after-ms": ms, "retry-after": after}
    answer = decided(attempt=attempt, retries=50, status=status, headers=headers, random=random)
    if isinstance(answer, Wait):
        assert 0 < answer.seconds <= LONGEST_WAIT_S
        assert math.isfinite(answer.seconds)


def too_much(code: ExitCode = ExitCode.UNAVAILABLE, **headers: str) -> Rejected:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Rejected(Failure("rate_limit_error", 429, "not now"), code, headers=named)


def test_an_error_is_decided_by_what_it_carries() -> None:
    assert after(too_much(retry_after="3")) == Wait(3.0, "rate limited (429)")
    spent = Rejected(Failure("rate_limit_error", 429, "no"), ExitCode.UNAVAILABLE, code="spend_limit_reached")
    assert after(spent) == GiveUp("a spend limit is reached")
    silent = Failure("timeout", None, "silence")
    assert isinstance(after(TimedOut(silent, ExitCode.UNREACHABLE, sent=False)), Wait)
    assert isinstance(after(TimedOut(silent, ExitCode.UNREACHABLE, sent=True)), GiveUp)


def test_what_would_end_in_the_same_is_not_tried_again() -> None:
    refused = Failure("connection", None, "the certificate is not trusted")
    assert isinstance(after(ConnectionFailed(refused, ExitCode.UNREACHABLE)), Wait)
    assert isinstance(after(ConnectionFailed(refused, ExitCode.UNREACHABLE, not_retryable=True)), GiveUp)
    page = NotAnAnswer(Failure("not_an_answer", 503, "a page of HTML"), ExitCode.UNAVAILABLE)
    assert isinstance(after(page), GiveUp)


@pytest.mark.parametrize(
    ("seconds", "words"), [("61", "61 seconds"), ("3600", "60 minutes"), ("7200", "2.0 hours"), ("86400", "24.0 hours")]
)
def test_a_wait_that_is_too_long_is_said(seconds: str, words: str) -> None:
    decision = after(too_much(retry_after=seconds))
    assert isinstance(decision, GiveUp)
    assert decision.hint == f"the API asks to wait {words}; ask again then"


def test_a_wait_that_helps_nothing_is_not_said() -> None:
    rejected = after(too_much(ExitCode.REJECTED, retry_after="3600"))
    assert isinstance(rejected, GiveUp)
    assert rejected.hint is None
    at_once = after(too_much(retry_after="0.2"), retries=0)
    assert isinstance(at_once, GiveUp)
    assert at_once.hint is None
