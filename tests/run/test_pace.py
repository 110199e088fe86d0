"""One limiter for all workers, by a clock of its own."""

from datetime import UTC, datetime

import pytest

from avow.run.pace import Pace

WALL = 1_790_000_000.0


def headers(left: int, reset_in: float, family: str = "requests") -> dict[str, str]:
    moment = datetime.fromtimestamp(WALL + reset_in, UTC).isoformat().replace("+00:00", "Z")
    start = f"anthropic-ratelimit-{family}"
    return {f"{start}-limit": "100", f"{start}-remaining": str(left), f"{start}-reset": moment}


def test_nothing_holds_a_run_that_met_no_limit() -> None:
    pace = Pace(3600, 0.0)
    assert [pace.turn(1.0) for _ in range(5)] == [1.0] * 5
    assert pace.heard(200, {}, 1.0, 1.2, WALL) is False
    assert pace.why(1.2) is None


def test_a_limit_holds_all_as_long_as_it_asks() -> None:
    pace = Pace(3600, 0.0)
    pace.turn(0.0)
    assert pace.heard(429, {"retry-after": "7"}, 0.0, 1.0, WALL) is True
    assert pace.held(1.0) == 7.0
    assert pace.why(1.0) == "rate limited; goes on in 7 s"
    assert pace.turn(1.0) == 8.0
    assert pace.why(8.0) is None


def test_a_limit_halves_the_pace_once_and_answers_raise_it() -> None:
    pace = Pace(3600, 0.0)
    for number in range(10):
        pace.turn(number * 0.1)  # ten a second
    for _ in range(3):
        pace.heard(529, {"retry-after": "1"}, 0.9, 1.0, WALL)
    first, second = pace.turn(2.0), pace.turn(2.0)
    assert second - first == pytest.approx(0.2)
    for _ in range(40):
        pace.heard(200, {}, 2.0, 2.5, WALL)
    pace.turn(10.0)
    assert pace.turn(10.0) - 10.0 == pytest.approx(0.2 / 1.02**40)


def test_what_is_left_is_spread_over_the_time_until_more_is_there() -> None:
    pace = Pace(3600, 0.0)
    pace.turn(0.0)
    pace.heard(200, headers(10, 20.0), 0.0, 0.0, WALL)
    assert [pace.turn(0.0) for _ in range(2)] == [0.0, pytest.approx(2.0)]


def test_nothing_left_holds_all_until_the_reset() -> None:
    pace = Pace(3600, 0.0)
    pace.turn(0.0)
    pace.heard(200, headers(0, 12.0), 0.0, 0.0, WALL)
    assert pace.held(0.0) == pytest.approx(12.0)
    assert pace.why(0.0) == "the rate limit is used up; goes on in 12 s"


def test_a_reset_in_the_past_says_nothing() -> None:
    pace = Pace(3600, 0.0)
    pace.turn(0.0)
    pace.heard(200, headers(0, -5.0), 0.0, 0.0, WALL)
    assert pace.held(0.0) == 0.0


def test_tokens_are_spread_by_what_a_request_takes() -> None:
    pace = Pace(3600, 0.0)
    for left in (10_000, 9_000):
        pace.turn(0.0)
        pace.heard(200, headers(left, 9.0, "input-tokens"), 0.0, 0.0, WALL)
    first = pace.turn(0.0)
    assert pace.turn(0.0) - first == pytest.approx(1.0)


def test_the_patience_is_for_all_pauses_together() -> None:
    pace = Pace(10.0, 0.0)
    pace.turn(0.0)
    assert pace.heard(429, {"retry-after": "6"}, 0.0, 0.0, WALL) is True
    assert pace.heard(429, {"retry-after": "6"}, 0.0, 0.0, WALL) is True  # the same pause
    pace.turn(6.0)
    assert pace.heard(429, {"retry-after": "6"}, 6.0, 6.0, WALL) is False
    assert pace.paused_s == 6.0


@pytest.mark.parametrize("patience", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("asked", [{}, {"retry-after": "1"}, {"retry-after": "100"}], ids=str)
def test_a_run_against_a_limit_that_stays_takes_no_longer_than_its_patience(
    patience: float, asked: dict[str, str]
) -> None:
    """A thousand requests of 10 ms: a slower pace is a wait too."""
    pace, now = Pace(patience, 0.0), 0.0
    for _ in range(1000):
        at = pace.turn(now)
        now = at + 0.01
        if pace.heard(529, asked, at, now, WALL):
            now += pace.held(now)
    assert now <= 1000 * 0.01 + 2 * patience + 0.1


def test_the_pace_holds_again_once_a_request_is_answered() -> None:
    pace = Pace(0.0, 0.0)
    pace.turn(0.0)
    pace.heard(529, {}, 0.0, 0.0, WALL)
    assert pace.turn(1.0) == pace.turn(1.0) == 1.0
    pace.heard(200, {}, 1.0, 1.5, WALL)
    pace.turn(2.0)
    assert pace.turn(2.0) > 2.0


def test_a_limit_without_a_time_pauses_longer_each_time() -> None:
    pace = Pace(3600, 0.0)
    now, pauses = 0.0, []
    for _ in range(3):
        at = pace.turn(now)
        pace.heard(429, {}, at, at, WALL)
        pauses.append(pace.held(at))
        now = at + pauses[-1]
    assert pauses == [1.0, 2.0, 4.0]


def test_a_token_bucket_is_used_to_nine_tenths_and_never_overdrawn() -> None:
    """50 requests in a bucket that gains 10 a second: what the API's own limits are."""
    pace, now, bucket, filled_at, sent = Pace(3600, 0.0), 0.0, 50.0, 0.0, 0
    while now < 60.0:
        at = max(pace.turn(now), now)
        bucket = min(50.0, bucket + 10.0 * (at - filled_at))
        now = filled_at = at
        assert bucket >= 1.0, at
        bucket -= 1.0
        sent += 1
        pace.heard(200, headers(int(bucket), (50.0 - bucket) / 10.0), at, now, WALL)
        now += 0.001
    assert sent >= 0.9 * (50 + 600)
