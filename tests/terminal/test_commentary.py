"""What stderr says of an exchange."""

import io

import pytest

from avow.exchange.exchange import (
    Exchange,
    Finished,
    HandedOver,
    Noted,
    Retrying,
    Started,
    Status,
    TextWritten,
    ThinkingWritten,
)
from avow.routing.verdict import Routing, Verdict
from avow.terminal.commentary import Commentary
from avow.terminal.facts import Facts
from avow.terminal.screen import Screen
from avow.terminal.watchers import choose
from tests.terminal import samples
from tests.terminal.samples import FABLE, OPUS, Terminal, exchange, feed

LOOK_ALIKE = "claude-hai\N{KELVIN SIGN}u-5"


def test_on_a_terminal_lines_where_no_panels_are_wanted() -> None:
    terminal = Terminal()
    commentary = Commentary(terminal.screen(), panels=False)
    commentary.finished(samples.FELL_BACK)
    assert terminal.raw().startswith("avow: fallback: ")


@pytest.mark.parametrize(
    ("finished", "notes"),
    [
        (
            samples.UNKNOWN_NAME,
            [
                "if both names stand for one model, say so: "
                """avow config set 'same_models."prod-claude"' '["claude-fable-5"]'"""
            ],
        ),
        (
            exchange(requested_model="claude-haiku-5", routing=Routing(Verdict.UNVERIFIED, LOOK_ALIKE)),
            [f"the name {LOOK_ALIKE} has characters that may only look like others: U+212A", "the answer is empty"],
        ),
        (samples.FAILED, ["try again later"]),
        (samples.SUBSTITUTED, []),
        (samples.REFUSED, []),
    ],
    ids=["a private name", "a look-alike", "a failure", "substituted", "refused"],
)
def test_what_to_do_is_noted_below_the_line(finished: Exchange, notes: list[str]) -> None:
    err = io.BytesIO()
    Commentary(Screen(None, err, Facts(), Facts())).finished(finished)
    _statement, *rest = err.getvalue().decode().splitlines()
    assert [line.removeprefix("avow: note: ") for line in rest] == notes


@pytest.mark.parametrize(
    ("finished", "notes"),
    [
        (exchange(), []),
        (exchange(content=({"type": "tool_use"},)), ["the model asked for a tool, which avow does not run"]),
        (
            exchange(stop_reason="novel"),
            ["the answer ended for a reason that avow does not know: novel"],
        ),
        (exchange(routing=Routing(Verdict.AS_REQUESTED, FABLE)), ["the answer is empty"]),
    ],
    ids=["usual", "a tool", "a new reason", "empty"],
)
def test_an_unusual_end_is_noted_but_not_where_it_is_quiet(finished: Exchange, notes: list[str]) -> None:
    for quiet in (False, True):
        err = io.BytesIO()
        screen = Screen(None, err, Facts(), Facts())
        screen.configure(color="never", quiet=quiet)
        Commentary(screen).finished(finished)
        assert err.getvalue().decode() == ("" if quiet else "".join(f"avow: note: {note}\n" for note in notes))


@pytest.mark.parametrize("panels", [True, False])
def test_in_a_chat_each_answer_has_its_model_but_not_where_it_is_quiet(panels: bool) -> None:
    for quiet, finished, shown in (
        (False, exchange(), True),
        (True, exchange(), False),
        (False, samples.FAILED, False),
    ):
        terminal = Terminal()
        screen = terminal.screen()
        screen.configure(color="never", quiet=quiet)
        Commentary(screen, badge=True, panels=panels).finished(finished)
        assert (f"[{FABLE}]" in terminal.raw() or f"answered by {FABLE}" in terminal.raw()) is shown


def test_what_is_waited_for_after_a_handover() -> None:
    terminal = Terminal()
    commentary = Commentary(terminal.screen())
    commentary.on_event(Started(exchange()))
    commentary.on_event(HandedOver(FABLE, OPUS, "cyber", in_text=False))
    waiting = f"{OPUS} ({FABLE} declined)"
    assert waiting in terminal.so_far(waiting)
    commentary.text_comes()
    commentary.finished(samples.FELL_BACK)


def test_the_model_that_is_asked_in_fact_is_named() -> None:
    terminal = Terminal()
    commentary = Commentary(terminal.screen())
    commentary.on_event(Started(exchange(sent_model=OPUS)))
    assert OPUS in terminal.so_far(OPUS)
    commentary.text_comes()


def test_a_wait_is_noted_where_no_spinner_tells_it() -> None:
    terminal = Terminal()
    commentary = Commentary(terminal.screen(plain=True))
    commentary.on_event(Started(exchange()))
    commentary.on_event(Retrying(2, 1.5, "overloaded"))
    assert terminal.raw() == f"asking {FABLE}\navow: note: overloaded; retrying in 1.5 s (retry 2)\n"


def test_thinking_without_an_end_of_line_is_ended() -> None:
    err = io.BytesIO()
    commentary = Commentary(Screen(None, err, Facts(), Facts()), show_thinking=True)
    for text in ("a", "b\n", ""):
        commentary.on_event(ThinkingWritten(text))
    commentary.text_comes()
    commentary.on_event(ThinkingWritten("c"))
    commentary.finished(exchange())
    assert err.getvalue().decode() == (
        "avow: thinking\n  ab\navow: end of thinking\navow: thinking\n  c\navow: end of thinking\n"
    )


def test_a_reroute_is_told_once() -> None:
    err = io.BytesIO()
    commentary = Commentary(Screen(None, err, Facts(), Facts()))
    commentary.on_event(Started(exchange()))
    commentary.on_event(HandedOver(FABLE, OPUS, None, in_text=False))
    commentary.on_event(HandedOver(OPUS, "claude-opus-5", "bio", in_text=False, error="overloaded_error"))
    commentary.stdout_failed()
    commentary.stdout_failed()
    commentary.finished(samples.FELL_BACK)
    assert err.getvalue().decode() == (
        "avow: fallback: requested claude-fable-5, answered by claude-opus-5 "
        "(claude-fable-5 declined: no category given; claude-opus-4-8 skipped: overloaded_error)\n"
    )


def test_a_note_in_mid_answer_stands_on_a_line_of_its_own() -> None:
    terminal = Terminal()
    watch = choose(terminal.screen(color="never"), "text", markdown=False)
    feed(watch, Started(exchange()), TextWritten(FABLE, "half "), Noted("a note"), TextWritten(FABLE, "whole"))
    feed(watch, Finished(exchange()))
    assert terminal.shown()[:3] == ["half", "avow: note: a note", "whole"]


def test_in_a_chat_a_kind_of_reroute_has_a_panel_once() -> None:
    told: set[str] = set()
    shown = []
    again = samples.FELL_BACK
    more = (again._replace(status=Status.TRUNCATED), again._replace(withheld=True))  # which the badge does not say
    for finished in (again, again, samples.STICKY, *more):
        terminal = Terminal()
        Commentary(terminal.screen(), badge=True, reported=told).finished(finished)
        shown.append(" ".join(terminal.shown()))
    assert ["Another model answered" in text for text in shown] == [True, False, True, True, True]
    assert all(f"[{OPUS}] asked {FABLE}" in text for text in shown)
