"""Attachments: what is read, what is refused, and that the bytes stay as they are."""

import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from avow.errors import UnreadableFile, UsageError
from avow.prompt.attachments import identify, read, read_again, stdin_document
from avow.prompt.file_kinds import media_type_of, seems_to_be
from avow.prompt.limits import BODY_BYTES
from avow.wire.blocks import Attachment, block
from tests import samples

KINDS = {
    "png": (samples.png(), "image", "image/png"),
    "jpeg": (samples.jpeg(), "image", "image/jpeg"),
    "gif": (samples.gif(), "image", "image/gif"),
    "webp": (samples.webp(), "image", "image/webp"),
    "pdf": (samples.pdf(), "pdf", "application/pdf"),
    "pdf after some junk": (b"\xff\xfe junk\n" + samples.pdf(), "pdf", "application/pdf"),
    "text": ("zażółć\n".encode(), "text", "text/plain"),
    "text with a BOM": (b"\xef\xbb\xbfa\r\nb\rc\n", "text", "text/plain"),
    "text without a final newline": (b"x", "text", "text/plain"),
    "text with escapes": (b"\x1b[31mred\x1b[0m", "text", "text/plain"),
    "text that begins like a GIF": (b"GIF89a is a format", "text", "text/plain"),
    "text that begins like a WebP": (b"RIFFabcdWEBP is a format", "text", "text/plain"),
    "text about PDF": (b"A PDF begins with %PDF-1.7", "text", "text/plain"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text", "text/plain"),
}
NAMES = ["plain.dat", "with space.dat", "emoji 🦊.dat", "-leading-dash.dat", "--version", "new\nline.dat", "a'b\"c.dat"]


@pytest.mark.parametrize(("data", "kind", "media_type"), KINDS.values(), ids=KINDS)
def test_kinds_are_told_by_bytes_and_bytes_are_kept(data: bytes, kind: str, media_type: str, tmp_path: Path) -> None:
    path = tmp_path / "misleading.exe"
    path.write_bytes(data)
    attachment = read(str(path))
    assert (attachment.kind, attachment.media_type, attachment.size) == (kind, media_type, len(data))
    assert attachment.data == data
    assert attachment.sha256 is not None
    assert read("-", stdin=io.BytesIO(data)).data == data
    assert stdin_document(data).name == "stdin"
    json.dumps(block(attachment))


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("x")
    attachment = read(name)
    assert attachment.name == name
    assert block(attachment)["title"] == name


REFUSED = {
    "empty": (b"", "it is empty"),
    "latin-1": ("Ein schöner Tag für die Größe, über Österreich hinaus.\n".encode("latin-1") * 9, "text in"),
    "a few words of latin-1": ("café au lait\n".encode("latin-1"), "text in cp125"),
    "utf-16 with a mark": ("hello".encode("utf-16"), "UTF-16"),
    "utf-16 without": ("hello world, how are you".encode("utf-16-le"), "UTF-16LE"),
    "utf-16 big-endian": ("hello world, how are you".encode("utf-16-be"), "UTF-16BE"),
    "utf-32": ("hello".encode("utf-32"), "UTF-32"),
    "shift-jis": ("これはテストの文章です。日本語で書かれています。".encode("shift-jis") * 9, "text in"),
    "nul": (b"a\0b, all else is text", "NUL"),
    "zip": (samples.zipped("a.txt"), "ZIP"),
    "word": (samples.zipped("[Content_Types].xml", "word/document.xml"), "Word"),
    "excel": (samples.zipped("[Content_Types].xml", "xl/workbook.xml"), "Excel"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
    "elf": (b"\x7fELF\x02\x01\x01" + bytes(50), "ELF"),
    "sqlite": (b"SQLite format 3\0" + bytes(50), "SQLite"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(20), "HEIC"),
    "bmp": (b"BM\xff\xff\0\0" + bytes(40), "BMP"),
    "tar": (b"name\xff" + bytes(252) + b"ustar\x0000", "tar"),
    "a torn character at the end": ("gut ü".encode()[:-1], "byte 4 is 0xc3"),
    "noise": (bytes((i * 7919 >> 3) & 255 for i in range(5000)), "unknown kind"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_with_name_and_what_it_seems(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "file.dat"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read(str(path))
    assert str(path) in caught.value.message
    assert words in caught.value.message


def test_the_conversion_that_is_proposed_works(tmp_path: Path) -> None:
    text = "Ein schöner Tag für die Größe, über Österreich hinaus.\n" * 9
    with pytest.raises(UsageError) as caught:
        identify("x", text.encode("cp1252"))
    assert caught.value.hint is not None
    command = caught.value.hint.removeprefix("if that is right: ").split()
    converted = subprocess.run(command, input=text.encode("cp1252"), capture_output=True, check=True).stdout
    assert converted.decode() == text


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    (tmp_path / "loop").symlink_to("loop")
    cases = {
        "missing": (tmp_path / "missing", "no such file"),
        "folder": (tmp_path, "folder"),
        "socket": (tmp_path / "socket", "socket"),
        "loop": (tmp_path / "loop", "symbolic links"),
        "device": (Path("/dev/zero"), "device"),
        "too long a name": (tmp_path / ("x" * 300), "too long"),
        "nul": (Path("a\0b"), "holds a NUL"),
    }
    for name, (path, words) in cases.items():
        with pytest.raises(UnreadableFile) as caught:
            read(str(path))
        assert str(path) in caught.value.message, name
        assert words in caught.value.message, name
    server.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_of_another_user(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(UnreadableFile, match="may not read"):
        read(str(path))


class Endless(io.RawIOBase):
    """Zeros without an end, which remembers how many were asked for."""

    given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size > 0
        self.given += size
        return b"a" * size


def test_reading_stops_one_byte_past_the_limit() -> None:
    endless = Endless()
    with pytest.raises(UsageError) as caught:
        read("-", stdin=cast(BinaryIO, endless))
    assert "stdin" in caught.value.message
    assert f"{BODY_BYTES:,}" in caught.value.message
    assert endless.given <= BODY_BYTES + (1 << 16)


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.log"
    with path.open("wb") as file:
        file.truncate(10**12)
    started = time.monotonic()
    with pytest.raises(UsageError, match=r"huge.log: 1,000,000,000,000 bytes .* \(33,554,432 bytes\)"):
        read(str(path))
    assert time.monotonic() - started < 10


def test_fifty_megabytes_through_a_pipe_are_refused_in_under_a_second() -> None:
    reading, writing = os.pipe()

    def feed() -> None:
        with os.fdopen(writing, "wb") as pipe:
            try:
                for _piece in range(50):
                    pipe.write(b"x" * 1_000_000)
            except BrokenPipeError:
                return

    feeder = threading.Thread(target=feed)
    feeder.start()
    started = time.process_time()
    with os.fdopen(reading, "rb") as pipe, pytest.raises(UsageError, match="larger than"):
        read("-", stdin=pipe)
    assert time.process_time() - started < 1
    feeder.join()


def test_process_substitution() -> None:
    code = "import sys; from avow.prompt.attachments import read; print(read(sys.argv[1]).data)"
    ran = subprocess.run(
        ["bash", "-c", f'"$0" -c "{code}" <(printf "piped in")', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == "b'piped in'", ran.stderr


def test_closed_stdin() -> None:
    with pytest.raises(UsageError, match="closed"):
        read("-", stdin=None)


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("https://example.org/a.png", "image/png"),
        ("http://example.org/a.JPG", "image/jpeg"),
        ("HTTPS://example.org/a.jpeg?size=large&x=.pdf", "image/jpeg"),
        ("https://example.org/x/a.gif#top", "image/gif"),
        ("https://example.org/a.webp", "image/webp"),
        ("https://example.org/paper.pdf", "application/pdf"),
    ],
)
def test_urls_are_sent_as_they_are(url: str, media_type: str) -> None:
    assert read(url) == Attachment(url, "url", media_type)
    assert block(read(url))["source"] == {"type": "url", "url": url}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/",
        "https://example.org/page.html",
        "https://example.org",
        "https:///a.png",
        "https://example.org/a b.png",
        "https://example.org/a.png\n",
        "http://[::1/a.png",
        "ftp://example.org/a.png",
        "file:///nowhere/a.png",
    ],
)
def test_urls_that_cannot_be_sent(url: str) -> None:
    with pytest.raises(UsageError):
        read(url)


def test_the_endings_that_work_are_named() -> None:
    with pytest.raises(UsageError, match=r"\.png, \.jpg, \.jpeg, \.gif, \.webp, \.pdf"):
        read("https://example.org/page.html")


def test_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    first = read(str(path))
    kept = Attachment(first.name, first.kind, first.media_type, first.size, first.sha256)
    assert read_again(kept).data == b"one"
    path.write_text("two")
    with pytest.raises(UsageError, match=r"a\.txt.*changed"):
        read_again(kept)
    path.unlink()
    with pytest.raises(UsageError, match=r"a\.txt.*no such file"):
        read_again(kept)
    with pytest.raises(UsageError, match="stdin"):
        read_again(Attachment("stdin", "text", "text/plain", 1, "0"))
    url = Attachment("https://x.org/a.png", "url", "image/png")
    assert read_again(url) is url


@pytest.mark.parametrize(
    "start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"PK\x03\x04", b"\xff\xfe", b"\0\0\0\x18ftyp"]
)
def test_files_cut_short_are_taken_or_refused(start: bytes) -> None:
    refused = []
    for length in (*range(1, 18), 300):
        try:
            assert identify("x", (start + b"\xfe" * 300)[:length]).size == length
        except UsageError as error:
            refused.append(error.message)
    assert all(message.startswith("x: this is not UTF-8 text") for message in refused)
    assert refused


_PDF = b"%PDF-1.7\nx\nstartxref\n9\n%%EOF\n"
HOLDING_A_PDF: dict[str, tuple[bytes, str | None]] = {
    "a pdf after a few bytes": (b"\xe9\r\n" + _PDF, "application/pdf"),
    "tar": (b"a.pdf".ljust(257, b"\0") + b"ustar".ljust(255, b"\0") + _PDF, None),
    "zip": (b"PK\x03\x04" + b"\0" * 30 + _PDF, None),
    "program": (b"\x7fELF\0\0" + _PDF, None),
    "latin-1": ("é: begins with %PDF- and ends so".encode("latin-1"), None),
    "utf-8": (b"text with " + _PDF, None),
}


@pytest.mark.parametrize(("data", "kind"), HOLDING_A_PDF.values(), ids=HOLDING_A_PDF)
def test_what_merely_holds_a_pdf_is_none(data: bytes, kind: str | None) -> None:
    assert media_type_of(data) == kind


@pytest.mark.parametrize("text", ["£5", "Prix : 5 £, déjà vu", "naïve café", "Größe: 5 €", "¿Qué?"])
def test_short_western_texts_are_guessed_to_be_in_cp1252(text: str) -> None:
    assert seems_to_be(text.encode("cp1252"))[1] in ("cp1252", None)
