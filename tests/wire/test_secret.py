"""Secrets are struck out of what comes back, however they are written and cut up."""

import base64
import html
import random
import re
import time
import urllib.parse
from collections.abc import Callable

import pytest

from avow.wire.body import struck_blocks
from avow.wire.events import (
    BlockStarted,
    BlockStopped,
    Event,
    InputJsonArrived,
    MessageStopped,
    TextArrived,
    ThinkingArrived,
)
from avow.wire.secret import (
    STRUCK,
    EventStriker,
    Secrets,
    SecretStream,
    most_seen,
)
from tests.in_part import in_part

KEY = "sk-ant-api03-Ab9_x/Y-Zq7w2e8r5t"
OTHER = "hunter2+hunter2"
SECRETS = Secrets([KEY, OTHER, "short"])

WRITTEN = {
    "as it is": KEY,
    "with a blank of no width": KEY[:9] + "\u200b" + KEY[9:],
    "with one between all letters": "\u200d".join(KEY),
    "with a carriage return": KEY[:9] + "\r" + KEY[9:],
    "with controls": "\x00".join(KEY),
    "with tags": "\U000e0061".join(KEY),
    "with backslashes of Markdown": KEY.replace("-", r"\-"),
    "with an escaped slash": KEY.replace("/", r"\/"),
    "escaped": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "escaped in capitals, in part": KEY[:5] + "".join(f"\\u{ord(letter):04X}" for letter in KEY[5:9]) + KEY[9:],
    "escaped twice": "".join(f"\\\\u{ord(letter):04x}" for letter in KEY),
    "with an escaped blank": KEY[:9] + r"\u200b\udb40\udc61\r" + KEY[9:],
    "in capitals": KEY.upper(),
    "in small letters": KEY.lower(),
    "percent-encoded": KEY.replace("-", "%2D").replace("/", "%2f"),
    "percent-encoded whole": "".join(f"%{ord(letter):02x}" for letter in KEY),
    "percent-encoded twice": "".join(f"%25{ord(letter):02X}" for letter in KEY),
    "percent-encoded with a blank of no width": KEY[:9] + "%E2%80%8B" + KEY[9:],
    "percent-encoded within JSON": KEY.replace("-", r"\u00252d"),
    "as numbers of a page": "".join(f"&#{ord(letter)};" for letter in KEY),
    "as a number of a page, once": f"&#{ord(KEY[0])};{KEY[1:]}",
    "as numbers in base 16": "".join(f"&#x{ord(letter):04X};" for letter in KEY),
    "as numbers of a page, twice": "".join(f"&amp;#{ord(letter)};" for letter in KEY),
    "as numbers of a page, within JSON": "".join(rf"\u0026#{ord(letter)};" for letter in KEY),
    "with names of a page": KEY.replace("/", "&sol;").replace("_", "&lowbar;").replace("9", "&shy;9"),
    "all of it": KEY[:5].upper() + f"%{ord(KEY[5]):02x}&#{ord(KEY[6])};\u200b" + KEY[7:],
}
written = pytest.mark.parametrize("form", list(WRITTEN.values()), ids=list(WRITTEN))


@written
def test_a_secret_is_struck_however_it_is_written(form: str) -> None:
    assert SECRETS.text(f"your key {form}, é") == f"your key {STRUCK}, é"
    assert SECRETS.data(f"\xff{form}".encode("latin-1", "ignore")).endswith(STRUCK.encode()) or not form.isascii()
    assert SECRETS.data(f"日 {form} ok".encode()) == f"日 {STRUCK} ok".encode()


@pytest.mark.parametrize("form", in_part(WRITTEN, [*WRITTEN][::3]))
def test_a_secret_is_struck_wherever_it_is_cut(form: str) -> None:
    text = f"yours: {form}! s sk s"
    for at in range(len(text)):
        check(text, [text[:at], text[at:]])
        check(text, [text[:at], text[at : at + 1], text[at + 1 :]])
    check(text, list(text))


def check(text: str, pieces: list[str]) -> None:
    stream = SecretStream(SECRETS)
    struck = "".join([*(stream.feed(piece) for piece in pieces), stream.end()])
    assert SECRETS.text(struck) == struck, pieces
    before, _, after = struck.partition(STRUCK)
    seen = before.removeprefix("yours: ")
    assert before.startswith("yours: ")
    assert after == "! s sk s"
    plain = re.sub(r"\\+u00(..)", lambda match: chr(int(match[1], 16)), re.sub(r"\\(u200b|udb40|udc61|r)", "", seen))
    for _ in range(2):
        plain = html.unescape(urllib.parse.unquote(plain))
    seen_of_it = re.sub(r"[^!-\[\]-~]", "", plain)
    assert KEY.lower().startswith(seen_of_it.lower()), pieces
    assert len(seen_of_it) <= most_seen(KEY)


