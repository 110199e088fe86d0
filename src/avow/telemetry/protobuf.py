"""Spans as protobuf: the few messages of OTLP that an export has, written from its JSON.

By opentelemetry-proto 1.5, `trace.proto`, `common.proto` and `resource.proto`; the tests compare the result with what
the official package reads. A receiver of OTLP over HTTP must take protobuf, and may take JSON.
"""

import struct
from collections.abc import Iterable

from avow.wire.json_value import JsonObject

_VARINT, _FIXED_64, _BYTES = 0, 1, 2


def export_request(body: JsonObject) -> bytes:
    """An `ExportTraceServiceRequest` in protobuf, from its JSON."""
    return b"".join(_message(1, _resource_spans(each)) for each in body["resourceSpans"])


def rejected_spans(response: bytes) -> int:
    """The `partial_success.rejected_spans` of an `ExportTraceServiceResponse`. Raises ValueError for other bytes."""
    partial = dict(_fields(response)).get(1, b"")
    found = dict(_fields(partial if isinstance(partial, bytes) else b"")).get(1, 0)
    return found if isinstance(found, int) and found < 1 << 63 else 0


def _resource_spans(each: JsonObject) -> bytes:
    resource = _attributes(1, each["resource"]["attributes"])
    return _message(1, resource) + b"".join(_message(2, _scope_spans(scope)) for scope in each["scopeSpans"])


def _scope_spans(each: JsonObject) -> bytes:
    scope = _text(1, each["scope"]["name"]) + _text(2, each["scope"]["version"])
    return _message(1, scope) + b"".join(_message(2, _span(span)) for span in each["spans"])


def _span(span: JsonObject) -> bytes:
    status = span.get("status")
    return b"".join(
        (
            _message(1, bytes.fromhex(span["traceId"])),
            _message(2, bytes.fromhex(span["spanId"])),
            _message(4, bytes.fromhex(span["parentSpanId"])),
            _text(5, span["name"]),
            _number(6, span["kind"]),
            _key(7, _FIXED_64) + struct.pack("<Q", int(span["startTimeUnixNano"])),
            _key(8, _FIXED_64) + struct.pack("<Q", int(span["endTimeUnixNano"])),
            _attributes(9, span["attributes"]),
            b"" if status is None else _message(15, _number(3, status["code"])),
        )
    )


def _attributes(number: int, pairs: Iterable[JsonObject]) -> bytes:
    return b"".join(_message(number, _text(1, pair["key"]) + _message(2, _value(pair["value"]))) for pair in pairs)


def _value(value: JsonObject) -> bytes:
    ((kind, held),) = value.items()
    match kind:
        case "boolValue":
            return _number(2, int(held))
        case "intValue":
            return _number(3, int(held))
        case "doubleValue":
            return _key(4, _FIXED_64) + struct.pack("<d", held)
        case "arrayValue":
            return _message(5, b"".join(_message(1, _value(each)) for each in held["values"]))
    return _text(1, held)


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode("utf-8", "replace"))


def _message(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value)


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    """A varint: seven bits a byte, the lowest first. A negative number is written as the 64 bits of its two's
    complement."""
    value &= (1 << 64) - 1
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _fields(data: bytes) -> Iterable[tuple[int, int | bytes]]:
    """Number and value of each field that is a varint or has a length; other fields are left out."""
    offset = 0
    while offset < len(data):
        key, offset = _read_varint(data, offset)
        match key & 7:
            case 0:
                value, offset = _read_varint(data, offset)
                yield key >> 3, value
            case 1:
                offset += 8
            case 2:
                length, offset = _read_varint(data, offset)
                yield key >> 3, data[offset : offset + length]
                offset += length
            case 5:
                offset += 4
            case _:
                raise ValueError("no protobuf")


def _read_varint(data: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if offset >= len(data):
            break
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
    raise ValueError("no protobuf")
