import io

import pytest

from avow.scan.ending import lines_from_end


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"torn", []),
        (b"one\n", [b"one"]),
        (b"one\ntwo\n", [b"two", b"one"]),
        (b"one\n\ntwo\nstill being writ", [b"two", b"one"]),
        (b"\n\n", []),
        (b"x" * 10 + b"\n" + b"y" * 11 + b"\n" + b"z" * 10 + b"\n", [b"z" * 10, b"x" * 10]),
        (b"a line that is too long\ntwo\n" + b"x" * 12 + b"\nend\n", [b"end", b"two"]),
    ],
)
def test_whole_lines_the_last_first(data: bytes, lines: list[bytes], step: int) -> None:
    assert list(lines_from_end(io.BytesIO(data), step=step, limit=10)) == lines