@pytest.mark.parametrize("seed", range(40))
def test_any_text_in_any_pieces_comes_through_but_for_the_secrets(seed: int) -> None:
    chance = random.Random(seed)
    parts = [KEY, OTHER, KEY[:12], "s", "\\", "\\u00", "u0073", "\u200b", "日", "\n", '"', "sk-ant-", OTHER[:7], " ok "]
    text = "".join(chance.choices(parts, k=chance.randrange(1, 30)))
    pieces, at = [], 0
    while at < len(text):
        size = chance.randrange(1, 12)
        pieces.append(text[at : at + size])
        at += size
    stream = SecretStream(SECRETS)
    struck = "".join([*(stream.feed(piece) for piece in pieces), stream.end()])
    assert SECRETS.text(struck) == struck
    assert b"".join(SECRETS.chunks(piece.encode() for piece in pieces)) == struck.encode()
    if KEY not in text and SECRETS.text(text) == text and not struck.endswith(STRUCK):
        assert struck == text


def test_bytes_cut_within_a_letter_stay_whole() -> None:
    data = "日本 sk-日 é\u200b".encode() + b"\xff\xfe"
    for at in range(len(data)):
        assert b"".join(SECRETS.chunks([data[:at], data[at:]])) == data


def test_a_stream_that_ends_within_a_secret_shows_little_of_it() -> None:
    stream = SecretStream(SECRETS)
    assert "".join([*(stream.feed(letter) for letter in KEY[:-1]), stream.end()]) == KEY[: most_seen(KEY)] + STRUCK
    assert stream.end() == ""
    assert (stream.feed("C:\\"), stream.end()) == ("C:", "\\")
    striker = EventStriker(SECRETS)
    assert striker.strike(ThinkingArrived(3, KEY[:20])) == [ThinkingArrived(3, "")]
    assert striker.strike(TextArrived(0, KEY[:20])) == [TextArrived(0, "")]
    assert striker.end() == [TextArrived(0, STRUCK), ThinkingArrived(3, STRUCK)]


def test_short_values_stay_and_nothing_is_struck_where_there_is_nothing() -> None:
    assert SECRETS.text("a short word") == "a short word"
    assert not Secrets(["short"])
    assert Secrets().text("x") == "x"
    assert list(Secrets().chunks([b"a", b""])) == [b"a", b""]
    assert KEY not in repr(SECRETS)


def test_what_a_server_makes_up_takes_no_longer_than_any_text() -> None:
    for piece in (
        "\\",
        "s\\",
        "\\u",
        "\\\\u0073",
        "s\u200b",
        "sk\\",
        "s",
        "s%25",
        "25",
        "&amp;",
        "&#115;",
        "&#0",
        r"\u0026",
    ):
        begun = time.monotonic()
        SECRETS.text(piece * 20_000)
        assert time.monotonic() - begun < 5, piece


def test_a_blank_without_end_does_not_make_it_wait_for_ever() -> None:
    stream = SecretStream(SECRETS)
    told = "".join(stream.feed("\u200b" * 8192) for _ in range(20) if stream.feed("s") is not None)
    assert len(told) > 8192


def events_of(*events: Event) -> list[Event]:
    striker = EventStriker(SECRETS)
    return [struck for event in events for struck in striker.strike(event)]


def test_a_secret_spread_over_events_is_struck() -> None:
    half, rest = KEY[:15], KEY[15:]
    assert "".join(event.text for event in events_of(TextArrived(0, half), TextArrived(0, rest))) == STRUCK  # type: ignore[union-attr]
    thought = events_of(ThinkingArrived(0, half), ThinkingArrived(1, "x"), ThinkingArrived(0, rest))
    assert [event.text for event in thought] == ["", "x", STRUCK]  # type: ignore[union-attr]
    tool = events_of(InputJsonArrived(1, f'{{"a":"{half}'), InputJsonArrived(1, f'{rest}"}}'))
    assert [event.partial_json for event in tool] == ['{"a":"', f'{STRUCK}"}}']  # type: ignore[union-attr]


def test_a_secret_spread_over_blocks_is_struck() -> None:
    half, rest = KEY[:15], KEY[15:]
    block = BlockStarted(1, {"type": "text", "text": rest})
    assert events_of(TextArrived(0, half), BlockStopped(0), block) == [
        TextArrived(0, ""),
        BlockStopped(0),
        BlockStarted(1, {"type": "text", "text": STRUCK}),
    ]
    striker = EventStriker(SECRETS)
    assert striker.strike(BlockStarted(3, {"type": "text", "text": half})) == [
        BlockStarted(3, {"type": "text", "text": ""})
    ]
    assert striker.end() == [TextArrived(3, STRUCK)]
    message = {"content": [{"type": "text", "text": half}, {"type": "x"}, {"type": "text", "text": rest}]}
    assert [b.get("text") for b in struck_blocks(message, SecretStream(SECRETS))["content"]] == ["", None, STRUCK]


