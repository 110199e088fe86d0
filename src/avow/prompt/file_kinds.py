"""What a file is, by its first bytes: the kinds the API takes, and a name for those it does not."""

from avow.wire.blocks import PDF

_SAMPLE = 64 * 1024


def media_type_of(data: bytes) -> str | None:
    """The media type where `data` is an image or PDF that the API takes, else None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    # A text may begin with "GIF89a" or "RIFF"; a real one has a zero byte, as the end of its last sub-block.
    if data.startswith((b"GIF87a", b"GIF89a")) and b"\0" in data[:_SAMPLE]:
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:15] == b"WEBPVP8":
        return "image/webp"
    if data.startswith(b"%PDF-") or (b"%PDF-" in data[:1024] and _is_pdf_after_all(data)):
        return PDF
    return None


def seems_to_be(data: bytes) -> tuple[str, str | None]:
    """In words what `data` is that is not UTF-8 text, and the name of its encoding where it is text of another."""
    for mark, name in _TEXT_MARKS:
        if data.startswith(mark):
            return f"text in {name}", name
    for offset, magic, name in _MAGIC:
        if data.startswith(magic, offset):
            return name, None
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_zip(data), None
    if data[4:8] == b"ftyp":
        return _kind_of_box(data[8:12]), None
    if data.startswith(b"RIFF"):
        return {b"WAVE": "a WAV recording", b"AVI ": "an AVI video"}.get(data[8:12], "a RIFF file"), None
    encoding = _encoding_of(data[:_SAMPLE])
    if encoding is not None:
        return f"text in {encoding}", encoding
    return "binary data of an unknown kind", None


# UTF-32's marks first: the little-endian one begins like that of UTF-16.
_TEXT_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_MAGIC = (
    (0, b"\x1f\x8b", "gzip data"),
    (0, b"BZh", "bzip2 data"),
    (0, b"\xfd7zXZ\x00", "xz data"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard data"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "an ELF program or library"),
    (0, b"MZ", "a Windows program or library"),
    (0, b"\xcf\xfa\xed\xfe", "a macOS program or library"),
    (0, b"\xca\xfe\xba\xbe", "a Java class or a macOS program"),
    (0, b"\x00asm", "a WebAssembly module"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (doc, xls, ppt)"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (0, b"BM", "a BMP image"),
    (0, b"\x00\x00\x01\x00", "an icon (ICO)"),
    (0, b"8BPS", "a Photoshop image"),
    (0, b"ID3", "an MP3 recording"),
    (0, b"OggS", "an Ogg recording"),
    (0, b"fLaC", "a FLAC recording"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"wOF2", "a WOFF2 font"),
)


_ENCODINGS = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8_r", "koi8_u"),
    *("shift_jis", "euc_jp", "iso2022_jp", "gb18030", "big5", "euc_kr", "utf_16_le", "utf_16_be", "ascii", "utf_8"),
)
"""Those that texts are found in today (https://encoding.spec.whatwg.org/ has about the same); a few words of French
would else seem to be in a code page of Pakistan."""


_SHORT = 200


def _may_be_western(sample: bytes) -> bool:
    """Whether this is a short text, at least half of whose letters are ASCII, that cp1252 can read."""
    high = sum(byte >= 0x80 for byte in sample)
    rest = sum(byte > 0x20 for byte in sample) - high
    return len(sample) < _SHORT and high <= max(rest, 1) and _decodes(sample, "cp1252")


def _is_pdf_after_all(data: bytes) -> bool:
    """Whether this is a PDF with a few bytes before its head, which readers allow: it ends as one does, and is no
    archive, program or text that merely holds one."""
    is_other = data.startswith(b"PK\x03\x04") or any(data.startswith(magic, offset) for offset, magic, _name in _MAGIC)
    return b"%%EOF" in data[-1024:] and not is_other and not _is_text(data)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _kind_of_zip(data: bytes) -> str:
    """An Office or OpenDocument file is a ZIP archive whose entries, or first entry, tell which."""
    parts = {b"word/": "a Word document", b"xl/": "an Excel workbook", b"ppt/": "a PowerPoint presentation"}
    for part, name in parts.items():
        if b"[Content_Types].xml" in data and part in data:
            return f"{name}; save it as PDF to attach it"
    if data[30:38] == b"mimetype":
        return "an OpenDocument or EPUB file; save it as PDF to attach it"
    return "a ZIP archive"


def _kind_of_box(brand: bytes) -> str:
    if brand in (b"heic", b"heix", b"mif1", b"hevc"):
        return "a HEIC image; convert it to JPEG or PNG to attach it"
    if brand in (b"avif", b"avis"):
        return "an AVIF image; convert it to JPEG or PNG to attach it"
    return "an MP4 or QuickTime video"


def _encoding_of(sample: bytes) -> str | None:
    """The likely encoding of a text that is not UTF-8 and has no mark; None where it is not text."""
    zeros = sample.count(0)
    if zeros * 3 >= len(sample):
        even = sample[::2].count(0)
        encoding = "UTF-16BE" if even > zeros - even else "UTF-16LE"
        usable = sample[: len(sample) // 2 * 2]
        return encoding if _decodes(usable, encoding) else None
    if zeros or sum(byte < 9 or 14 <= byte < 27 for byte in sample) > len(sample) // 100:
        return None
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=list(_ENCODINGS))
    best = matches.best()
    # Of a short Western text several code pages make words; cp1252 is by far the commonest.
    if best is not None and _may_be_western(sample):
        return "cp1252"
    # A sample that is fine UTF-8 belongs to a file with a foreign byte further on: no conversion helps that.
    if best is None or best.encoding in ("ascii", "utf_8"):
        return None
    return best.encoding.replace("utf_16_", "utf-16").replace("_", "-")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return text.isprintable() or sum(c.isprintable() or c.isspace() for c in text) * 10 > len(text) * 9
