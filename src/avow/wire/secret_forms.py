"""The forms in which a secret may come back, and the index in the original text of each character of a form.

A secret may be interrupted by characters that no terminal shows, escaped for JSON, a URL or a web page, and written in
capitals.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from avow.values import NamedTuple

ESCAPES = "\\%&"
"""The characters with which escapes begin."""

# Compiled at first use: start-up. Characters that a terminal does not show, or that a cleaner removes, do not
# interrupt a secret; nor do the backslashes of JSON and Markdown.
_PLAIN = r"[^\t\n -$'-\[\]-~]"
_INVISIBLE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\ud800-\udfff"
)
_PASSED_OVER = rf"\\+u(?P<unit>[0-9A-Fa-f]{{4}})|\\+[rbf]|\\+|[{_INVISIBLE}]+"
# URLs and web pages: perhaps escaped more than once (`%2573`, `&amp;#115;`), and then for JSON (`\u0026#115;`).
_PERCENT = r"(?:%|\\+u0025)(?:25){0,3}"
_AMPERSAND = r"(?:&|\\+u0026)(?:amp;){0,3}"
_WEB = (
    rf"{_PERCENT}(?P<byte>[0-9A-Fa-f]{{2}})"
    rf"|{_AMPERSAND}(?:#0{{0,8}}(?P<number>[0-9]{{1,7}})|#[xX]0{{0,8}}(?P<hex>[0-9A-Fa-f]{{1,6}})|(?P<name>[A-Za-z]{{2,31}}));"
)
_UNENDED = (
    r"(?:\\(?:u[0-9A-Fa-f]{0,3})?"
    rf"|{_PERCENT}[0-9A-Fa-f]?"
    rf"|{_AMPERSAND}(?:#[0-9]{{0,15}}|#[xX][0-9A-Fa-f]{{0,14}}|[A-Za-z]{{0,31}}))\Z"
)
_BASE_16 = "0123456789abcdefABCDEF"
_NOT_SEEN = f"[{_INVISIBLE}]"
_LONGEST_ESCAPE = 64
_NO_BYTE = 0x80
"""From here on a percent-encoded byte is part of a character that no header's value has."""


class NormalizedText(NamedTuple):
    """`text` as it is compared. Each pair in `anchors` is an index in `text` and the index in the original that it
    stands for; until the next pair both count on together."""

    text: str
    anchors: list[tuple[int, int]]

    def original(self, place: int) -> int:
        """The index in the original of the index `place` in `text`."""
        index = bisect_right(self.anchors, place, key=lambda anchor: anchor[0]) - 1
        return place if index < 0 else self.anchors[index][1] + place - self.anchors[index][0]


