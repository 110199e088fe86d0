"""The panel, the footer and the rules."""

import pytest

from avow.exchange.exchange import HandedOver
from avow.models.pricing import price
from avow.routing.verdict import Hop, Outcome
from avow.terminal.facts import Facts
from avow.terminal.render import cost, footer, handover_rule, panel, rule, saved, tokens, withdrawn_rule
from avow.wire.json_value import JsonObject
from tests.terminal import samples
from tests.terminal.samples import FABLE, HOSTILE, OPUS, exchange

OVER = HandedOver(FABLE, OPUS, "cyber", in_text=True)


@pytest.mark.parametrize("width", [20, 40, 100, 300])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_panel_fits_and_holds_all(width: int, unicode: bool) -> None:
    text = panel(samples.HANDED_OVER, Facts(width=width, unicode=unicode))
    assert text is not None
    lines = text.splitlines()
    assert {len(line) for line in lines} == {min(width, 100)}
    assert text.isascii() is not unicode
    words = "".join("".join(line[1:-1] for line in lines).split())
    for part in ("Anothermodelanswered", FABLE, OPUS, "cyber", "avowretry12", "avowwhy12"):
        assert part in words


def test_the_panel_is_not_told_by_colour_alone() -> None:
    plain = panel(samples.FELL_BACK, Facts())
    coloured = panel(samples.FELL_BACK, Facts(color=True))
    assert plain is not None
    assert coloured is not None
    assert "\x1b" not in plain
    assert "\x1b[33m" in coloured
    assert "\x1b[31m" in str(panel(samples.REFUSED, Facts(color=True)))


def test_no_boxes_for_a_screen_reader() -> None:
    text = panel(samples.FELL_BACK, Facts(plain=True, width=20))
    assert text is not None
    assert text.startswith("Notice: another model answered (fallback).\nYou asked ")
    assert "\nWhat you can do:\n" in text
    assert text.isascii()


def test_no_panel_where_all_is_as_requested() -> None:
    assert panel(exchange(), Facts()) is None


@pytest.mark.parametrize("width", [40, 60, 120])
def test_a_footer_that_says_much_is_folded_between_words(width: int) -> None:
    usage = {"input_tokens": 345, "cache_read_input_tokens": 12_000, "output_tokens": 56}
    line = footer(exchange(usage=usage), Facts(width=width))
    assert max(map(len, line.splitlines())) <= width
    assert " ".join(line.splitlines()) == footer(exchange(usage=usage), Facts(width=1000))
    assert "12,345 tokens" in line


def test_markup_from_outside_is_text() -> None:
    text = panel(samples.FELL_BACK._replace(requested_model="[/] [red]x[/red]"), Facts())
    assert text is not None
    assert "[/] [red]x[/red]" in text
    assert "\x1b" not in str(panel(samples.FELL_BACK._replace(requested_model=HOSTILE), Facts()))


def test_footer() -> None:
    line = "claude-fable-5 · 1,234 tokens in, 56 out · $0.0012 · 3.1 s"
    assert footer(exchange(), Facts()) == line
    assert footer(exchange(), Facts(plain=True)) == line.replace(" · ", ", ")
    assert footer(exchange(), Facts(color=True)) == f"\x1b[2m{line}\x1b[0m"
    bare = exchange(simulated=True, usage=None, cost_usd=None, cost_floor_usd=0.0, total_ms=None)
    assert footer(bare, Facts()) == "claude-fable-5 · simulated"


@pytest.mark.parametrize(
    ("usd", "floor", "words"),
    [
        (0.0, 0.0, "$0.0000"),
        (0.00001, 0.0, "under $0.0001"),
        (0.0067, 0.0, "$0.0067"),
        (12.345, 0.0, "$12.35"),
        (None, 0.0067, "at least $0.0067"),
        (None, 0.0, ""),
    ],
)
def test_cost(usd: float | None, floor: float, words: str) -> None:
    assert cost(usd, floor) == words


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        ({"input_tokens": 1, "output_tokens": 1}, "1 token in, 1 out"),
        ({"output_tokens": 1}, "1 token out"),
        ({"input_tokens": 0}, "0 tokens in"),
    ],
)
def test_one_token_is_no_plural(usage: JsonObject, words: str) -> None:
    assert tokens(usage) == words


def test_tokens_say_what_came_from_the_cache() -> None:
    usage: JsonObject = {"input_tokens": 10, "cache_read_input_tokens": 1000, "cache_creation_input_tokens": None}
    assert tokens(usage) == "1,010 tokens in (1,000 from the cache)"
    usage |= {"cache_creation_input_tokens": 2000}
    assert tokens(usage) == "3,010 tokens in (1,000 from the cache, 2,000 into it)"
    usage |= {"cache_read_input_tokens": 0}
    assert tokens(usage) == "2,010 tokens in (2,000 into the cache)"
    assert tokens({"output_tokens": 5}) == "5 tokens out"
    assert tokens({"input_tokens": "many"}) == ""
    assert tokens(None) == ""


CACHED: JsonObject = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100_000}


@pytest.mark.parametrize(
    ("usage", "own_price", "words"),
    [
        (CACHED, None, "the cache saved $0.9000"),
        ({**CACHED, "cache_creation_input_tokens": 1_000_000}, None, ""),
        ({"input_tokens": 10, "output_tokens": 5}, None, ""),
        (CACHED, 0.5, ""),
    ],
    ids=["read", "written more", "no cache", "a price of the user's own"],
)
def test_what_the_cache_saved(usage: JsonObject, own_price: float | None, words: str) -> None:
    hop = Hop("claude-fable-5", Outcome.SERVED, usage=usage, cost_usd=own_price or price("claude-fable-5", usage))
    answer = exchange(usage=usage)
    answer = answer._replace(routing=answer.routing._replace(hops=(hop,)))
    assert saved(answer) == words
    assert footer(answer, Facts()).count("the cache saved") == bool(words)


def test_the_rule_names_both_models() -> None:
    assert handover_rule(OVER, Facts(width=80)) == (
        "─── claude-fable-5 declined (cyber); claude-opus-4-8 continues ─".ljust(80, "─") + "\n"
    )
    narrow = handover_rule(OVER, Facts(width=40)).splitlines()
    assert narrow[0] == narrow[-1] == "─" * 40
    assert " ".join(narrow[1:-1]) == "claude-fable-5 declined (cyber); claude-opus-4-8 continues"
    assert max(map(len, narrow)) == 40


def test_a_rule_without_a_category_or_after_an_error() -> None:
    assert "declined (no category given)" in handover_rule(OVER._replace(category=None), Facts())
    assert "was not available (overloaded_error)" in handover_rule(OVER._replace(error="overloaded_error"), Facts())
    assert "the text above is withdrawn: its model declined" in withdrawn_rule(None, Facts())


def test_a_rule_for_a_screen_reader_and_for_ascii() -> None:
    assert rule("words", Facts(plain=True)) == "[words]\n"
    assert rule("words", Facts(width=20, unicode=False)) == "--- words ----------\n"
    assert rule("words", Facts(width=20, color=True)).startswith("\x1b[1;33m")
