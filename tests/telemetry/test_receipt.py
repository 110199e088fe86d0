"""What a response means for what was sent."""

import pytest

from avow.telemetry.receipt import Receipt, push_response


@pytest.mark.parametrize(
    ("status", "receipt"),
    [
        (200, Receipt.TAKEN),
        (202, Receipt.TAKEN),
        (300, Receipt.CLOSED),
        (307, Receipt.CLOSED),
        (400, Receipt.REFUSED),
        (401, Receipt.CLOSED),
        (404, Receipt.CLOSED),
        (408, Receipt.LATER),
        (413, Receipt.REFUSED),
        (415, Receipt.CLOSED),
        (422, Receipt.REFUSED),
        (429, Receipt.LATER),
        (500, Receipt.LATER),
        (503, Receipt.LATER),
    ],
)
def test_statuses(status: int, receipt: Receipt) -> None:
    assert push_response(status, {}, b"").receipt is receipt


@pytest.mark.parametrize(
    ("body", "rejected"),
    [
        (b'{"partialSuccess":{"rejectedSpans":"3","errorMessage":"words"}}', 3),
        (b'{"partialSuccess":{"rejectedSpans":2}}', 2),
        (b'{"partialSuccess":{"errorMessage":"a warning"}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":-4}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":1e999}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":"-4"}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":true}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":2.5}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":"1_0"}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":"\\u0663"}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":" 3\\u001b[31m"}}', 0),
        (b'{"partialSuccess":{"rejectedSpans":"' + b"9" * 4000 + b'"}}', 0),
        (b"{}", 0),
        (b"[]", 0),
        (b'{"partialSuccess":null}', 0),
        (b"[" * 100_000, 0),
        (b"", 0),
        (b"\xff", 0),
    ],
)
def test_partial_success_is_a_number(body: bytes, rejected: int) -> None:
    found = push_response(200, {}, body)
    assert (found.receipt, found.rejected) == (Receipt.TAKEN, rejected)


def test_a_partial_success_in_protobuf() -> None:
    headers = {"content-type": "application/x-protobuf"}
    for body, rejected in ((b"\x0a\x02\x08\x03", 3), (b"", 0), (b'{"partialSuccess":{"rejectedSpans":2}}', 0)):
        assert push_response(200, headers, body).rejected == rejected


@pytest.mark.parametrize("body", [b"<html>", b"\r\n <!DOCTYPE html>", b"<?xml"])
def test_a_web_page_acknowledges_nothing(body: bytes) -> None:
    said = push_response(200, {"content-type": "text/html"}, body)
    assert (said.receipt, said.status) == (Receipt.CLOSED, None)
    assert "a web page" in said.why
    assert push_response(200, {"content-type": "text/html"}, b"OK").receipt is Receipt.TAKEN


def test_what_it_asks_to_wait() -> None:
    assert push_response(429, {"retry-after": "7"}, b"").wait_s == 7
    assert push_response(503, {}, b"").wait_s is None
