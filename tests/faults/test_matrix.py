"""The fault matrix: every fault in every form: exit status, message, history row, no traceback and no key."""

from pathlib import Path

import pytest

from tests.conftest import CANARY
from tests.faults import from_outside, from_within
from tests.faults.shapes import Came, Fault, Form, each_in_a_form
from tests.running import Json, Ran, rows

FAULTS: list[Fault] = [*from_outside.FAULTS, *from_within.FAULTS]


@pytest.mark.parametrize(("fault", "form"), each_in_a_form(FAULTS))
def test_a_fault_comes_to_its_exit_status_and_is_kept(fault: Fault, form: Form, home: Path) -> None:
    ran = fault.met(form, home)
    came, kept = fault.came[form], rows(home)
    assert ran.status == came.exit_code, (ran.err, kept)
    _is_told(came, ran)
    _is_kept(came, ran, kept)
    _holds_no_key(ran)


def _is_told(came: Came, ran: Ran) -> None:
    words = ran.err.decode()
    assert came.words in words, words
    if not came.words:
        assert words == ""
    assert "Traceback" not in words
    assert "unexpected failure" not in words
    assert ran.out.startswith(came.shown), ran.out
    if came.status == "failed":
        assert not ran.out.startswith(b"Hello")
        assert words.startswith("avow: error: "), "what happened comes first"


def _is_kept(came: Came, ran: Ran, kept: list[Json]) -> None:
    wanted = [came.status] if came.status else []
    assert [row["status"] for row in kept] == wanted + ([came.then] if came.then else [])
    for row in kept:
        assert 0 <= row["total_ms"] <= ran.seconds * 1000 + 100, "a duration is what went by"
    if not kept:
        return
    first = kept[0]
    assert (first["verdict"], first["error_type"]) == (came.verdict, came.error)
    if came.shown:
        assert (first["text"] or "").startswith(came.shown.decode().rstrip("\n")), "what is shown is kept"
    status = -came.exit_code + 128 if came.exit_code < 0 else came.exit_code
    assert status in [row["exit_code"] for row in kept]


def _holds_no_key(ran: Ran) -> None:
    assert CANARY.encode() not in ran.out + ran.err
    for path in ran.home.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
