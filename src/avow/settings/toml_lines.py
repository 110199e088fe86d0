"""Where the statements of a TOML text stand: the standard parser tells values, and no places."""

from collections.abc import Iterator
from dataclasses import dataclass

Path = tuple[str, ...]

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_QUOTES = ('"""', "'''", '"', "'")


@dataclass(frozen=True, slots=True)
class Statement:
    """`[path]` (a header) or `path = value`, the path from the root of the document. `line` counts from 1;
    `start` to `end` are its whole lines, `value` to `value_end` what stands after the `=`, as offsets."""

    path: Path
    is_header: bool
    line: int
    start: int
    end: int
    value: int
    value_end: int


def statements(text: str) -> tuple[Statement, ...]:
    """The statements of `text`, which must be TOML (1.0) with LF or CRLF line ends."""
    return tuple(_statements(text))


def line_of(path: Path, found: tuple[Statement, ...]) -> int | None:
    """The line of the statement that sets `path`, or the nearest one around it."""
    for length in range(len(path), 0, -1):
        exact = [one for one in found if one.path == path[:length]]
        below = [one for one in found if one.path[:length] == path[:length]]
        for one in exact or below:
            return one.line
    return None


def split_key(text: str) -> Path:
    """The parts of a dotted key as TOML writes it. Raises ValueError."""
    parts, end = _key(text + "=", 0)
    if end != len(text):
        raise ValueError(text)
    return parts


def _statements(text: str) -> Iterator[Statement]:
    table: Path = ()
    offset = 0
    line = 1
    while offset < len(text):
        start = offset
        offset = _blank(text, offset)
        if offset >= len(text):
            return
        if text[offset] in "\r\n#":
            offset = _next_line(text, offset)
            line += 1
            continue
        if text[offset] == "[":
            double = text.startswith("[[", offset)
            table, offset = _key(text, offset + (2 if double else 1))
            value = value_end = offset
            path = table
        else:
            parts, offset = _key(text, offset)
            path = table + parts
            value = _blank(text, offset + 1)
            value_end = offset = _value_end(text, value)
        end = _next_line(text, offset)
        yield Statement(path, path is table, line, start, end, value, value_end)
        line += text.count("\n", start, end)
        offset = end


def _blank(text: str, offset: int) -> int:
    while offset < len(text) and text[offset] in " \t":
        offset += 1
    return offset


def _next_line(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


def _key(text: str, offset: int) -> tuple[Path, int]:
    """A dotted key, and where it ends (at `=` or `]`)."""
    import tomllib

    parts: list[str] = []
    while True:
        offset = _blank(text, offset)
        start = offset
        if text[offset : offset + 1] in ("'", '"'):
            offset = _string_end(text, offset)
            parts.append(tomllib.loads(f"k = {text[start:offset]}")["k"])
        else:
            while offset < len(text) and text[offset] in _BARE:
                offset += 1
            if offset == start:
                raise ValueError("no key")
            parts.append(text[start:offset])
        offset = _blank(text, offset)
        if text[offset : offset + 1] != ".":
            return tuple(parts), offset
        offset += 1


def _string_end(text: str, offset: int) -> int:
    quote = next(quote for quote in _QUOTES if text.startswith(quote, offset))
    offset += len(quote)
    while offset < len(text) and not text.startswith(quote, offset):
        offset += 2 if text[offset] == "\\" and quote[0] == '"' else 1
    offset += len(quote)
    # A multi-line string may end in up to two quotes of its own.
    while len(quote) == 3 and text.startswith(quote[0], offset):
        offset += 1
    return min(offset, len(text))


def _value_end(text: str, offset: int) -> int:
    """Where a value ends, without what stands after it on its line."""
    depth = 0
    end = offset
    while offset < len(text):
        letter = text[offset]
        if letter in "\"'":
            offset = end = _string_end(text, offset)
            continue
        if letter == "#":
            if depth == 0:
                break
            offset = _next_line(text, offset)
            continue
        if letter == "\n" and depth == 0:
            break
        depth += (letter in "[{") - (letter in "]}")
        offset += 1
        if letter not in " \t\r\n":
            end = offset
    return end
