"""Content blocks of a user turn: what the API takes for text, images, PDFs and addresses."""

from avow.values import NamedTuple
from avow.wire.json_value import JsonObject, encodable

PDF = "application/pdf"


class Attachment(NamedTuple):
    """A file that goes with a prompt. `kind`: `text` (UTF-8), `image`, `pdf`, or `url`, whose `name` is the address.
    `size` is in bytes, `sha256` in hexadecimal. `data` is None for a URL, and where the history does not keep it; no
    `repr` shows it, and comparisons ignore it."""

    name: str
    kind: str
    media_type: str
    size: int | None = None
    sha256: str | None = None
    data: bytes | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Attachment) and self[:-1] == other[:-1]

    def __ne__(self, other: object) -> bool:  # a tuple has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:-1])

    def __repr__(self) -> str:
        return f"Attachment{self[:-1]!r}"

    def as_json(self) -> JsonObject:
        """All but the bytes."""
        return {"name": self.name, "type": self.media_type, "size": self.size, "sha256": self.sha256}


def text_block(text: str) -> JsonObject:
    """A `text` block."""
    return {"type": "text", "text": text}


def block(file: Attachment) -> JsonObject:
    """The content block for a file: a `document` for text and PDFs, an `image` for images; for an address the same,
    with a source of the type `url`.

    Raises ValueError where the bytes are missing, and UnicodeDecodeError for text that is not UTF-8.
    """
    if file.kind == "url":
        source = {"type": "url", "url": file.name}
        return {"type": "document" if file.media_type == PDF else "image", "source": source}
    if file.data is None:
        raise ValueError(f"the bytes of {file.name!r} are not at hand")
    if file.kind == "text":
        plain = {"type": "text", "media_type": "text/plain", "data": file.data.decode()}
        return {"type": "document", "source": plain, "title": title(file.name)}
    encoded = {"type": "base64", "media_type": file.media_type, "data": _base64(file.data)}
    if file.kind == "pdf":
        return {"type": "document", "source": encoded, "title": title(file.name)}
    return {"type": "image", "source": encoded}


def title(name: str) -> str:
    """The title of a document: the path as given where it is below the current folder, so that two files of the same
    name differ; else only the name of the file, because the folders say something about the machine."""
    if name.startswith(("/dev/fd/", "/proc/self/fd/")):
        return "pipe"  # of `<(git diff)` the shell gives no more than a number
    path = name.replace("\\", "/") if "\\" in name and "/" not in name and ":" in name[:2] else name
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    if path.startswith(("/", "~", "../")) or path[1:3] == ":/":
        path = path.rstrip("/").rpartition("/")[2]
    # A name that is not UTF-8 comes with lone surrogates (PEP 383), which JSON cannot carry to the API.
    return encodable(path) or "file"


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode("ascii")
