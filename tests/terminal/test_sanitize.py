"""What a terminal must be spared."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.terminal.sanitize import clean, clean_line, escaped_json

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

CASES = [
    pytest.param("plain text,\n\ttabbed", "plain text,\n\ttabbed", id="plain-text-stays"),
    pytest.param("Größe 日本語 naïve", "Größe 日本語 naïve", id="letters-stay"),
    pytest.param("👩\u200d👩\u200d👧 ❤\ufe0f ☎\ufe0e", "👩\u200d👩\u200d👧 ❤\ufe0f ☎\ufe0e", id="emoji-stay"),
    pytest.param("a\x1b[31mb", "a␛[31mb", id="csi"),
    pytest.param("\x1b]52;c;ZXZpbA==\x07", "␛]52;c;ZXZpbA==␇", id="osc-52"),
    pytest.param("\x1b]0;title\x1b\\", "␛]0;title␛\\", id="osc-title"),
    pytest.param("\x1bP+q\x1b\\", "␛P+q␛\\", id="dcs"),
    pytest.param("\x9b2J\x9d0;x\x9c", "�2J�0;x�", id="c1"),
    pytest.param("a\x85b", "a\nb", id="next-line"),
    pytest.param("secret\rpublic", "secretpublic", id="lone-carriage-return"),
    pytest.param("one\r\ntwo", "one\ntwo", id="crlf"),
    pytest.param("a\x00b\x08\x0b\x0c", "a␀b␈␋␌", id="other-c0"),
    pytest.param("a\x7fb", "a␡b", id="delete"),
    pytest.param("x\u202ey\u2066z\u2069", "x⟨U+202E⟩y⟨U+2066⟩z⟨U+2069⟩", id="bidi"),
    pytest.param("a\u200e\u200f\u061cb", "ab", id="direction-marks"),
    pytest.param("a\u200bb\u2060c\ufeffd\xade", "abcde", id="zero-width"),
    pytest.param("می\u200cخواهم", "می\u200cخواهم", id="a non-joiner in Persian"),
    pytest.param("क्\u200cष", "क्\u200cष", id="a non-joiner in Hindi"),
    pytest.param("pass\u200cword \u200cم", "password م", id="a non-joiner elsewhere"),
    pytest.param(FLAG, FLAG, id="the flag of Scotland"),
    pytest.param(FLAG.replace("\U000e0063", "\U000e0064"), "\U0001f3f4", id="a flag that is none"),
    pytest.param("hi\U000e0049\U000e0047\U000e007f", "hi", id="tags"),
    pytest.param("a\U000e0101b\ufe00c", "abc", id="variation-selectors"),
    pytest.param("a\ufff9b\ufffac\ufffb", "abc", id="interlinear"),
    pytest.param("a\u2028b\u2029c", "a\nb\nc", id="line-separators"),
    pytest.param("a\ud83db", "a�b", id="lone-surrogate"),
    pytest.param("\ud83d\ude00\x1b", "😀␛", id="surrogate-pair"),
    pytest.param("[bold]x[/bold] [/]", "[bold]x[/bold] [/]", id="markup-is-text"),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert clean(clean(text)) == shown


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_a_text_torn_anywhere_is_as_harmless_as_the_whole(text: str, shown: str) -> None:
    """A torn surrogate pair differs: the halves are replaced; a flag loses its tags, a non-joiner may stay."""
    for cut in range(len(text)):
        pieces = clean(text[:cut]) + clean(text[cut:])
        assert pieces.replace("\u200c", "") == shown.replace("\u200c", "") or "\ud83d\ude00" in text or text == FLAG


def test_no_code_point_gets_through_that_acts_on_a_terminal() -> None:
    everything = "".join(map(chr, range(0x110000)))
    left = clean(everything)
    kept_formats = {"\u200d"}
    bidirectional = set(map(unicodedata.bidirectional, left))
    assert bidirectional.isdisjoint({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
    categories = zip(left, map(unicodedata.category, left), strict=True)
    controls = {each for each in categories if each[1] in ("Cc", "Cf", "Cs")}
    assert {character for character, category in controls if category != "Cf"} == {"\t", "\n"}
    for character in (character for character, category in controls if category == "Cf"):
        visible = re.search("ARABIC|SYRIAC|KAITHI|HIEROGLYPH", unicodedata.name(character, ""))
        assert character in kept_formats or visible, hex(ord(character))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("claude-opus-4-8", "claude-opus-4-8", id="a-name"),
        pytest.param(" two\n\nlines\tand tab\n", "two lines and tab", id="breaks-and-tabs"),
        pytest.param("a\u2028b\r\nc", "a b c", id="other-breaks"),
        pytest.param("x\navow: fallback: forged", "x avow: fallback: forged", id="forged-line"),
        pytest.param("\x1b[2J\n", "␛[2J", id="escape"),
        pytest.param("naïve 日本", "naïve 日本", id="letters"),
    ],
)
def test_clean_line(text: str, shown: str) -> None:
    assert clean_line(text) == shown


UNSAFE = st.sampled_from("\0\x07\r\n\t\x1b[31m\x7f\x85\x9b\u202e\u2028\u200b\u200f\ufeff\U000e0041aé漢")


@given(st.text(UNSAFE, max_size=40))
def test_a_run_is_shown_as_its_characters_are(text: str) -> None:
    assert clean(text) == "".join(map(clean, text))
    assert escaped_json(text) == "".join(map(escaped_json, text))
