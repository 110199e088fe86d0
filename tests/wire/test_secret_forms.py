"""A text is read in plain forms, and each place in them leads back to the text."""

import base64
import random
import re
from collections.abc import Callable

import pytest

from avow.wire.secret import STRUCK, Secrets, SecretStream
from avow.wire.secret_forms import encoded_forms, escaped_hint, folded, hint, plain_forms, quick_form, unended


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("A plain text", ["a plain text"]),
        ("a\u200bB", ["ab"]),
        (r"\u0041\/\u200b", ["a/"]),
        ("a%41b", ["a%41b", "aab"]),
        ("%25%2541%zz", ["%25%2541%zz", "%a%zz"]),
        (
            "R&D &amp; &lt;&#65;&#x41;&#9999999;&nosuch;",
            ["r&d &amp; &lt;&#65;&#x41;&#9999999;&nosuch;", "r&d & <aa&#9999999;&nosuch;"],
        ),
        (r"\u0026#65;", ["&#65;", "a"]),
        ("İ&shy;X", ["İ&shy;x", "İx"]),
    ],
)
def test_a_text_is_read_in_each_form(text: str, forms: list[str]) -> None:
    assert [plain.text for plain in plain_forms(text)] == forms
    for plain in plain_forms(text):
        places = [plain.original(place) for place in range(len(plain.text) + 1)]
        assert places == sorted(places)
        assert places[-1] == len(text)


PARTS = [
    *("A key", "s", "u", "rb", "\n", "\t", "\\", "\\", '\\"', "\\n", "\\r", "\\bF", "\\u0073", "%", "%d ", "50% of"),
    *("%4", "&", "& ", "&& x", "&lt", ";", "#", "\r", "\x00", "\x7f", "é", "日", "İ", "\u200b", "\ufe0f", "\udc61"),
]


@pytest.mark.parametrize("seed", range(20))
def test_the_quick_form_is_the_only_form_or_none(seed: int) -> None:
    chance = random.Random(seed)
    quick = 0
    for _ in range(300):
        text = "".join(chance.choices(PARTS, k=chance.randrange(6)))
        if (form := quick_form(text)) is not None:
            quick += 1
            assert {plain.text for plain in plain_forms(text)} == {form}, text
            assert unended(text) == len(text), text
    assert quick > 20


QUICK = ['{"text":"a\\n\\"b\\" 100 %, R & D"}\n\n', "naïve — 日本", r"\\right\\begin{x}", "printf(%zz)", ""]


@pytest.mark.parametrize("text", QUICK)
def test_most_texts_have_a_quick_form(text: str) -> None:
    assert quick_form(text) is not None


def test_letters_keep_their_places_without_capitals() -> None:
    assert folded("ÀB") == "àb"
    assert len(folded("İİB")) == 3
    assert folded("İB") == "İb"


@pytest.mark.parametrize(
    ("text", "at"),
    [("100%", 3), ("x%2", 1), ("x%252", 1), ("a&", 1), ("a&am", 1), ("a&amp;#1", 1), ("a&#x4", 1), ("a\\u00", 1)]
    + [(whole, len(whole)) for whole in ("", "100", "x%41", "a&b c", "a&amp; ", "a&#65;", r"a\u0041")],
)
def test_where_an_escape_is_not_at_its_end(text: str, at: int) -> None:
    assert unended(text) == at


@pytest.mark.parametrize("value", ["sk-ant-1234", "+tel-1234567", "4f9d-second"])
def test_each_beginning_gives_a_hint(value: str) -> None:
    plain = re.compile(hint([value]))
    escaped = re.compile(escaped_hint([value]))
    first = value[0]
    for begins in (value, first, value[:2], f"{first}\u200b", f"{first}%", f"{first}&", f"{first}\\"):
        assert plain.search(begins), begins
    for begins in ("\\", "%", "&", f"%{ord(first):02x}", f"%25{ord(first):02x}", f"&#{ord(first)};", "&am", r"\u0026#"):
        assert escaped.search(begins), begins
    assert escaped.search("&plus;") is not None or first != "+"
    for other in ("R&D and 100% of it", "&lt;p&gt; x", r"a\nb", "%zz"):
        assert escaped.search(other) is None or first == "+", other


@pytest.mark.parametrize("secret", ["a1b2c3d4e5", "4f9d-second-77", "abcdefgh"])
@pytest.mark.parametrize("before", ["100%", "x%25", "?q=&", "&amp", "\\u0025"])
def test_what_only_looks_like_an_escape_hides_no_secret(secret: str, before: str) -> None:
    secrets = Secrets([secret])
    assert secret not in secrets.text(f"{before}{secret};")
    stream = SecretStream(secrets)
    assert secret not in "".join([*(stream.feed(letter) for letter in f"{before}{secret};"), stream.end()])


@pytest.mark.parametrize("secret", ["p%41ss&amp;word", "100%-sure-77", "dom\\user-77", "a&b&c&d&e"])
def test_a_secret_with_escapes_in_it_is_struck(secret: str) -> None:
    assert Secrets([secret]).text(f"x {secret} y") == f"x {STRUCK} y"


def test_an_escaped_value_that_means_little_strikes_no_words() -> None:
    for value in ("%41%42%43%44", "&#65;&#66;", "\\\\\\\\\\\\\\\\\\"):
        assert Secrets([value]).text("abcd ab \\ x") == "abcd ab \\ x"


@pytest.mark.parametrize("secret", ["sk-ant-1234", "a>?b>?c>?d>?", "12345678"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_known_at_each_of_its_three_places(secret: str, encode: Callable[[bytes], bytes]) -> None:
    forms = set(encoded_forms(secret))
    for before in ("", "u", "us", "user:", '{"key":"'):
        written = encode(f"{before}{secret}@".encode()).decode().lower()
        (least,) = [form for form in forms if form in written][:1]
        assert len(least) * 6 > len(secret) * 8 - 12, "no more than a byte at each side is left"
    assert all(len(form) >= 9 for form in forms)
