"""Times by the local clock: the function, and every command that shows one."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from avow.scan.bookmarks import FOLDER, note_trouble
from avow.text.local_time import SECONDS, local, now
from tests.commands.audit.stored import stored
from tests.history.making import answered, kept, rerouted
from tests.running import Ran, run
from tests.scan.transcripts import FABLE, OPUS, answer, in_bytes, prompt
from tests.zone import KOLKATA, zone

LATE = 1_796_083_200.0 - 4 * 3600
"""2026-11-30 20:00 UTC, which is 01:30 on the first of December in Kolkata."""
SHOWN, NOT_SHOWN = "2026-12-01 01:30", re.compile(r"2026-11-30|20:00|UTC|\d\dZ")


def test_a_moment_by_the_local_clock() -> None:
    with zone(KOLKATA):
        assert local("2026-11-30T20:00:00.000Z") == SHOWN
        assert local("2026-11-30T20:00:05.999Z", SECONDS) == f"{SHOWN}:05"
        assert local(LATE) == SHOWN


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-23:00"])
def test_what_is_no_time_stays_as_it_is(text: str) -> None:
    assert local(text) == text


def test_a_zone_that_is_a_day_away_is_left_for_utc() -> None:
    with zone("UTC+24"):
        assert now().utcoffset() == timedelta(0)
        assert local("2026-11-30T20:00:00.000Z") == local(LATE) == "2026-11-30 20:00"
    with zone(KOLKATA):
        assert now().utcoffset() == timedelta(hours=5.5)


def here(home: Path, *arguments: str) -> Ran:
    return run(home, *arguments, TZ=KOLKATA)


@pytest.fixture
def late(home: Path) -> Path:
    """A home in which everything happened late in the evening of the last day of a month."""
    path = home / "data" / "history.db"
    path.parent.mkdir()
    first = answered("Late?", at=LATE)
    kept(path, first, rerouted(at=LATE + 1, conversation_id=first.conversation_id))
    stored(home, "http://127.0.0.1:1", at="20:00")
    folder = home / ".claude" / "projects" / "-home-user"
    folder.mkdir(parents=True)
    asked = {"requestedModel": FABLE, "sessionId": "aaaa0001", "timestamp": "2026-11-30T20:00:00.000Z"}
    (folder / "aaaa0001.jsonl").write_bytes(in_bytes(prompt(sessionId="aaaa0001"), answer(OPUS, **asked)))
    return home


@pytest.mark.parametrize(
    "words",
    ["history list", "history search late", "history show", "history show --conversation", "why", "scan"],
)
def test_screens_have_the_local_clock(late: Path, words: str) -> None:
    ran = here(late, *words.split())
    text = ran.out.decode()
    assert ran.status == 0
    assert SHOWN in text
    assert not NOT_SHOWN.search(text)


def test_an_audit_s_screen_has_the_local_clock(late: Path) -> None:
    text = here(late, "audit", "show").out.decode()
    assert "begun: 2026-11-12 01:30, 2026-11-13 01:30, 2026-11-14 01:30\n" in text
    assert "UTC" not in text


def test_sums_are_of_local_months_and_days(late: Path) -> None:
    assert "2026-12-01" in here(late, "history", "stats", "--by", "day").out.decode()
    months = [
        line.split()[1] for line in here(late, "scan").out.decode().splitlines() if line.startswith("claude-code")
    ]
    assert months == ["2026-12"]


def test_doctor_has_the_local_clock(late: Path) -> None:
    now = time.time()
    note_trouble(late / "data" / FOLDER, "a broken line")
    with zone(KOLKATA):
        moments = {local(now), local(now + 60)}
    text = here(late, "doctor", "--offline").out.decode()
    assert any(f"a broken line ({moment})" in text for moment in moments), text


@pytest.mark.parametrize("words", ["history list --json", "history show --json", "why --json", "scan --json"])
def test_json_has_utc(late: Path, words: str) -> None:
    text = here(late, *words.split()).out.decode()
    assert "2026-11-30T20:00:0" in text
    assert "2026-12" not in text
