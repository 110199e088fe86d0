"""Makes text from outside harmless for a terminal: what could act on it is made visible or dropped."""

import json
import re

from avow.wire.json_value import encodable

_PICTURES = 0x2400
_DELETE, _DELETE_PICTURE = 0x7F, "\N{SYMBOL FOR DELETE}"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Ranges of code points. Bidirectional controls: Unicode TR9; invisible ones: general category Cf and the
# blank letters, without ZWJ (U+200D) and the two emoji selectors (U+FE0E, U+FE0F), which emoji need.
_BREAKS = "\x85\u2028\u2029"
_BIDI = "\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BEYOND_ASCII = f"\x80-\x9f{_BREAKS}{_BIDI}{_INVISIBLE}\ud800-\udfff"
_ASCII = "\x00-\x08\x0b-\x1f\x7f"
_NON_JOINER = "\u200c"
# The flags that Unicode recommends to be made of tags: England, Scotland, Wales. Other tags can hide a text.
_FLAG = "\U0001f3f4"
_FLAGS = _FLAG + "\U000e0067\U000e0062(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("eng", "sct", "wls"))
)
_UNSAFE = re.compile(f"{_FLAGS}|[{_ASCII}{_BEYOND_ASCII}]+")
_UNSAFE_ASCII = re.compile(f"[{_ASCII}]")  # four times as fast, and most text is ASCII
_IS_BREAK = re.compile(f"[{_BREAKS}]")
_IS_BIDI = re.compile(f"[{_BIDI}]")
_IS_INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_BLANKS = re.compile(r"[\t\n]+")


def clean(text: str) -> str:
    r"""`text` with no active control left but `\t` and `\n`. Each code point has its form, so that a sequence
    torn between two pieces of text cannot slip through.

    C0 controls become their pictures (ESC is `␛`), a carriage return is dropped, C1 controls become U+FFFD,
    bidirectional controls are named (`⟨U+202E⟩`), invisible characters are dropped, Unicode's line breaks become
    `\n`, and lone surrogates U+FFFD.
    """
    unsafe = _UNSAFE_ASCII if text.isascii() else _UNSAFE
    if unsafe.search(text) is None:
        return text
    return _UNSAFE.sub(_shown, encodable(text))


def escaped_json(text: str) -> str:
    """JSON with the same meaning that is safe on a terminal: characters that could act there or are not seen become
    escapes (`\\u202e`)."""
    return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _parts_letters(text: str, place: int) -> bool:
    """Whether a non-joiner stands where Persian and the scripts of India need it: between letters beyond ASCII, as far
    as this piece of text shows them."""
    import unicodedata

    beside = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    return bool(beside) and all(
        not letter.isascii() and unicodedata.category(letter) in ("Lo", "Mn", "Mc") for letter in beside
    )


def clean_line(text: str) -> str:
    """`clean` on one line: breaks and tabs become spaces, those at the ends are dropped."""
    text = clean(text)
    if text.isprintable():
        return text.strip()
    return _BLANKS.sub(" ", text).strip()


def _shown(match: re.Match[str]) -> str:
    run = match[0]
    if run[0] == _FLAG:
        return run
    if _NON_JOINER not in run:
        return run.translate(_FORMS)
    return "".join(
        letter if letter == _NON_JOINER and _parts_letters(match.string, place) else letter.translate(_FORMS)
        for place, letter in enumerate(run, match.start())
    )


class _Forms(dict[int, str]):
    """What is shown for each unsafe character, worked out once for each that comes."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = _form(chr(code))
        return shown


_FORMS = _Forms()


def _form(character: str) -> str:
    code = ord(character)
    if code == 0x0D or _IS_INVISIBLE.match(character):
        return ""
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == _DELETE:
        return _DELETE_PICTURE
    if _IS_BREAK.match(character):
        return "\n"
    if _IS_BIDI.match(character):
        return f"⟨U+{code:04X}⟩"
    return _REPLACEMENT
