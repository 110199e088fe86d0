"""The name of the model in the signature of a thinking block, where it has one (rule 17 of `avow.routing`)."""

import base64
import binascii
from collections.abc import Iterator

_PATH = (2, 1, 6)
"""The field numbers, from the outside in, under which signatures were seen to hold the name. It is undocumented, and
missing for some models."""

_LONGEST_NAME = 200


def model_in(signature: str) -> str | None:
    """The name in a signature (base64 of a protobuf message); None where there is no name, or it is not such a
    message."""
    try:
        data = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return None
    for number in _PATH:
        found = next((value for field, value in _fields(data) if field == number), None)
        if found is None:
            return None
        data = found
    try:
        name = data.decode("ascii")
    except UnicodeDecodeError:
        return None
    return name if 0 < len(name) <= _LONGEST_NAME and name.isprintable() else None


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message, with their numbers, up to the first bytes that are not a
    field."""
    offset = 0
    while offset < len(data):
        tag, offset = _varint(data, offset)
        wire_type = tag & 7
        if wire_type == 0:
            _value, offset = _varint(data, offset)
        elif wire_type == 2:
            size, offset = _varint(data, offset)
            if offset + size > len(data):
                return
            yield tag >> 3, data[offset : offset + size]
            offset += size
        elif wire_type in (1, 5):
            offset += 8 if wire_type == 1 else 4
        else:
            return


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    """The number that begins at `offset`, and where it ends; past the end of `data` where it does not end."""
    value = shift = 0
    while offset < len(data) and shift < 64:
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        offset += 1
        if byte < 0x80:
            return value, offset
        shift += 7
    return 0, len(data) + 1
