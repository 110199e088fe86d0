import io
import tracemalloc

import pytest

from avow.scan.lines import lines
from avow.scan.records import SkipCounts


@pytest.mark.parametrize(
    ("data", "expected", "oversized"),
    [
        (b"", [], 0),
        (b"a\nb\n", [(1, b"a\n"), (2, b"b\n")], 0),
        (b"a\n\n \r\nb", [(1, b"a\n"), (4, b"b")], 0),
        (b"12345\nb", [(1, b"12345\n"), (2, b"b")], 0),
        (b"123456\nb", [(1, None), (2, b"b")], 1),
        (b"1234567890123456\nb\n", [(1, None), (2, b"b\n")], 1),
        (b"a\n1234567890", [(1, b"a\n"), (2, None)], 1),
        (b"12345", [(1, b"12345")], 0),
        (b"123456", [(1, None)], 1),
        ("a\u2028b\n".encode(), [(1, "a\u2028b\n".encode())], 0),
    ],
    ids=[
        "empty",
        "two",
        "blank",
        "at limit",
        "over",
        "far over",
        "over at end",
        "at limit at end",
        "over by one",
        "U+2028",
    ],
)
def test_lines(data: bytes, expected: list[tuple[int, bytes | None]], oversized: int) -> None:
    counts = SkipCounts()
    read: list[int] = []
    assert list(lines(io.BytesIO(data), counts, read.append, limit=5)) == expected
    assert counts.oversized_lines == oversized
    assert sum(read) == len(data)


def test_a_line_of_any_length_takes_little_memory() -> None:
    class Long(io.BytesIO):
        left = 2000

        def readline(self, size: int | None = -1) -> bytes:
            self.left -= 1
            return b"x" * (size or 0) if self.left > 0 else b""

    tracemalloc.start()
    counts = SkipCounts()
    assert list(lines(Long(), counts, limit=100_000)) == [(1, None)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts.oversized_lines == 1
    assert peak < 1_000_000
