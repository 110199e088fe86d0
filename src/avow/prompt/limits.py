"""The API's limits, checked before anything is sent.

The numbers are the API's as of November 2026: its documentation (bodies, dimensions, counts, pages) and the text
of its own error (bytes of one image).
"""

from collections.abc import Sequence

from avow.errors import UsageError
from avow.files.reading import SizeLimit
from avow.wire.blocks import Attachment

BODY_BYTES = 32 * 1024 * 1024
"""A request's body, in bytes (413 `request_too_large`)."""

REQUEST = SizeLimit(BODY_BYTES, "a request to the API takes")
"""For what is sent: files, stdin, prompts."""

IMAGE_BASE64_BYTES = 10 * 1024 * 1024
"""One image, in bytes of its base64 text."""

SIDE_PIXELS = 8000
SIDE_PIXELS_OF_MANY = 2000
MANY_IMAGES = 20
"""Beyond this many images in a request each side may have only `SIDE_PIXELS_OF_MANY`."""

COUNT = 600
COUNT_SMALL = 100
"""Images in a request, and PDF pages in a request; the smaller one for models with `SMALL_CONTEXT` tokens."""
SMALL_CONTEXT = 200_000


def check(attachments: Sequence[Attachment], model_context: int | None = None, body_bytes: int | None = None) -> None:
    """Raise UsageError where the request is over a limit; the message names each file with its size and the limit.

    `attachments` are all of the request, those of earlier turns included; `model_context` in tokens (None:
    unknown, the wider limits count); `body_bytes` is the size of the body as it is sent, None while there is none.
    """
    count = COUNT_SMALL if model_context is not None and model_context <= SMALL_CONTEXT else COUNT
    problems = [problem for attachment in attachments for problem in _of_file(attachment)]
    problems += _of_images(attachments, count)
    if not problems:
        problems = _of_pdfs(attachments, count)
    if not problems:
        problems = _of_body(attachments, body_bytes)
    if problems:
        raise UsageError("; ".join(problems), hint="nothing was sent: send less at a time, or a smaller file")


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from an image's header; None where the header does not say."""
    import io

    import imagesize

    try:
        width, height = imagesize.get(io.BytesIO(data))
    except Exception:  # a damaged header may raise anything; the API has the last word
        return None
    return (int(width), int(height)) if width > 0 and height > 0 else None


def pdf_pages(data: bytes) -> int | None:
    """The number of pages; None where the file cannot be made out. Raises ValueError where it needs a password."""
    import io
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = None if locked else len(reader.pages)
    except Exception:  # a damaged file may raise anything; the API has the last word
        return None
    if locked:
        raise ValueError("protected by a password")
    return pages


def _of_file(attachment: Attachment) -> list[str]:
    size = attachment.size or 0
    if attachment.kind == "image":
        encoded = _encoded(size)
        if encoded > IMAGE_BASE64_BYTES:
            return [
                f"{attachment.name}: the image is {size:,} bytes, {encoded:,} as base64;"
                f" the API takes {IMAGE_BASE64_BYTES:,} of those for one image"
            ]
    elif attachment.kind == "pdf" and _encoded(size) > BODY_BYTES:
        return [
            f"{attachment.name}: the PDF is {size:,} bytes, {_encoded(size):,} as base64;"
            f" a request to the API takes {BODY_BYTES:,}"
        ]
    elif attachment.kind == "text" and size > BODY_BYTES:
        return [f"{attachment.name}: {size:,} bytes is more than a request to the API takes ({BODY_BYTES:,} bytes)"]
    return []


def _of_images(attachments: Sequence[Attachment], count: int) -> list[str]:
    images = [a for a in attachments if a.media_type.startswith("image/")]
    if len(images) > count:
        extra = images[count]
        return [f"{extra.name}: it is one of {len(images)} images; the API takes {count} in one request to this model"]
    many = len(images) > MANY_IMAGES
    limit = SIDE_PIXELS_OF_MANY if many else SIDE_PIXELS
    why = f" where a request has more than {MANY_IMAGES} images (this one has {len(images)})" if many else ""
    problems = []
    for image in images:
        size = image_size(image.data) if image.data else None
        if size is not None and max(size) > limit:
            width, height = size
            problems.append(f"{image.name}: the image is {width}×{height} pixels; the API takes {limit}×{limit}{why}")
    return problems


def _of_pdfs(attachments: Sequence[Attachment], count: int) -> list[str]:
    problems = []
    pages: list[tuple[str, int]] = []
    for pdf in attachments:
        if pdf.kind != "pdf" or pdf.data is None:
            continue
        try:
            pages.append((pdf.name, pdf_pages(pdf.data) or 0))
        except ValueError as error:
            problems.append(f"{pdf.name}: the PDF is {error}, which the API cannot open")
    total = sum(number for _name, number in pages)
    if total > count:
        each = ", ".join(f"{name}: {number} pages" for name, number in pages if number)
        problems.append(f"{each}; the API takes {count} pages of PDF in one request to this model")
    return problems


def _of_body(attachments: Sequence[Attachment], body_bytes: int | None) -> list[str]:
    size = body_bytes
    if size is None:
        size = sum(_encoded(a.size or 0) if a.kind != "text" else a.size or 0 for a in attachments)
    if size <= BODY_BYTES:
        return []
    largest = sorted((a for a in attachments if a.size), key=lambda a: -(a.size or 0))[:3]
    names = ", ".join(f"{a.name}: {a.size:,} bytes" for a in largest)
    return [f"the request would have {size:,} bytes, the API takes {BODY_BYTES:,}" + (f" ({names})" if names else "")]


def _encoded(size: int) -> int:
    """The length of base64 without newlines."""
    return (size + 2) // 3 * 4
