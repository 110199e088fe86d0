"""The piped form: the answer's bytes on stdout, stable lines on stderr."""

import io
import os
from typing import Any

import pytest

from avow.errors import Failure, FileError, ReaderGone, UsageError
from avow.exchange.exchange import (
    ExchangeEvent,
    Finished,
    HandedOver,
    Noted,
    Retrying,
    Started,
    Status,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
)
from avow.exit_codes import SIGPIPE, BySignal, ExitCode
from avow.terminal.facts import Facts
from avow.terminal.screen import Screen
from avow.terminal.watchers import choose
from tests.terminal import samples
from tests.terminal.samples import FABLE, HOSTILE, OPUS, exchange, feed

START = Started(exchange())
DONE = Finished(exchange())
OVER = HandedOver(FABLE, OPUS, "cyber", in_text=True)
FALLBACK = "avow: fallback: requested claude-fable-5, answered by claude-opus-4-8 (claude-fable-5 declined: cyber)\n"


def show(*happenings: ExchangeEvent, quiet: bool = False, **options: Any) -> tuple[str, str]:
    out, err = io.BytesIO(), io.BytesIO()
    screen = Screen(out, err, Facts(), Facts(), quiet=quiet)
    feed(choose(screen, "text", **options), *happenings)
    return out.getvalue().decode(), err.getvalue().decode()


def words(*texts: str) -> list[TextWritten]:
    return [TextWritten(FABLE, text) for text in texts]


@pytest.mark.parametrize(
    ("texts", "printed"),
    [
        pytest.param(["An ", "answer"], "An answer\n", id="newline-added"),
        pytest.param(["line\n"], "line\n", id="newline-there"),
        pytest.param(["line\n\n"], "line\n\n", id="both-kept"),
        pytest.param([""], "", id="empty"),
        pytest.param([HOSTILE], HOSTILE + "\n", id="bytes-untouched"),
    ],
)
def test_the_answers_bytes_and_nothing_else(texts: list[str], printed: str) -> None:
    out, err = show(START, *words(*texts), DONE)
    assert out == printed
    assert err == ""


def test_a_handover_leaves_no_mark_on_stdout() -> None:
    out, err = show(START, *words("First. "), OVER, TextWritten(OPUS, "Then."), Finished(samples.HANDED_OVER))
    assert out == "First. Then.\n"
    assert err == FALLBACK


def test_hold_prints_only_what_ended_well() -> None:
    assert show(START, *words("An answer."), DONE, hold=True) == ("An answer.\n", "")
    withheld = samples.FELL_BACK._replace(withheld=True)
    out, err = show(START, *words("An answer."), Finished(withheld), hold=True)
    assert out == ""
    assert "avow history show 12" in err
    assert show(START, *words("x"), Finished(samples.FELL_BACK), hold=True)[0] == ""


def test_buffered_text_comes_at_the_end_without_what_was_withdrawn() -> None:
    out = io.BytesIO()
    screen = Screen(out, io.BytesIO(), Facts(), Facts())
    watch = choose(screen, "text", buffered=True)
    feed(watch, START, *words("Withdrawn."), Withdrawn(FABLE, "Withdrawn."), *words("First. "), OVER, *words("Then."))
    assert out.getvalue() == b""
    feed(watch, DONE)
    assert out.getvalue() == b"First. Then.\n"


def test_what_was_printed_and_is_withdrawn_is_said() -> None:
    out, err = show(START, *words("Half"), Withdrawn(FABLE, "Half"), Finished(samples.REFUSED))
    assert out == "Half\n"
    assert "withdrawn" in err
    assert "avow: refused: " in err


def test_final_text_is_all_that_is_printed() -> None:
    out, _ = show(START, *words("x"), DONE, final_text=lambda e: f"<{e.text}>")
    assert out == "<An answer.>\n"
    assert show(START, *words("x"), DONE, final_text=lambda e: "")[0] == ""


def test_notes_and_waits_are_told_unless_quiet() -> None:
    happenings: tuple[ExchangeEvent, ...] = (
        START,
        Retrying(1, 0.5, "rate limited"),
        Noted("some\nnote"),
        *words("x"),
        DONE,
    )
    assert show(*happenings)[1] == ("avow: note: rate limited; retrying in 0.5 s (retry 1)\navow: note: some note\n")
    assert show(*happenings, quiet=True) == ("x\n", "")


def test_quiet_leaves_the_stable_lines() -> None:
    assert show(START, *words("x"), Finished(samples.HANDED_OVER), quiet=True) == ("x\n", FALLBACK)


def test_thinking_stays_out_of_the_answer() -> None:
    happenings: tuple[ExchangeEvent, ...] = (START, ThinkingWritten("hm\x1b"), ThinkingWritten("m"), *words("x"), DONE)
    assert show(*happenings) == ("x\n", "")
    out, err = show(*happenings, show_thinking=True)
    assert out == "x\n"
    assert err == "avow: thinking\n  hm␛m\navow: end of thinking\n"


