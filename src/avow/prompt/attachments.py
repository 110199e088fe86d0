"""Files that go with a prompt: read once, told apart by their bytes, never changed."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from avow.errors import FileError, UsageError
from avow.prompt.file_kinds import media_type_of, seems_to_be
from avow.prompt.limits import BODY_BYTES, too_large
from avow.wire.blocks import PDF, Attachment

STDIN = "stdin"
_URL_ENDINGS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": PDF,
}
# What a shell's `<(command)` and `/dev/stdin` are: pipes that someone is writing to.
_OPEN_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
_FETCH_IT = "nothing was sent: fetch it yourself and pipe it in: curl -s URL | avow …"


def read(spec: str, *, stdin: BinaryIO | None = None) -> Attachment:
    """The attachment that a value of `-f` names: a path, `-` for stdin, or an http(s) URL, which is not fetched.

    Raises FileError for what cannot be read, UsageError for what the API does not take (kind or size). At most
    one byte more than a request may have is read.
    """
    if spec == "-":
        if stdin is None:
            raise UsageError("-f -: stdin is closed")
        return identify(STDIN, _read_limited(stdin, STDIN))
    if spec.lower().startswith(("http://", "https://")):
        return _from_url(spec)
    if "://" in spec and not Path(spec).exists():
        raise UsageError(f"{spec}: the API fetches only what is behind http:// and https://", hint=_FETCH_IT)
    return identify(spec, _read_file(spec))


def stdin_document(data: bytes) -> Attachment:
    """What was piped in, as an attachment of the name `stdin`; the same errors as `read`."""
    return identify(STDIN, data)


def identify(name: str, data: bytes) -> Attachment:
    """The attachment that `data` makes, by its bytes.

    Raises UsageError where it is empty, too large, or neither UTF-8 text nor an image or PDF the API takes.
    """
    if not data:
        raise UsageError(
            f"{name}: there is nothing in it", hint="nothing was sent: leave it out, or attach another file"
        )
    if len(data) > BODY_BYTES:
        raise too_large(name, None)
    media_type = media_type_of(data)
    if media_type is None:
        _check_text(name, data)
        kind, media_type = "text", "text/plain"
    else:
        kind = "pdf" if media_type == PDF else "image"
    return Attachment(name, kind, media_type, len(data), _sha256(data), data)


def read_again(attachment: Attachment) -> Attachment:
    """The attachment with its bytes, from the file it came from.

    Raises UsageError where the file is gone, cannot be read, or is not the same any more.
    """
    if attachment.kind == "url" or attachment.data is not None:
        return attachment
    again = "its content was not kept in the history (history.attachments = false)"
    if attachment.name == STDIN:
        raise UsageError(f"stdin: {again}", hint="pipe it in again, in a new conversation")
    try:
        data = _read_file(attachment.name)
    except (FileError, UsageError) as error:
        raise UsageError(f"{error.message}; {again}") from error
    if _sha256(data) != attachment.sha256:
        raise UsageError(f"{attachment.name}: the file has changed since it was attached, and {again}")
    return identify(attachment.name, data)


def _from_url(url: str) -> Attachment:
    from urllib.parse import urlsplit

    if any(character <= " " or character == "\x7f" for character in url):
        raise UsageError(f"{url!r}: an address has no spaces or control characters; write them as %20")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"{url}: this is no address ({error})") from error
    if not parts.hostname:
        raise UsageError(f"{url}: this address names no host")
    ending = os.path.splitext(parts.path)[1].lower()  # noqa: PTH122  (a URL is no path of this machine)
    if ending not in _URL_ENDINGS:
        raise UsageError(
            f"{url}: what is behind an address is told by its ending, and the API fetches only"
            f" {', '.join(_URL_ENDINGS)}",
            hint=_FETCH_IT,
        )
    return Attachment(url, "url", _URL_ENDINGS[ending])


def _read_file(name: str) -> bytes:
    path = Path(name)
    try:
        if name.startswith("~") and not path.exists():
            path = path.expanduser()
        facts = path.stat()
        _check_readable_kind(name, facts.st_mode)
        if facts.st_size > BODY_BYTES:
            raise too_large(name, facts.st_size)
        with path.open("rb") as file:
            return _read_limited(file, name)
    except (OSError, ValueError, RuntimeError) as error:
        raise FileError(f"{name}: {_reason(error)}", hint="nothing was sent") from error


def _check_readable_kind(name: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise FileError(f"{name}: this is a folder", hint="nothing was sent: attach its files one by one, with -f each")
    if stat.S_ISFIFO(mode) and not name.startswith(_OPEN_PIPES):
        raise FileError(f"{name}: this is a named pipe, which may never end", hint=f"pipe it in: avow -f - … < {name}")
    if stat.S_ISCHR(mode) and not name.startswith(_OPEN_PIPES):
        raise FileError(f"{name}: this is a device, not a file", hint="nothing was sent")
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise FileError(f"{name}: this is a {'device' if stat.S_ISBLK(mode) else 'socket'}, not a file")


def _read_limited(stream: BinaryIO, name: str) -> bytes:
    data = bytearray()
    try:
        while chunk := stream.read(min(1 << 20, BODY_BYTES + 1 - len(data))):
            data += chunk
            if len(data) > BODY_BYTES:
                raise too_large(name, None)
    except OSError as error:
        raise FileError(f"{name}: {_reason(error)}") from error
    return bytes(data)


def _check_text(name: str, data: bytes) -> None:
    accepted = "avow attaches UTF-8 text, PNG, JPEG, GIF, WebP and PDF"
    try:
        data.decode()
        wrong = "it holds NUL bytes" if b"\0" in data else ""
    except UnicodeDecodeError as error:
        wrong = f"byte {error.start:,} is 0x{data[error.start]:02x}"
    if wrong:
        seems, encoding = seems_to_be(data)
        convert = f"convert it: iconv -f {encoding} -t UTF-8" if encoding else "nothing was sent"
        raise UsageError(f"{name}: this is not UTF-8 text ({wrong}); it seems to be {seems}. {accepted}", hint=convert)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "it may not be read by this user"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()
