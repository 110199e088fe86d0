"""The API's limits, checked before anything is sent."""

import json
from collections.abc import Callable

import pytest

from avow.errors import UsageError
from avow.prompt import limits
from avow.prompt.attachments import identify
from avow.wire.blocks import Attachment, block
from tests import samples

LARGEST_IMAGE = limits.IMAGE_BASE64_BYTES // 4 * 3
URL = Attachment("https://example.org/a.png", "url", "image/png")


Made = Attachment | Callable[[], Attachment]


def image(name: str = "a.png", width: int = 3, height: int = 2, size: int | None = None) -> Callable[[], Attachment]:
    """Made when it is tested, not by each worker that collects the tests: large ones take half a second."""
    return lambda: identify(name, samples.png(width, height).ljust(size or 0, b"\0"))


def pdf(name: str, pages: int, password: str | None = None) -> Callable[[], Attachment]:
    """As above, of that many pages."""
    return lambda: identify(name, samples.pdf(pages, password))


def all_made(attachments: list[Made]) -> list[Attachment]:
    return [one if isinstance(one, Attachment) else one() for one in attachments]


PASSES: dict[str, tuple[list[Made], int | None]] = {
    "nothing": ([], None),
    "an image of the largest size": ([image(size=LARGEST_IMAGE)], None),
    "an image of the largest dimensions": ([image(width=8000, height=8000)], None),
    "twenty large images": ([image(width=2001)] * 20, None),
    "a hundred images for a small context": ([URL] * 100, 200_000),
    "six hundred images": ([URL] * 600, 1_000_000),
    "six hundred images, context unknown": ([URL] * 600, None),
    "a hundred pages for a small context": ([pdf("a.pdf", 60), pdf("b.pdf", 40)], 200_000),
    "six hundred pages": ([pdf("a.pdf", 600)], 1_000_000),
    "a PDF that cannot be made out": ([identify("a.pdf", b"%PDF-1.7\nnot really")], None),
    "an image that cannot be made out": ([identify("a.png", samples.png()[:10])], None),
    "an address": ([URL], None),
}
REFUSED: dict[str, tuple[list[Made], int | None, list[str]]] = {
    "an image over the largest size": (
        [image(size=LARGEST_IMAGE + 1)],
        None,
        ["a.png", "7,864,321 bytes", "10,485,760"],
    ),
    "too wide": ([image(width=8001)], None, ["a.png", "8001×2", "8000×8000"]),
    "too high, webp": ([identify("b.webp", samples.webp(5, 9000))], None, ["b.webp", "5×9000"]),
    "too high, jpeg": ([identify("b.jpg", samples.jpeg(5, 9000))], None, ["b.jpg", "5×9000"]),
    "too high, gif": ([identify("b.gif", samples.gif(5, 9000))], None, ["b.gif", "5×9000"]),
    "one wide image among many": (
        [*[image()] * 20, image("wide.png", 2001)],
        None,
        ["wide.png", "2001×2", "2000×2000", "21"],
    ),
    "addresses count as images": ([*[URL] * 20, image("wide.png", 2001)], None, ["wide.png"]),
    "a hundred and one for a small context": ([URL] * 101, 200_000, ["101 images", "100"]),
    "six hundred and one": ([URL] * 601, None, ["601 images", "600"]),
    "pages of two files add up": (
        [pdf("a.pdf", 60), pdf("b.pdf", 41)],
        200_000,
        ["a.pdf: 60 pages", "b.pdf: 41 pages", "100"],
    ),
    "too many pages": ([pdf("a.pdf", 601)], None, ["a.pdf: 601 pages", "600"]),
    "a PDF with a password": ([pdf("p.pdf", 1, "secret")], None, ["p.pdf", "password"]),
    "a PDF over the body": (
        [Attachment("big.pdf", "pdf", "application/pdf", 26_000_000)],
        None,
        ["big.pdf", "26,000,000", "33,554,432"],
    ),
    "files that are too much together": (
        [Attachment(f"{n}.txt", "text", "text/plain", 12_000_000) for n in "abc"],
        None,
        ["36,000,000", "a.txt: 12,000,000 bytes", "33,554,432"],
    ),
    "all problems are told": ([image("w.png", 9000), image("v.png", 9001)], None, ["w.png", "v.png"]),
}


@pytest.mark.parametrize(("attachments", "context"), PASSES.values(), ids=PASSES)
def test_passes(attachments: list[Made], context: int | None) -> None:
    limits.check(all_made(attachments), context)


@pytest.mark.parametrize(("attachments", "context", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_with_file_size_and_limit(attachments: list[Made], context: int | None, words: list[str]) -> None:
    made = all_made(attachments)
    with pytest.raises(UsageError) as caught:
        limits.check(made, context)
    for word in words:
        assert word in caught.value.message


def test_the_body_counts_as_it_is_sent() -> None:
    # A quote takes two bytes in JSON, so a text under the limit may make a body over it.
    quotes = identify("quotes.txt", b'"' * (limits.BODY_BYTES // 2))
    limits.check([quotes])
    body = json.dumps({"messages": [{"role": "user", "content": [block(quotes)]}]}).encode()
    with pytest.raises(UsageError, match=r"33,55\d,\d+ bytes.*33,554,432 \(quotes\.txt: 16,777,216 bytes\)"):
        limits.check([quotes], body_bytes=len(body))


def test_a_body_without_files() -> None:
    limits.check([], body_bytes=limits.BODY_BYTES)
    with pytest.raises(UsageError, match="33,554,433 bytes, the API takes 33,554,432"):
        limits.check([], body_bytes=limits.BODY_BYTES + 1)