def test_an_empty_answer_is_noted() -> None:
    empty = exchange(routing=exchange().routing._replace(segments=()))
    assert show(START, Finished(empty)) == ("", "avow: note: the answer is empty\n")


def test_a_failure_says_what_to_do() -> None:
    assert show(START, Finished(samples.FAILED)) == (
        "",
        "avow: error: the API is overloaded (529) (request req_1)\navow: note: try again later\n",
    )


def test_an_unknown_name_comes_with_the_line_to_add() -> None:
    _, err = show(START, *words("x"), Finished(samples.UNKNOWN_NAME))
    assert """avow config set 'same_models."prod-claude"' '["claude-fable-5"]'""" in err


def broken_pipe() -> tuple[Screen, io.BytesIO]:
    ours, theirs = os.pipe()
    os.close(ours)
    err = io.BytesIO()
    return Screen(os.fdopen(theirs, "wb", buffering=0), err, Facts(), Facts()), err


def test_a_reroute_already_seen_is_told_when_stdout_closes() -> None:
    screen, err = broken_pipe()
    watch = choose(screen, "text")
    feed(watch, START, OVER._replace(in_text=False))
    with pytest.raises(ReaderGone):
        feed(watch, *words("x"))
    assert err.getvalue().decode() == FALLBACK
    feed(watch, Finished(samples.HANDED_OVER._replace(status=Status.INTERRUPTED, exit_code=BySignal(SIGPIPE))))
    assert err.getvalue().decode() == FALLBACK


def test_without_a_reroute_a_closed_stdout_is_silent() -> None:
    screen, err = broken_pipe()
    watch = choose(screen, "text")
    with pytest.raises(ReaderGone):
        feed(watch, START, *words("x"))
    feed(watch, Finished(samples.CUT._replace(status=Status.INTERRUPTED, exit_code=BySignal(SIGPIPE))))
    assert err.getvalue() == b""


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_a_reroute_known_only_at_the_end_is_told_too(form: str) -> None:
    screen, err = broken_pipe()
    watch = choose(screen, form, hold=True) if form != "json" else choose(screen, form)
    done = samples.STICKY._replace(exit_code=ExitCode.OK)
    with pytest.raises(ReaderGone):
        feed(watch, *(() if form == "jsonl" else (START,)), Finished(done))
    assert err.getvalue().startswith(b"avow: fallback: ")


def test_a_full_disk_does_not_hide_a_reroute() -> None:
    err = io.BytesIO()
    screen = Screen(None, err, Facts(), Facts())
    with pytest.raises(FileError):
        feed(choose(screen, "text"), START, OVER, *words("x"))
    assert err.getvalue().decode() == FALLBACK


def test_an_interruption_says_what_is_kept() -> None:
    stopped = samples.CUT._replace(status=Status.INTERRUPTED, exit_code=BySignal(2))
    out, err = show(START, *words("half"), Finished(stopped))
    assert out == "half\n"
    assert err == "avow: note: interrupted; to see what is kept: avow history show 12\n"


@pytest.mark.parametrize(("number", "more"), [(12, "; to see what is kept: avow history show 12"), (None, "")])
def test_an_interruption_before_an_answer_claims_nothing_of_one(number: int | None, more: str) -> None:
    stopped = samples.FAILED._replace(
        number=number, status=Status.INTERRUPTED, exit_code=BySignal(2), error=Failure("interrupted", None, "a signal")
    )
    assert show(START, Finished(stopped)) == ("", f"avow: note: interrupted before an answer came{more}\n")


def test_verbose_gives_the_figures() -> None:
    err = io.BytesIO()
    screen = Screen(io.BytesIO(), err, Facts(), Facts(), verbose=True)
    feed(choose(screen, "text"), START, *words("x"), DONE)
    for figure in ("412 ms", "3120 ms", "1,234 tokens in", "$0.0012", "req_1"):
        assert figure in err.getvalue().decode()


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(UsageError, match="yaml"):
        choose(Screen(None, None, Facts(), Facts()), "yaml")


def test_it_writes_as_the_text_comes() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "wb") as stdout:
        watch = choose(Screen(stdout, None, Facts(), Facts()), "text")
        feed(watch, START, *words("at once"))
        assert os.read(ours, 100) == b"at once"
        feed(watch, Finished(exchange()))
    os.close(ours)


def test_stdout_is_a_pipe_and_stderr_a_terminal() -> None:
    terminal = samples.Terminal()
    out = io.BytesIO()
    screen = Screen.for_process(out, terminal.stderr, {"TERM": "xterm"})
    feed(choose(screen, "text"), START, *words("a [b]"), Finished(samples.FELL_BACK))
    assert out.getvalue() == b"a [b]\n"
    assert any("Another model answered" in line for line in terminal.shown())
    assert "An answer" not in terminal.raw()
