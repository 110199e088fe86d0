"""The badge of an answer: the model that wrote it, and the one asked where that is another."""

import re

import pytest

from avow.exchange.exchange import Exchange
from avow.terminal.badge import badge, badge_words
from avow.terminal.facts import Facts
from tests.terminal.samples import (
    CUT,
    FABLE,
    FELL_BACK,
    HANDED_OVER,
    HOSTILE,
    OPUS,
    REFUSED,
    STICKY,
    SUBSTITUTED,
    UNKNOWN_NAME,
    UNNAMED,
    exchange,
    judged,
    message,
)

ASKED = f", requested {FABLE}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(exchange(), f"answered by {FABLE}", id="as requested"),
        pytest.param(FELL_BACK, f"answered by {OPUS}{ASKED}", id="fallback"),
        pytest.param(HANDED_OVER, f"answered by {OPUS}{ASKED}", id="handed over"),
        pytest.param(STICKY, f"answered by {OPUS}{ASKED}", id="sticky"),
        pytest.param(SUBSTITUTED, f"answered by claude-sonnet-5{ASKED}", id="substituted"),
        pytest.param(UNNAMED, f"answered by an unnamed model{ASKED}", id="unnamed"),
        pytest.param(UNKNOWN_NAME, f"answered by prod-claude{ASKED}", id="unverified"),
        pytest.param(REFUSED, f"answered by no model{ASKED}", id="refused"),
    ],
)
def test_who_answered_and_who_was_asked(answer: Exchange, words: str) -> None:
    assert badge_words(answer) == words
    line = badge(answer, Facts(width=100))
    assert line.startswith(f"[{words.removeprefix('answered by ').removesuffix(ASKED)}] ")
    assert (f"asked {FABLE}" in line) == words.endswith(ASKED)


def test_an_answer_that_is_not_whole_is_not_said_to_be_by_whom_was_asked() -> None:
    assert badge_words(CUT) == f"answered by {FABLE}, unverified"
    assert badge(CUT, Facts(width=100)).startswith(f"[{FABLE}] unverified · ")


ALL = "1,234 tokens in, 56 out"


@pytest.mark.parametrize(
    ("answer", "facts", "line"),
    [
        pytest.param(exchange(), Facts(), f"[{FABLE}] {ALL} · $0.0012 · 3.1 s", id="as requested"),
        pytest.param(exchange(), Facts(unicode=False), f"[{FABLE}] {ALL}, $0.0012, 3.1 s", id="ascii"),
        pytest.param(exchange(), Facts(plain=True), f"[{FABLE}] {ALL}, $0.0012, 3.1 s", id="plain"),
        pytest.param(
            exchange(), Facts(color=True), f"\x1b[7m[{FABLE}]\x1b[0m \x1b[2m{ALL} · $0.0012 · 3.1 s\x1b[0m", id="color"
        ),
        pytest.param(
            exchange(simulated=True), Facts(), f"[{FABLE}] simulated · {ALL} · $0.0012 · 3.1 s", id="simulated"
        ),
        pytest.param(
            exchange(cost_usd=None), Facts(), f"[{FABLE}] {ALL} · at least $0.0012 · 3.1 s", id="cost partly known"
        ),
        pytest.param(
            exchange(cost_usd=None, cost_floor_usd=0.0, usage=None, total_ms=None), Facts(), f"[{FABLE}]", id="no facts"
        ),
        pytest.param(FELL_BACK, Facts(width=100), f"[{OPUS}] asked {FABLE} · {ALL} · $0.0012 · 3.1 s", id="fallback"),
    ],
)
def test_the_line(answer: Exchange, facts: Facts, line: str) -> None:
    assert badge(answer, facts) == line


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [60, 40, 20, 10])
def test_it_is_folded_where_the_terminal_is_narrow(width: int, color: bool) -> None:
    whole = badge(FELL_BACK, Facts(width=200))
    folded = re.sub(r"\x1b\[\d*m", "", badge(FELL_BACK, Facts(width=width, color=color)))
    assert all(len(line) <= width for line in folded.split("\n"))
    assert re.sub(r"\s", "", folded) == re.sub(r"\s", "", whole)
    assert ("$0.0012" in folded) == (width >= len("$0.0012")), "a price is not torn"
    assert "3.1 s" in folded, "a number stays with its unit"


@pytest.mark.parametrize("color", [False, True])
def test_a_hostile_name_stays_a_harmless_line(color: bool) -> None:
    hostile = judged(message(HOSTILE + "\nnext"))
    line = badge(hostile, Facts(color=color, width=1000))
    for ours in ("\x1b[7m", "\x1b[2m", "\x1b[0m"):
        line = line.replace(ours, "")
    for text in (line, badge_words(hostile)):
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2028" for c in text), text
