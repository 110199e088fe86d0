"""When there is time for more than what passes."""

import time

from avow.proxy.quiet_time import PATIENCE_S, REST_S, QuietTime


def test_there_is_time_where_nothing_passes() -> None:
    assert QuietTime().left_s(time.monotonic()) <= 0


def test_there_is_none_while_a_first_byte_may_come() -> None:
    quiet = QuietTime(awaited_s=60)
    quiet.asked()
    assert 0 < quiet.left_s(time.monotonic()) <= PATIENCE_S
    quiet.answered()
    assert quiet.left_s(time.monotonic()) <= REST_S


def test_a_thread_waits_for_it() -> None:
    quiet = QuietTime()
    quiet.answered()
    begun = time.monotonic()
    quiet.wait(begun)
    assert time.monotonic() - begun > REST_S / 2


def test_what_has_waited_long_waits_no_more() -> None:
    quiet = QuietTime(awaited_s=60)
    quiet.asked()
    long_ago = time.monotonic() - PATIENCE_S
    quiet.wait(long_ago)
    assert quiet.left_s(long_ago) <= 0 < quiet.left_s(time.monotonic())