def folded(text: str) -> str:
    """`text` in lower case with the same number of characters, so that indexes stay."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def plain_forms(text: str) -> Iterator[NormalizedText]:
    """The forms of `text` in which a secret is searched: nearly always one. A second one also decodes the escapes of
    URLs and web pages; the first does not, because a secret may begin after a `%` (`100%a1b2…`)."""
    quick = quick_form(text)
    if quick is not None and len(quick) == len(text):
        yield NormalizedText(quick, [])
        return
    yield _resolved(text, _PASSED_OVER)
    if "%" in text or "&" in text or r"\u002" in text:
        yield _resolved(text, f"{_WEB}|{_PASSED_OVER}")


def encoded_forms(value: str) -> Iterator[str]:
    """What base64 (RFC 4648, both alphabets) contains if it encodes `value`, alone or among other bytes: for each of
    the three places at which it may begin in a group, the characters that depend on `value` only, in lower case."""
    from binascii import b2a_base64

    data = value.encode("utf-8", "surrogateescape")
    for before, first in ((0, 0), (1, 2), (2, 3)):
        letters = b2a_base64(bytes(before) + data).decode()[first : (before + len(data)) * 8 // 6].lower()
        yield letters
        if "+" in letters or "/" in letters:
            yield letters.replace("+", "-").replace("/", "_")


def quick_form(text: str) -> str | None:
    """The only one of the text's `plain_forms`, made without regular expressions (compiling them takes 2 ms). None
    where `text` may have escapes of letters, the beginning of one, or characters that are not shown."""
    if text.isascii():
        if not text.isprintable() and not text.replace("\n", "").replace("\t", "").isprintable():
            return None
    elif re.search(_NOT_SEEN, text) is not None:
        return None
    if "%" in text and not all(part[:2].strip(_BASE_16) for part in text.split("%")[1:]):
        return None
    if "&" in text and any(part[:1] in "#" or part[0].isalpha() for part in text.split("&")[1:]):
        return None
    if "\\" in text:
        if "\\u" in text or text[-1] == "\\":
            return None
        for unseen in ("\\r", "\\b", "\\f"):  # each goes with all the backslashes before it
            text = text.replace(unseen, "\0")
        text = text.replace("\\", "").replace("\0", "")
    return folded(text)


def unended(text: str) -> int:
    """The index from which `text` has only the beginning of an escape; its length where it does not end so."""
    if any(begins in text for begins in ESCAPES):
        match = re.compile(_UNENDED).search(text, max(0, len(text) - _LONGEST_ESCAPE))
        if match is not None:
            return match.start()
    return len(text)


def hint(values: Iterable[str]) -> str:
    """A pattern that matches the first three characters of each of these lower-case values, or fewer before the text's
    end or a character that is not shown; and little else."""
    end = rf"{_PLAIN}|\Z"
    letters = (map(re.escape, beginning) for beginning in _beginnings(values))
    return "|".join(rf"{first}(?:{second}(?:{third}|{end})|{end})" for first, second, third in letters)


def escaped_hint(values: Iterable[str]) -> str:
    """The same for values whose first character is escaped."""
    firsts = {beginning[0] for beginning in _beginnings(values)}
    codes = "|".join(sorted({f"{ord(letter):02x}" for first in firsts for letter in (first, first.upper())}))
    named = "" if all(first.isalnum() for first in firsts) else "|[a-z]"
    return (
        rf"\\(?:u00(?:{codes}|25|26)|(?:u[0-9a-f]{{0,3}})?\Z)"
        rf"|%(?:25){{0,3}}(?:{codes}|[0-9a-f]?\Z)"
        rf"|&(?:amp;){{0,3}}(?:#{named}|(?:a|am|amp)?\Z)"
    )


def _beginnings(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(value[:3] for value in values)


def _resolved(text: str, passed_over: str) -> NormalizedText:
    parts: list[str] = []
    anchors: list[tuple[int, int]] = []
    at = size = 0
    for match in re.finditer(passed_over, text):
        letter = _letter(match)
        if letter is None:
            continue
        parts.append(text[at : match.start()])
        size += match.start() - at
        at = match.end()
        if letter:
            anchors.append((size, match.start()))
            parts.append(letter)
            size += 1
        anchors.append((size, at))
    parts.append(text[at:])
    return NormalizedText(folded("".join(parts)), anchors)


def _letter(match: re.Match[str]) -> str | None:
    """The letter that an escape stands for; empty if it is one that is not shown; None if the match is not an
    escape."""
    found = match.groupdict()
    if found.get("name"):
        from html.entities import html5  # costs 1 ms, and few answers have one

        letter = html5.get(f"{found['name']};", "")
        return None if len(letter) != 1 else _seen(letter)
    for kind, base in (("unit", 16), ("byte", 16), ("hex", 16), ("number", 10)):
        if digits := found.get(kind):
            code = int(digits, base)
            if code > 0x10FFFF:
                return None
            return "" if kind == "byte" and code >= _NO_BYTE else _seen(chr(code))
    return ""


def _seen(letter: str) -> str:
    return "" if re.match(_NOT_SEEN, letter) else letter
