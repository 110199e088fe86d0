"""`avow audit verify`: another person, another machine, no network and no history."""

import json
from pathlib import Path
from typing import Any

import pytest

from avow.audit.record import digest_of
from avow.simulator.server import Simulator
from tests.commands.audit.stored import LOOK, MODEL, OTHER, SWAPPED, kept_in, stored
from tests.in_part import in_part
from tests.running import in_pty, run


@pytest.fixture(scope="module", params=in_part({"alone": ((),), "against": (("--against", OTHER),)}, ["alone"]))
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A record with a look that differs, its result as `run` printed it."""
    home = tmp_path_factory.mktemp("first")
    with Simulator(SWAPPED) as simulator:
        stored(home, simulator.base_url)
        ran = run(home, "audit", "run", *request.param, *LOOK, "--json", base_url=simulator.base_url)
        assert ran.status == 15
        shown = run(home, "audit", "show", "--record").json
    assert shown["runs"][0]["result"] == ran.json
    assert kept_in(home).record.runs[0].result == ran.json
    return shown


def test_a_second_person_gets_the_same_to_the_last_bit(home: Path, tmp_path: Path, record: Any) -> None:
    path = tmp_path / "audit.json"
    path.write_text(json.dumps(record))
    ran = run(home, "audit", "verify", str(path), "--json", HTTPS_PROXY="http://127.0.0.1:1")
    assert ran.status == 15
    assert ran.json == {**record["runs"][0]["result"], "agrees": True, "problems": []}
    assert not (home / "data").exists()


@pytest.mark.slow  # by default as JSON
def test_it_is_told_in_words(home: Path, record: Any) -> None:
    said = run(home, "audit", "verify", "-", stdin=json.dumps(record).encode())
    assert said.status == 15
    text = said.out.decode()
    assert text.startswith("Replies differ from your baseline")
    assert "Agrees: 1 look, the cards and the digest." in text
    assert "a record that was made up as a whole would agree as well" in text
    assert "verified" not in text.lower()


def test_what_was_altered_is_told(home: Path, tmp_path: Path, record: Any) -> None:
    path = tmp_path / "audit.json"
    changed = json.loads(json.dumps(record))
    changed["runs"][0]["result"]["p"] = 0.4
    path.write_text(json.dumps(changed))
    ran = run(home, "audit", "verify", str(path))
    assert ran.status == 13
    assert b"Does not agree: the digest is not that of this record" in ran.out
    assert b"Does not agree: look 1: p is not what the replies give" in ran.out
    changed["digest"] = digest_of(changed)
    path.write_text(json.dumps(changed))
    forged = run(home, "audit", "verify", str(path), "--json")
    assert (forged.status, forged.json["agrees"], forged.json["exit_code"]) == (13, False, 13)


NO_RECORD = {
    "not JSON": (b"{", "not an audit record"),
    "another object": (b'{"schema": "avow.audit/1"}', "not an audit record"),
    "a list": (b"[]", "not an audit record"),
    "not UTF-8": (b"\xff\xfe", "not an audit record"),
    "deep": (b"[" * 100_000, "not an audit record"),
}


@pytest.mark.parametrize(("data", "words"), NO_RECORD.values(), ids=NO_RECORD)
def test_what_is_no_record(home: Path, data: bytes, words: str) -> None:
    ran = run(home, "audit", "verify", "-", stdin=data)
    assert (ran.status, ran.out) == (2, b"")
    assert words in ran.lines[0]


def test_a_file_that_cannot_be_read(home: Path, tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.json", "there is no such file"), (tmp_path, "this is a folder")):
        ran = run(home, "audit", "verify", str(path))
        assert (ran.status, ran.lines[0]) == (2, f"avow: error: {path}: {words}")


def test_a_record_without_a_look(home: Path, tmp_path: Path, record: Any) -> None:
    bare = {key: value for key, value in record.items() if key != "digest"} | {"runs": []}
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({**bare, "digest": digest_of(bare)}))
    ran = run(home, "audit", "verify", str(path))
    assert (ran.status, b"Agrees: 0 looks" in ran.out) == (0, True)
    assert run(home, "audit", "verify", str(path), "--json").status == 2


def test_a_terminal_is_spared_what_a_record_holds(home: Path, tmp_path: Path, record: Any) -> None:
    changed = json.loads(json.dumps(record).replace(MODEL, "\\u001b]0;owned\\u0007"))
    path = tmp_path / "audit.json"
    path.write_text(json.dumps(changed))
    pty = in_pty(home, "audit", "verify", str(path))
    assert pty.end() == 13
    assert b"\x1b]0" not in bytes(pty.raw)
