"""Content blocks of a user turn."""

import base64
import json

import pytest

from avow.wire.blocks import Attachment, block, text_block, title
from tests import samples
from tests.wire import sdk_types

CASES = {
    "text": (Attachment("a.txt", "text", "text/plain", data="﻿żółw\r\n".encode()), "﻿żółw\r\n".encode()),
    "png": (Attachment("a.png", "image", "image/png", data=samples.png()), samples.png()),
    "pdf": (Attachment("a.pdf", "pdf", "application/pdf", data=samples.pdf()), None),
    "image url": (Attachment("https://x.org/a.png", "url", "image/png"), None),
    "pdf url": (Attachment("https://x.org/a.pdf", "url", "application/pdf"), None),
}


@pytest.mark.sdk
@pytest.mark.parametrize(("file", "expected"), CASES.values(), ids=CASES)
def test_the_official_types_accept_the_block(file: Attachment, expected: bytes | None) -> None:
    made = block(file)
    sdk_types.block().validate_python(made, strict=True)
    source = made["source"]
    assert (source["type"] == "url") == (file.kind == "url")
    if expected is not None:
        sent = json.loads(json.dumps(source["data"]))
        assert (base64.b64decode(sent) if source["type"] == "base64" else sent.encode()) == expected


def test_a_url_is_a_document_only_for_pdf() -> None:
    assert block(CASES["image url"][0]) == {"type": "image", "source": {"type": "url", "url": "https://x.org/a.png"}}
    assert block(CASES["pdf url"][0])["type"] == "document"


def test_base64_has_no_newlines() -> None:
    data = block(Attachment("a", "pdf", "application/pdf", data=bytes(1000)))["source"]["data"]
    assert "\n" not in data


def test_missing_bytes_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"lost\.txt"):
        block(Attachment("lost.txt", "text", "text/plain"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("notes.txt", "notes.txt"),
        ("./notes.txt", "notes.txt"),
        (".//notes.txt", "notes.txt"),
        ("src/a/__init__.py", "src/a/__init__.py"),
        ("/home/me/secret project/notes.txt", "notes.txt"),
        ("../other/notes.txt", "notes.txt"),
        ("~/notes.txt", "notes.txt"),
        ("C:\\Users\\me\\notes.txt", "notes.txt"),
        ("odd\\name.txt", "odd\\name.txt"),
        ("C:name.txt", "C:name.txt"),
        ("./-rf", "-rf"),
        ("with space 🦊.md", "with space 🦊.md"),
        ("bad\udcff.txt", "bad\ufffd.txt"),
        ("stdin", "stdin"),
        (".", "."),
        ("/", "file"),
    ],
)
def test_title(name: str, expected: str) -> None:
    assert title(name) == expected
    title(name).encode()


def test_text_block() -> None:
    assert text_block("x") == {"type": "text", "text": "x"}
