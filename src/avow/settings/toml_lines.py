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
    at = 0
    line = 1
    while at < len(text):
        start = at
        at = _blank(text, at)
        if at >= len(text):
            return
        if text[at] in "\r\n#":
            at = _next_line(text, at)
            line += 1
            continue
        if text[at] == "[":
            double = text.startswith("[[", at)
            table, at = _key(text, at + (2 if double else 1))
            value = value_end = at
            path = table
        else:
            parts, at = _key(text, at)
            path = table + parts
            value = _blank(text, at + 1)
            value_end = at = _value_end(text, value)
        end = _next_line(text, at)
        yield Statement(path, path is table, line, start, end, value, value_end)
        line += text.count("\n", start, end)
        at = end


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _key(text: str, at: int) -> tuple[Path, int]:
    """A dotted key, and where it ends (at `=` or `]`)."""
    import tomllib

    parts: list[str] = []
    while True:
        at = _blank(text, at)
        start = at
        if text[at : at + 1] in ("'", '"'):
            at = _string_end(text, at)
            parts.append(tomllib.loads(f"k = {text[start:at]}")["k"])
        else:
            while at < len(text) and text[at] in _BARE:
                at += 1
            if at == start:
                raise ValueError("no key")
            parts.append(text[start:at])
        at = _blank(text, at)
        if text[at : at + 1] != ".":
            return tuple(parts), at
        at += 1


def _string_end(text: str, at: int) -> int:
    quote = next(quote for quote in _QUOTES if text.startswith(quote, at))
    at += len(quote)
    while at < len(text) and not text.startswith(quote, at):
        at += 2 if text[at] == "\\" and quote[0] == '"' else 1
    at += len(quote)
    # A multi-line string may end in up to two quotes of its own.
    while len(quote) == 3 and text.startswith(quote[0], at):
        at += 1
    return min(at, len(text))


def _value_end(text: str, at: int) -> int:
    """Where a value ends, without what stands after it on its line."""
    depth = 0
    end = at
    while at < len(text):
        letter = text[at]
        if letter in "\"'":
            at = end = _string_end(text, at)
            continue
        if letter == "#":
            if depth == 0:
                break
            at = _next_line(text, at)
            continue
        if letter == "\n" and depth == 0:
            break
        depth += (letter in "[{") - (letter in "]}")
        at += 1
        if letter not in " \t\r\n":
            end = at
    return end
