"""An exchange as JSON."""

import io
import json
from typing import Any

import pytest

from avow.exchange.exchange import (
    ExchangeEvent,
    Finished,
    HandedOver,
    Noted,
    Retrying,
    Started,
    TextWritten,
    ThinkingWritten,
    Withdrawn,
    as_json,
)
from avow.terminal.facts import Facts
from avow.terminal.json_watchers import encoded
from avow.terminal.screen import Screen
from avow.terminal.watchers import choose
from tests.terminal import samples
from tests.terminal.samples import FABLE, HOSTILE, OPUS, exchange, feed

ALL: tuple[ExchangeEvent, ...] = (
    Started(samples.HANDED_OVER),
    Retrying(1, 0.5, "overloaded"),
    Noted("a note"),
    ThinkingWritten("hm"),
    TextWritten(FABLE, "First. "),
    HandedOver(FABLE, OPUS, "cyber", in_text=True),
    TextWritten(OPUS, "Then."),
    Withdrawn(OPUS, "Then."),
    Finished(samples.HANDED_OVER),
)


def show(form: str, *events: ExchangeEvent, facts: Facts | None = None, **options: Any) -> tuple[str, str]:
    out, err = io.BytesIO(), io.BytesIO()
    screen = Screen(out, err, facts or Facts(), Facts())
    feed(choose(screen, form, **options), *events)
    return out.getvalue().decode(), err.getvalue().decode()


def test_one_object_on_one_line() -> None:
    out, err = show("json", *ALL)
    assert out.count("\n") == 1
    assert json.loads(out) == json.loads(json.dumps(as_json(samples.HANDED_OVER)))
    assert [line.split(": ")[1] for line in err.splitlines()] == ["note", "note", "fallback"]


def test_indented_for_a_person() -> None:
    out, _ = show("json", Finished(exchange()), facts=Facts(is_terminal=True))
    assert out.startswith('{\n  "schema": "avow.answer/1",\n')


def test_a_failure_is_an_object_too() -> None:
    out, err = show("json", Started(samples.FAILED), Finished(samples.FAILED))
    assert json.loads(out)["error"] == {"type": "overloaded_error", "status": 529, "message": "Overloaded"}
    assert err.startswith("avow: error: the API is overloaded (529) (request req_1)\n")


def test_the_events_in_order_and_the_answer_last() -> None:
    out, _ = show("jsonl", *ALL)
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == [
        "start", "retry", "note", "thinking", "text", "handoff", "text", "withdrawn", "answer",
    ]  # fmt: skip
    assert events[0]["requested_model"] == FABLE
    assert events[1] == {"event": "retry", "attempt": 1, "seconds": 0.5, "reason": "overloaded"}
    assert events[4] == {"event": "text", "model": FABLE, "text": "First. "}
    assert events[5] == {"event": "handoff", "from": FABLE, "to": OPUS, "category": "cyber"}
    assert events[7] == {"event": "withdrawn", "model": OPUS, "text": "Then."}
    assert events[8] == {"event": "answer", **json.loads(json.dumps(as_json(samples.HANDED_OVER)))}


def test_each_event_is_written_when_it_happens() -> None:
    out = io.BytesIO()
    watch = choose(Screen(out, None, Facts(), Facts()), "jsonl")
    for count, event in enumerate(ALL, 1):
        watch(event)
        assert out.getvalue().count(b"\n") == count


@pytest.mark.parametrize(("finished", "held"), [(samples.HANDED_OVER, True), (exchange(), False)])
def test_hold_keeps_what_the_models_wrote(finished: Any, held: bool) -> None:
    done = Finished(finished._replace(withheld=held))
    out, _ = show("jsonl", *ALL[:-1], done, hold=True)
    names = [json.loads(line)["event"] for line in out.splitlines()]
    assert ("text" in names, "thinking" in names, "withdrawn" in names) == (not held,) * 3
    assert names[-1] == "answer"
    answer = json.loads(out.splitlines()[-1])
    assert (answer["text"] is None) is held


def test_nothing_in_it_acts_on_a_terminal() -> None:
    line = encoded({"text": HOSTILE, "lone": "\ud83d", "deep": [{"\x7f": "\x9b"}]})
    assert line.isascii()
    assert "\x7f" not in line
    assert "\x1b" not in line
    assert json.loads(line) == {"text": HOSTILE, "lone": "\ufffd", "deep": [{"\x7f": "\x9b"}]}


def test_the_lines_stand_on_stderr_of_a_terminal_too() -> None:
    terminal = samples.Terminal()
    screen = terminal.screen()
    feed(choose(screen, "json"), *ALL)
    shown = "".join(terminal.shown())
    assert "avow: fallback: requested claude-fable-5" in shown
    assert "Another model" not in shown
