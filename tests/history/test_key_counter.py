"""Counting very many keys."""

from avow.history.key_counter import KeyCounter


def test_each_key_is_counted() -> None:
    seen = KeyCounter()
    assert [seen.before(key) for key in (b"a", b"b", b"a", b"a")] == [0, 0, 1, 2]
    seen.close()
