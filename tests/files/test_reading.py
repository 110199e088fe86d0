"""Reading files, pipes and stdin: all of it, unchanged, and never for ever."""

import io
import os
import pty
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import pytest

from avow.errors import UnreadableFile
from avow.files.reading import (
    PipeWait,
    SizeLimit,
    arrivals_by_thread,
    as_text,
    decoded,
    read_file,
    read_stdin,
    read_text,
)

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


def later(*steps: float | bytes | threading.Event) -> Callable[[BinaryIO], None]:
    """What a feeder does: waits for a number or an event, writes bytes."""

    def feed(pipe: BinaryIO) -> None:
        for step in steps:
            if isinstance(step, bytes):
                pipe.write(step)
            elif isinstance(step, threading.Event):
                step.wait(60)
            else:
                time.sleep(step)

    return feed


def never(text: str) -> None:
    raise AssertionError(f"nobody was silent: {text}")


MOST = SizeLimit(33_554_432, "a request to the API takes")


def to_end(
    stream: BinaryIO | None, notice: Callable[[str], None] = never, *, most: SizeLimit = MOST, **waits: float
) -> bytes:
    return read_stdin(stream, most=most, wait=PipeWait(waits.get("deadline"), notice, waits.get("silence", 3.0)))


def test_bytes_arrive_unchanged() -> None:
    with pipe_from(later(BYTES)) as pipe:
        assert to_end(pipe, never) == BYTES


def test_empty_and_closed() -> None:
    with pipe_from(later()) as pipe:
        assert to_end(pipe, never) == b""
    assert to_end(None, never) == b""


def test_files_and_streams_without_a_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(BYTES)
    with path.open("rb") as file:
        assert to_end(file, never) == BYTES
    assert to_end(io.BytesIO(BYTES), never) == BYTES


def test_a_terminal() -> None:
    leader, follower = pty.openpty()
    os.write(leader, b"typed\n\x04")
    with os.fdopen(follower, "rb", buffering=0) as terminal:
        assert to_end(terminal, never) == b"typed\n"
    os.close(leader)


@pytest.mark.parametrize("before", [(), (b"a",)], ids=["silent at first", "silent twice"])
def test_silence_is_told_once(before: tuple[bytes, ...]) -> None:
    told = threading.Event()
    words: list[str] = []

    def notice(text: str) -> None:
        words.append(text)
        told.set()

    with pipe_from(later(*before, told, b"b", 0.3, b"c")) as pipe:
        data = to_end(pipe, notice, silence=0.2)
    assert data == b"".join((*before, b"bc"))
    assert len(words) == 1


def test_what_is_never_silent_for_long_is_not_told() -> None:
    """Each pause is much shorter than the silence, all of them together are longer."""
    steps: list[float | bytes] = [0.02, b"a"] * 60
    with pipe_from(later(*steps)) as pipe:
        assert to_end(pipe, never, silence=1.0) == b"a" * 60


@pytest.mark.slow
def test_the_word_comes_after_three_seconds() -> None:
    told: list[float] = []
    started = time.monotonic()
    with pipe_from(later(3.3, b"x")) as pipe:
        to_end(pipe, lambda _text: told.append(time.monotonic() - started))
    assert len(told) == 1
    assert 2.9 < told[0] < 3.3


def test_the_deadline_bounds_it() -> None:
    started, over = time.monotonic(), threading.Event()
    with pipe_from(later(b"a", over)) as pipe:
        with pytest.raises(UnreadableFile, match="deadline") as caught:
            to_end(pipe, never, deadline=started + 0.2)
        over.set()
    assert caught.value.hint is not None
    assert "--no-stdin" in caught.value.hint
    assert time.monotonic() - started >= 0.2


def test_the_limit() -> None:
    with pipe_from(later(b"x" * 1000)) as pipe:
        assert len(to_end(pipe, never, most=SizeLimit(1000))) == 1000
    with pipe_from(later(b"x" * 1001)) as pipe, pytest.raises(UnreadableFile, match=r"stdin: .*\(1,000 bytes\)"):
        to_end(pipe, never, most=SizeLimit(1000))


def test_fifty_megabytes_are_refused_in_under_a_second() -> None:
    def feed(pipe: BinaryIO) -> None:
        for _piece in range(50):
            pipe.write(b"x" * 1_000_000)

    started = time.process_time()
    with pipe_from(feed) as pipe, pytest.raises(UnreadableFile, match="stdin"):
        to_end(pipe, never)
    assert time.process_time() - started < 1


