"""Reading stdin to its end."""

import io
import os
import pty
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from avow.errors import FileError, UsageError
from avow.prompt import stdin

BYTES = bytes(range(256)) * 1000


@contextmanager
def pipe_from(feed: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """The reading end of a pipe that a thread feeds."""
    reading, writing = os.pipe()

    def run() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            try:
                feed(pipe)
            except BrokenPipeError:
                return

    feeder = threading.Thread(target=run)
    feeder.start()
    with os.fdopen(reading, "rb") as pipe:
        yield pipe
    feeder.join()


def later(*steps: float | bytes) -> Callable[[BinaryIO], None]:
    """What a feeder does: waits for a number, writes bytes."""

    def feed(pipe: BinaryIO) -> None:
        for step in steps:
            if isinstance(step, bytes):
                pipe.write(step)
            else:
                time.sleep(step)

    return feed


def never() -> None:
    raise AssertionError("nobody was silent")


def test_bytes_arrive_unchanged() -> None:
    with pipe_from(later(BYTES)) as pipe:
        assert stdin.read_to_end(pipe, never) == BYTES


def test_empty_and_closed() -> None:
    with pipe_from(later()) as pipe:
        assert stdin.read_to_end(pipe, never) == b""
    assert stdin.read_to_end(None, never) == b""


def test_files_and_streams_without_a_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(BYTES)
    with path.open("rb") as file:
        assert stdin.read_to_end(file, never) == BYTES
    assert stdin.read_to_end(io.BytesIO(BYTES), never) == BYTES


def test_a_terminal() -> None:
    leader, follower = pty.openpty()
    os.write(leader, b"typed\n\x04")
    with os.fdopen(follower, "rb", buffering=0) as terminal:
        assert stdin.read_to_end(terminal, never) == b"typed\n"
    os.close(leader)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param((0.15, b"a", 0.15, b"b", 0.15), 0, id="never silent for long"),
        pytest.param((0.5, b"a"), 1, id="silent at first"),
        pytest.param((b"a", 0.5, b"b", 0.5, b"c"), 1, id="silent twice, told once"),
    ],
)
def test_silence_is_told_once(steps: tuple[float | bytes, ...], expected: int) -> None:
    told: list[float] = []
    with pipe_from(later(*steps)) as pipe:
        data = stdin.read_to_end(pipe, lambda: told.append(time.monotonic()), silence=0.25)
    assert data == b"".join(step for step in steps if isinstance(step, bytes))
    assert len(told) == expected


def test_the_word_comes_after_three_seconds() -> None:
    told: list[float] = []
    started = time.monotonic()
    with pipe_from(later(3.3, b"x")) as pipe:
        stdin.read_to_end(pipe, lambda: told.append(time.monotonic() - started))
    assert len(told) == 1
    assert 2.9 < told[0] < 3.3


def test_the_deadline_bounds_it() -> None:
    started = time.monotonic()
    with (
        pipe_from(later(b"a", 0.6)) as pipe,
        pytest.raises(UsageError, match="deadline") as caught,
    ):
        stdin.read_to_end(pipe, never, deadline=started + 0.2)
    assert caught.value.hint is not None
    assert "--no-stdin" in caught.value.hint
    assert 0.15 < time.monotonic() - started < 1.5


def test_the_limit() -> None:
    with pipe_from(later(b"x" * 1000)) as pipe:
        assert len(stdin.read_to_end(pipe, never, limit=1000)) == 1000
    with pipe_from(later(b"x" * 1001)) as pipe, pytest.raises(UsageError, match=r"stdin: .*\(1,000 bytes\)"):
        stdin.read_to_end(pipe, never, limit=1000)


def test_fifty_megabytes_are_refused_in_under_a_second() -> None:
    def feed(pipe: BinaryIO) -> None:
        for _piece in range(50):
            pipe.write(b"x" * 1_000_000)

    started = time.monotonic()
    with pipe_from(feed) as pipe, pytest.raises(UsageError, match="stdin"):
        stdin.read_to_end(pipe, never)
    assert time.monotonic() - started < 1


def test_a_folder_as_stdin(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(FileError, match="stdin: is a directory"):
        stdin.read_to_end(_Bare(descriptor), never)  # type: ignore[arg-type]
    os.close(descriptor)


class _Bare(io.RawIOBase):
    """A stream on a descriptor that Python itself would not open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


def test_a_pipe_that_does_not_block() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def feed() -> None:
        os.write(writing, b"late")
        os.close(writing)

    threading.Timer(0.2, feed).start()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        assert stdin.read_to_end(pipe, never) == b"late"


def test_the_thread_does_the_same() -> None:
    with pipe_from(later(b"a", 0.4, b"b")) as pipe:
        arrive = stdin.arrivals_by_thread(pipe)
        got = []
        while (chunk := arrive(0.05)) != b"":
            got.append(chunk)
    assert b"".join(chunk for chunk in got if chunk) == b"ab"
    assert None in got


def test_the_thread_hands_on_errors() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    arrive = stdin.arrivals_by_thread(Broken())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="Input/output"):
        arrive(1)