@pytest.mark.parametrize("end", ["C:\\", "\\u00", KEY[:5]])
def test_a_whole_message_keeps_the_end_of_its_text(end: str) -> None:
    message = {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": end}, {"type": "x"}]}
    assert struck_blocks(message, SecretStream(SECRETS)) == message
    cut = {"content": [{"type": "text", "text": KEY[:-1]}, {"type": "x"}]}
    assert struck_blocks(cut, SecretStream(SECRETS))["content"][0]["text"] == STRUCK


@pytest.mark.parametrize("at", range(1, len(KEY)))
def test_a_secret_spread_over_two_responses_is_struck(at: int) -> None:
    first = EventStriker(SECRETS)
    told = [*first.strike(TextArrived(0, f"so: {KEY[:at]}")), *first.strike(MessageStopped())]
    second = EventStriker(SECRETS, first.text.tail)
    told += second.strike(TextArrived(0, KEY[at : at + 3]))
    told += [*second.strike(TextArrived(0, f"{KEY[at + 3 :]} ok")), *second.end()]
    seen = "".join(event.text for event in told if isinstance(event, TextArrived))
    beginning, *_struck, rest = seen.removeprefix("so: ").split(STRUCK)
    assert KEY.startswith(beginning)
    assert len(beginning) <= most_seen(KEY)
    assert rest == " ok"
    whole = {"content": [{"type": "text", "text": f"{KEY[at:]} ok"}]}
    after = struck_blocks(whole, SecretStream(SECRETS, first.text.tail))
    assert after["content"][0]["text"] == f"{STRUCK} ok"


def test_what_waits_comes_before_what_ends_it() -> None:
    assert events_of(TextArrived(0, KEY[:15]), MessageStopped()) == [
        TextArrived(0, ""),
        TextArrived(0, STRUCK),
        MessageStopped(),
    ]
    for kind in (ThinkingArrived, InputJsonArrived):
        assert events_of(kind(2, KEY[:15]), BlockStopped(2))[1:] == [kind(2, STRUCK), BlockStopped(2)]


@pytest.mark.parametrize("before", ["", "x ", KEY[0] + "x ", KEY[:3] + "x ", "\\"])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_secret_that_begins_at_the_end_of_a_piece_is_struck(before: str, cut: int) -> None:
    stream = SecretStream(SECRETS)
    assert KEY[cut:] not in stream.feed(before + KEY[:cut]) + stream.feed(KEY[cut:] + " end")


@pytest.mark.parametrize("piece", ["100 % of it", "a & b", "a\\b", "&#", "%2", "\\u00"])
def test_without_a_secret_all_passes_as_it_came(piece: str) -> None:
    stream = SecretStream(Secrets())
    assert stream.feed(piece) + stream.feed("more") + stream.end() == piece + "more"
    assert Secrets().text(piece) == piece


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "a", "ab", "user:", '{"alg":"none","key":"'])
def test_a_key_in_base64_is_struck_wherever_it_begins_and_is_cut(before: str, encode: Callable[[bytes], bytes]) -> None:
    """As a server echoes `Authorization: Basic`, or a token that it made of the key."""
    echo = encode(f"{before}{KEY} and more".encode()).decode()
    begins = len(before) * 8 // 6 + most_seen(KEY) + 3  # a stream may show the beginning
    kept = {echo[at : at + 8] for at in range(begins, len(echo) - 16)}
    for struck in (
        SECRETS.text(f"Basic {echo}."),
        "".join(fed(SecretStream(SECRETS), [*f"Basic {echo}."])),
        "".join(fed(SecretStream(SECRETS), [f"Bas\u200bic {echo[:30]}\u200b", f"{echo[30:]}."])),
        b"".join(SECRETS.chunks([echo[:20].encode(), echo[20:].encode()])).decode(),
    ):
        assert STRUCK in struck
        assert not any(part in struck for part in kept), struck


def fed(stream: SecretStream, pieces: list[str]) -> list[str]:
    return [*map(stream.feed, pieces), stream.end()]


def test_base64_of_other_things_stays() -> None:
    chance = random.Random(4)
    text = " ".join(base64.b64encode(chance.randbytes(60)).decode() for _ in range(3000))
    assert SECRETS.text(text) == text
    assert "".join(fed(SecretStream(SECRETS), [text[at : at + 7] for at in range(0, 70_000, 7)])) == text[:70_000]


@pytest.mark.parametrize("backslashes", [1, 2, 3])
def test_all_the_backslashes_of_an_escape_go_with_it(backslashes: int) -> None:
    stream = SecretStream(SECRETS)
    assert stream.feed(f"50 %x {chr(92) * backslashes}u0073{KEY[1:]} ok") == f"50 %x {STRUCK} ok"