def test_a_folder_as_stdin(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(UnreadableFile, match="stdin: it cannot be read: is a directory"):
        to_end(_Bare(descriptor), never)  # type: ignore[arg-type]
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
        assert to_end(pipe, never) == b"late"


def test_the_thread_does_the_same() -> None:
    with pipe_from(later(b"a", 0.4, b"b")) as pipe:
        arrive = arrivals_by_thread(lambda: nullcontext(pipe))
        got = []
        while (chunk := arrive(0.05)) != b"":
            got.append(chunk)
    assert b"".join(chunk for chunk in got if chunk) == b"ab"
    assert None in got


def test_the_thread_hands_on_errors() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    arrive = arrivals_by_thread(lambda: nullcontext(Broken()))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="Input/output"):
        arrive(1)


# -- files ----------------------------------------------------------------------------------------------------


def test_a_file_is_read_whole_and_never_past_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(BYTES)
    assert read_file(path, most=SizeLimit(len(BYTES))) == BYTES
    with pytest.raises(UnreadableFile, match=r"--x: 256,000 bytes is more than a test takes \(255,999 bytes\)"):
        read_file(path, "--x", most=SizeLimit(len(BYTES) - 1, "a test takes"))


def test_a_file_without_a_size_is_bounded_too() -> None:
    path = Path("/proc/self/maps")
    if not path.exists():
        pytest.skip("no /proc here")
    assert path.stat().st_size == 0
    assert len(read_file(path)) > 1000
    with pytest.raises(UnreadableFile, match="it is larger"):
        read_file(path, most=SizeLimit(100))


def test_a_leading_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"home")
    assert read_file("~/file") == b"home"
    (tmp_path / "~odd").write_bytes(b"here")
    assert read_file("~odd") == b"here"
    with pytest.raises(UnreadableFile, match="~nobody-of-that-name/x: there is no such file"):
        read_file("~nobody-of-that-name/x")


def test_a_missing_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_file(tmp_path / "none")
    assert caught.value.missing
    with pytest.raises(UnreadableFile) as caught:
        read_file(tmp_path)
    assert not caught.value.missing


def test_without_a_wait_only_a_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null"), Path("/dev/zero")):
        with pytest.raises(UnreadableFile, match="not a file"):
            read_file(path)


def test_nothing_at_all_is_read_from_where_nothing_is() -> None:
    assert read_file("/dev/null", wait=PipeWait()) == b""


def test_the_file_that_was_opened_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    sizes: list[int] = []
    read_file(tmp_path / "file", inspect=lambda facts: sizes.append(facts.st_size))
    assert sizes == [3]


def test_an_abandoned_pipe_leaves_its_writer_alone(tmp_path: Path) -> None:
    """The thread that waits for it is still there, and lets go once the pipe is closed."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(UnreadableFile, match="deadline"):
        read_file(path, wait=PipeWait(time.monotonic() + 0.05))
    path.write_bytes(b"late")
    assert threading.active_count() >= 1


# -- text -----------------------------------------------------------------------------------------------------

TEXTS = {
    "plain": (b"a\nb", "a\nb", "a\nb"),
    "a byte order mark": (b"\xef\xbb\xbfa", "a", "a"),
    "only one of two": (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa", "\ufeffa"),
    "windows line ends": (b"a\r\nb\r\n", "a\nb\n", "a\r\nb\r\n"),
    "a bare carriage return": (b"a\rb", "a\rb", "a\rb"),
    "nothing": (b"", "", ""),
}


@pytest.mark.parametrize(("data", "text", "kept"), TEXTS.values(), ids=TEXTS)
def test_one_rule_for_text(data: bytes, text: str, kept: str, tmp_path: Path) -> None:
    assert as_text(data, "x") == text
    assert decoded(data, "x") == kept
    (tmp_path / "file").write_bytes(data)
    assert read_text(tmp_path / "file") == text


@pytest.mark.parametrize(
    ("data", "words", "hint"),
    [
        pytest.param(b"a\nb\xff", r"x:2: this is not UTF-8 text \(byte 3 is 0xff\)", "UTF-8", id="latin"),
        pytest.param("a".encode("utf-16"), r"x:1: this is not UTF-8", "iconv -f UTF-16 -t UTF-8", id="utf-16"),
        pytest.param(b"a\n\0", r"x:2: this is not text \(byte 2 is NUL\)", "text file", id="nul"),
    ],
)
def test_what_is_not_text_says_where(data: bytes, words: str, hint: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as caught:
        as_text(data, "x")
    assert hint in (caught.value.hint or "")
