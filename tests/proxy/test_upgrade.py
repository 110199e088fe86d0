"""Whether the upstream agreed to speak another protocol."""

import pytest

from avow.proxy.upgrade import UpgradeWatch


@pytest.mark.parametrize(
    ("data", "upgraded"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x00", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 \r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nX", None),
        (b"garbage\r\n\r\n", False),
        (b"x" * 65_537, False),
    ],
)
@pytest.mark.parametrize("size", [5, 99_999])
def test_it_is_told_by_the_first_final_status(data: bytes, upgraded: bool | None, size: int) -> None:
    watch = UpgradeWatch()
    told = None
    for start in range(0, len(data), size):
        told = watch.feed(data[start : start + size])
        if told is not None:
            break
    assert told is upgraded
