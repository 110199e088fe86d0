"""The turn that a chat shows when it goes on."""

from avow.terminal.cells import cells
from avow.terminal.facts import Facts
from avow.terminal.last_turn import last_turn
from tests.history.making import answered, asked, rerouted
from tests.terminal.samples import HOSTILE

WIDE, NARROW = Facts(is_terminal=True, width=100), Facts(is_terminal=True, width=40)


def test_a_short_turn_is_shown_whole_with_who_wrote_it() -> None:
    shown = last_turn(rerouted(text="No.", number=7), WIDE)
    assert shown == (
        "claude-fable-5-2> Break in?\nBegun. No.\n[claude-opus-4-8] asked claude-fable-5-2 · 10 tokens in, 20 out · "
        "at least $0.5000 · 3.0 s\n"
    )


def test_a_long_one_is_cut_to_a_few_rows_between_words() -> None:
    long = answered("thereafter everything " * 40, "immediately somebody\n\n" * 300, number=7)
    rows = last_turn(long, NARROW).splitlines()
    assert len(rows) < 13
    assert max(map(cells, rows)) <= 40
    assert "… avow history show 7 has all of it" in rows
    shown = {word for row in rows[1:8] for word in row.split()}
    assert shown <= {
        "thereafter",
        "everything",
        "immediately",
        "somebody",
    }


def test_nothing_hostile_and_nothing_that_is_not_there() -> None:
    assert "\x1b" not in last_turn(answered(HOSTILE, HOSTILE, number=7), WIDE)
    assert last_turn(asked("", number=7), WIDE) == "claude-fable-5-2>\n"


def test_what_was_not_kept_is_said_to_be_so() -> None:
    assert last_turn(asked(None, number=7), WIDE) == "claude-fable-5-2> (its text was not kept)\n"
