"""The model's name in the signature of a thinking block, made here by a writer of its own."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.wire.signature import model_in
from tests.streams import Json


def field(number: int, value: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 127 | 128, len(value) >> 7])
    return bytes([number << 3 | 2]) + size + value


def signature(name: str, *, before: bytes = b"\x08\x96\x01") -> str:
    """A signature that bears `name` at path 2.1.6, after a number and a fixed field."""
    inner = before + b"\x15abcd" + field(6, name.encode())
    return base64.b64encode(field(1, b"x") + field(2, field(1, inner) + field(3, b"y" * 200))).decode()


def signed(name: str) -> Json:
    """A thinking block signed so."""
    return {"type": "thinking", "thinking": "hm", "signature": signature(name)}


def test_the_name_is_found() -> None:
    assert model_in(signature("claude-opus-4-8")) == "claude-opus-4-8"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sig",
        "not base64 at all!",
        base64.b64encode(field(2, b"short")).decode(),
        base64.b64encode(field(1, field(1, field(6, b"x")))).decode(),
        signature(""),
        signature("a\x1b[2J"),
        signature("x" * 201),
        signature("ö"),
    ],
)
def test_anything_else_names_nobody(value: str) -> None:
    assert model_in(value) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_read_to_an_end(data: bytes) -> None:
    found = model_in(base64.b64encode(data).decode())
    assert found is None or found.isprintable()
