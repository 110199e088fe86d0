"""Exchanges as lines."""

import pytest

from avow.commands.history.lines import entries, lines, marked, prompt_line, result, route, when
from avow.exchange.exchange import Exchange, Status
from avow.routing.verdict import Routing, Verdict
from avow.terminal.cells import cut
from avow.terminal.facts import Facts
from tests.history.making import FABLE, NOON, OLD, answered, asked, rerouted

PIPE = Facts()
WIDE = Facts(is_terminal=True, interactive=True, width=120)
NARROW = Facts(is_terminal=True, interactive=True, width=40)


@pytest.mark.parametrize(
    ("exchange", "words"),
    [
        (answered(), "as requested"),
        (rerouted(), "fallback"),
        (rerouted(status=Status.TRUNCATED), "fallback, truncated"),
        (asked(), "pending"),
        (asked(status=Status.FAILED), "failed"),
        (answered(status=Status.COMPLETE, simulated=True), "as requested, simulated"),
        (answered(source="llm", withheld=True), "as requested, withheld, from llm"),
        (asked(status=Status.REFUSED, routing=Routing(Verdict.REFUSED)), "refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_result_in_words(exchange: Exchange, words: str) -> None:
    assert result(exchange) == words


@pytest.mark.parametrize(
    ("exchange", "words"),
    [
        (answered(), FABLE),
        (rerouted(), f"{FABLE} → {OLD} (cyber)"),
        (rerouted(category=None), f"{FABLE} → {OLD}"),
        (answered(routing=Routing(Verdict.SUBSTITUTED, "x\x1b[1m\ny")), f"{FABLE} → x␛[1m y"),
        (answered(routing=Routing(Verdict.FALLBACK)), f"{FABLE} → another model"),
        (answered(routing=Routing(Verdict.UNVERIFIED, "my-name")), f"{FABLE} → my-name?"),
        (answered(routing=Routing(Verdict.UNVERIFIED, FABLE)), FABLE),
        (answered(routing=Routing(Verdict.REFUSED, None, "bio")), f"{FABLE} (bio)"),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str) else "",
)
def test_who_was_asked_and_who_answered(exchange: Exchange, words: str) -> None:
    assert route(exchange, PIPE) == words
    assert "→" not in route(exchange, PIPE._replace(unicode=False))


@pytest.mark.parametrize(
    "facts", [PIPE, WIDE, NARROW, WIDE._replace(width=20)], ids=["pipe", "wide", "narrow", "least"]
)
def test_no_line_of_a_terminal_is_too_long_and_none_is_alive(facts: Facts) -> None:
    from rich.cells import cell_len

    hostile = "\x1b[2J\r\n\u202e" + "日本語の長い質問" * 20
    shown = list(lines([answered(hostile, number=1234), rerouted(number=7, prompt=hostile)], facts))
    text = "".join(shown)
    assert "\x1b" not in text
    assert "\r" not in text
    assert "\u202e" not in text
    if facts.is_terminal:
        assert max(cell_len(line) for line in text.splitlines()) <= facts.width
    assert text.count("\n") == {PIPE: 2, WIDE: 3, NARROW: 7}.get(facts, 11)


def test_each_has_one_line_on_80_columns() -> None:
    found = [rerouted("x", number=1002, prompt="A question that is quite long"), answered(number=3)]
    head, first, second = "".join(lines(found, WIDE._replace(width=80))).splitlines()
    assert head.split() == ["#", "when", "(2026)", "result", "model", "(claude-)", "prompt"]
    assert "fallback" in first
    assert "fable-5-2 → opus-4-8 (cyber)" in first
    assert "2026" not in first + second
    assert "claude-" not in first + second
    assert first.index("A question") == second.index("What is") == head.index("prompt")


def test_what_not_all_rows_share_is_on_each() -> None:
    found = [answered(number=1, at=NOON - 365 * 86400), answered(number=2, requested_model="other")]
    text = "".join(lines([*found, rerouted(number=3)], WIDE._replace(width=80)))
    assert "2025-" in text
    assert "2026-" in text
    assert "claude-fable-5-2 → claude-opus-4-8" in text


def test_a_very_long_name_does_not_widen_the_others() -> None:
    name = "anthropic.claude-" + "x" * 60
    text = "".join(lines([answered(number=1), answered(number=2, requested_model=name)], WIDE._replace(width=80)))
    assert f"  {name}\n" in text
    assert "as requested  claude-fable-5-2  What is a hop?\n" in text


def test_columns_are_aligned_in_a_pipe() -> None:
    text = "".join(lines([answered("PROMPT", number=1), rerouted(number=1000, prompt="PROMPT")], PIPE))
    first, second = text.splitlines()
    assert first.index("PROMPT") == second.index("PROMPT")
    assert first.startswith("   1  ")


def test_more_than_the_measured_ones_are_there() -> None:
    many = [answered(number=n) for n in range(1, 702)]
    assert [exchange.number for _line, exchange in entries(many, PIPE) if exchange] == list(range(1, 702))
    assert list(entries([], WIDE)) == []


def test_colour_tells_nothing_alone() -> None:
    coloured = "".join(lines([rerouted(number=1)], WIDE._replace(color=True)))
    assert "\x1b[33mfallback\x1b[0m" in coloured
    assert "fallback" in "".join(lines([rerouted(number=1)], WIDE))


@pytest.mark.parametrize(
    ("text", "cells", "expected"),
    [
        ("short", 5, "short"),
        ("shorter", 5, "shor…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
    ],
)
def test_cut(text: str, cells: int, expected: str) -> None:
    assert cut(text, cells) == expected


def test_what_is_not_kept_is_said() -> None:
    assert prompt_line(asked(None), 20) == "(not kept)"


def test_an_excerpt_is_marked_and_harmless() -> None:
    pieces = (("a\x1b[5m\n", False), ("hit\t", True), (" b", False))
    assert marked(pieces, PIPE) == "a␛[5m [hit ] b"
    assert marked(pieces, WIDE._replace(color=True)) == "a␛[5m \x1b[1mhit \x1b[0m b"


def test_a_time_that_is_none_is_shown_as_it_is() -> None:
    assert when(answered(created_at="some\x07day")) == "some␇day"
