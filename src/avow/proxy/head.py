"""The head of a request: checked strictly, and rewritten in the few places that the relay may change."""

import re
from collections.abc import Collection
from hmac import compare_digest
from typing import NamedTuple

LIMIT = 64 * 1024
"""The most bytes a head may have."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") (/[^\x00-\x20\x7f]*) HTTP/1\.([01])")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):([^\x00\r\n]*)")
_LENGTH = re.compile(rb"[0-9]{1,18}")


class BadHead(ValueError):
    """A head that two servers could read in two ways, or that this relay does not serve. The words repeat no value."""


class AccessRule(NamedTuple):
    """What a request needs in order to pass: the secret as the first part of its path, and one of these `hosts`."""

    secret: bytes
    hosts: Collection[bytes]


class HeadRewrite(NamedTuple):
    """How a head is rewritten: with the upstream's `host`, with the `prefix` of its base URL (no slash at its end), and
    without these codings in `Accept-Encoding` where the answer is read."""

    host: bytes
    prefix: bytes = b""
    without_codings: frozenset[bytes] = frozenset()


class Head(NamedTuple):
    """The head of a request. `path` is the target without the secret; `fields` are names, lower-case, and values in
    order; `length` is that of the body, None where it comes in chunks."""

    method: bytes
    path: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    length: int | None
    raw: bytes
    target: bytes

    def values(self, name: bytes) -> list[bytes]:
        """The values of all fields with this (lower-case) name."""
        return [value for key, value in self.fields if key == name]

    @property
    def upgrades(self) -> bool:
        """Whether it asks to change to another protocol."""
        return bool(self.values(b"upgrade"))

    @property
    def asks_for_message(self) -> bool:
        """Whether it asks a model: POST …/v1/messages."""
        return self.method == b"POST" and self.path.partition(b"?")[0].rstrip(b"/").endswith(b"/v1/messages")


def blank_lines(data: bytes) -> int:
    """How many bytes of empty lines come first: some clients send a line too many after a body, and servers ignore
    it."""
    place = 0
    while data.startswith(b"\r\n", place):
        place += 2
    return place


def parse(raw: bytes, gate: AccessRule) -> Head:
    """The head in `raw`, with its blank line. Raises BadHead for a head that must not be passed on: one that a server
    might frame in another way than this relay (RFC 9112, 11.2), and one that does not come from its client."""
    lines = raw[blank_lines(raw) : -len(b"\r\n\r\n")].split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(lines[0])
    if line is None:
        raise BadHead("not a request line for this address")
    fields = []
    for text in lines[1:]:
        field = _FIELD.fullmatch(text)
        if field is None:
            raise BadHead("a line that is folded, or is not a header")
        fields.append((field[1].lower(), field[2].strip(b" \t")))
    method, target, minor = line.groups()
    named: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        named.setdefault(name, []).append(value)
    _check_origin(named, gate)
    path = _without_secret(target, gate.secret)
    return Head(method, path, tuple(fields), _length(named, minor), raw, target)


def _check_origin(named: dict[bytes, list[bytes]], gate: AccessRule) -> None:
    hosts = named.get(b"host", [])
    if len(hosts) != 1 or hosts[0].lower() not in gate.hosts:
        raise BadHead("another host's name, or none")
    # Web pages may not ask. `Sec-Fetch-*` does not tell them: the TypeScript SDK sends it too.
    if b"origin" in named:
        raise BadHead("a request from a web page")


def _without_secret(target: bytes, secret: bytes) -> bytes:
    end = 1 + len(secret)
    # `/SECRET` alone is a path too: Claude Code 2.1.197 sends HEAD to it.
    if not compare_digest(target[1:end], secret) or target[end : end + 1] not in (b"", b"/", b"?"):
        raise BadHead("a path without the secret")
    return target[end:]


def _length(named: dict[bytes, list[bytes]], minor: bytes) -> int | None:
    lengths, codings = named.get(b"content-length", []), named.get(b"transfer-encoding", [])
    if codings:
        if lengths or len(codings) > 1 or codings[0].lower() != b"chunked" or minor == b"0":
            raise BadHead("a body whose end can be read in two ways")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise BadHead("a body whose length can be read in two ways")
    return int(lengths[0])


def rewritten(head: Head, target: HeadRewrite) -> bytes:
    """The bytes of the head for the upstream: without the secret, with its own host, and otherwise unchanged."""
    lead = blank_lines(head.raw)
    lines = head.raw[lead:].split(b"\r\n")
    path = target.prefix + head.path
    lines[0] = lines[0].replace(b" " + head.target + b" ", b" " + (path if path[:1] == b"/" else b"/" + path) + b" ", 1)
    trim = target.without_codings if head.asks_for_message else frozenset()
    for number, (name, value) in enumerate(head.fields, 1):
        if name == b"host":
            lines[number] = _with_value(lines[number], value, target.host)
        elif name == b"accept-encoding" and trim:
            lines[number] = _with_value(lines[number], value, _trimmed(value, trim))
    return head.raw[:lead] + b"\r\n".join(lines)


def _with_value(line: bytes, old: bytes, new: bytes) -> bytes:
    name, colon, rest = line.partition(b":")
    return name + colon + (rest.replace(old, new, 1) if old else rest)


def _trimmed(value: bytes, unwanted: frozenset[bytes]) -> bytes:
    """An `Accept-Encoding` without the `unwanted` codings; the bytes of the others are unchanged."""
    kept = [part for part in value.split(b",") if part.partition(b";")[0].strip().lower() not in unwanted]
    return b",".join(kept).strip()
