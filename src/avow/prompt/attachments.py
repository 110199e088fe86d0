"""Files that go with a prompt: read once, told apart by their bytes, never changed."""

import os
from pathlib import Path
from typing import BinaryIO

from avow.errors import UnreadableFile, UsageError
from avow.files.reading import PATIENT, PipeWait, read_file, read_stdin, too_large
from avow.prompt.file_kinds import media_type_of, seems_to_be
from avow.prompt.limits import BODY_BYTES, REQUEST
from avow.text.blanks import is_blank
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
_FETCH_IT = "nothing was sent: fetch it yourself and pipe it in: curl -s URL | avow …"


def read(spec: str, wait: PipeWait = PATIENT, *, stdin: BinaryIO | None = None) -> Attachment:
    """The attachment that a value of `-f` names: a path, `-` for stdin, or an http(s) URL, which is not fetched.

    Raises UnreadableFile for what cannot be read, UsageError for what the API does not take. At most one byte more
    than a request may have is read; `wait` bounds pipes in time.
    """
    if spec == "-":
        if stdin is None:
            raise UsageError("-f -: stdin is closed")
        return identify(STDIN, read_stdin(stdin, most=REQUEST, wait=wait, skip=None))
    if spec.lower().startswith(("http://", "https://")):
        return _from_url(spec)
    if "://" in spec and not Path(spec).exists():
        raise UsageError(f"{spec}: the API fetches only http:// and https:// addresses", hint=_FETCH_IT)
    return identify(spec, read_file(spec, most=REQUEST, wait=wait))


def stdin_document(data: bytes) -> Attachment:
    """The piped input, as an attachment with the name `stdin`; the same errors as `read`."""
    return identify(STDIN, data)


def identify(name: str, data: bytes) -> Attachment:
    """The attachment that `data` makes, by its bytes.

    Raises UsageError where it is empty, too large, or neither UTF-8 text nor an image or PDF the API takes.
    """
    if not data:
        raise UsageError(f"{name}: it is empty", hint="nothing was sent: leave it out, or attach another file")
    if len(data) > BODY_BYTES:
        raise too_large(name, len(data), REQUEST)
    media_type = media_type_of(data)
    if media_type is None:
        _check_text(name, data)
        if data.isspace() or (not data.isascii() and is_blank(data.decode())):
            raise UsageError(f"{name}: it holds only blanks", hint="nothing was sent: attach another file")
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
        data = read_file(attachment.name, most=REQUEST)
    except UnreadableFile as error:
        raise UsageError(f"{error.message}; {again}", hint=error.hint) from error
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
        raise UsageError(f"{url}: this is not an address ({error})") from error
    if not parts.hostname:
        raise UsageError(f"{url}: this address names no host")
    ending = os.path.splitext(parts.path)[1].lower()  # noqa: PTH122  (a URL is not a path of this machine)
    if ending not in _URL_ENDINGS:
        raise UsageError(
            f"{url}: the ending of an address says what it leads to, and the API fetches only"
            f" {', '.join(_URL_ENDINGS)}",
            hint=_FETCH_IT,
        )
    return Attachment(url, "url", _URL_ENDINGS[ending])


def _check_text(name: str, data: bytes) -> None:
    accepted = "avow attaches UTF-8 text, PNG, JPEG, GIF, WebP and PDF"
    try:
        data.decode()
        wrong = "it holds NUL bytes" if b"\0" in data else ""
    except UnicodeDecodeError as error:
        wrong = f"byte {error.start:,} is 0x{data[error.start]:02x}"
    if wrong:
        seems, encoding = seems_to_be(data)
        convert = f"if that is right: iconv -f {encoding} -t UTF-8" if encoding else "nothing was sent"
        raise UsageError(f"{name}: this is not UTF-8 text ({wrong}); it seems to be {seems}. {accepted}", hint=convert)


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()
