"""`avow scan --hook` and `--statusline` through the real program, as Claude Code runs them."""

import json
import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.running import Ran, in_pty, run, start
from tests.scan.transcripts import FABLE, OPUS, SONNET, Record, answer, in_bytes, iterations, notice, prompt

STICKY: Record = {"requestedModel": FABLE, "usage": iterations(("fallback_message", OPUS))}
ODD = "claude-\x1b[31mopus\n-5"
SAID = f"avow: fallback: requested {FABLE}, answered by {OPUS} (sticky: no decline in this response)"


@pytest.fixture
def path(home: Path) -> Path:
    return home / ".claude" / "projects" / "-home" / "s1.jsonl"


def write(path: Path, *records: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(in_bytes(*records))


def event(path: Path, **more: Any) -> bytes:
    return json.dumps({"session_id": "s1", "transcript_path": str(path), "hook_event_name": "Stop", **more}).encode()


def hook(home: Path, path: Path, **more: Any) -> str | None:
    ran = run(home, "scan", "--hook", stdin=event(path, **more))
    assert (ran.status, ran.err) == (0, b"")
    if not ran.out:
        return None
    told = json.loads(ran.out)
    assert list(told) == ["systemMessage"]
    return str(told["systemMessage"])


def line(home: Path, path: Path) -> str:
    ran = run(home, "scan", "--statusline", stdin=json.dumps({"transcript_path": str(path)}).encode())
    assert (ran.status, ran.err) == (0, b"")
    return ran.out.decode()


def test_a_reroute_is_told_once(home: Path, path: Path) -> None:
    write(path, prompt(), answer(FABLE, requestedModel=FABLE))
    assert hook(home, path) is None
    write(path, prompt(), answer(OPUS, **STICKY))
    assert hook(home, path) == SAID
    assert hook(home, path) is None
    write(path, prompt(), answer(OPUS, **STICKY), answer(OPUS, **STICKY))
    assert hook(home, path) == f"{SAID}, 2 answers"


def test_of_several_at_once_one_tells(home: Path, path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            write(path, prompt(), answer(OPUS, **STICKY))
            told = list(pool.map(lambda _: hook(home, path), range(4)))
            assert sorted(told, key=str) == [None, None, None, SAID]


def test_one_whose_words_did_not_get_out_has_told_nothing(home: Path, path: Path) -> None:
    write(path, prompt(), answer(OPUS, **STICKY))
    reading, writing = os.pipe()
    os.close(reading)
    with start(home, "scan", "--hook", stdin=subprocess.PIPE, stdout=writing) as process:
        os.close(writing)
        process.communicate(event(path))
    assert hook(home, path) == SAID


def test_a_file_written_anew_is_not_told_again(home: Path, path: Path) -> None:
    write(path, prompt(), answer(OPUS, **STICKY))
    assert hook(home, path) == SAID
    data = path.read_bytes()
    path.unlink()
    write(path, prompt("before"))
    path.write_bytes(path.read_bytes() + data)
    assert hook(home, path) is None
    write(path, prompt(), answer(OPUS, **STICKY))
    assert hook(home, path) == SAID


def test_the_first_look_tells_of_its_turn_alone(home: Path, path: Path) -> None:
    write(path, prompt(), answer(SONNET, requestedModel=FABLE), prompt("and?"), answer(OPUS, **STICKY))
    assert hook(home, path) == SAID


def test_what_sub_agents_did_is_told_with_the_next_turn(home: Path, path: Path) -> None:
    write(path, prompt(), answer(FABLE, requestedModel=FABLE))
    side = path.with_suffix("") / "subagents" / "agent-a1.jsonl"
    write(side, answer(OPUS, **STICKY, isSidechain=True, agentId="a1"))
    assert hook(home, path) == SAID.replace("fallback:", "fallback in a sub-agent:")
    assert hook(home, path) is None
    write(side, answer(SONNET, requestedModel=FABLE, isSidechain=True, agentId="a1"))
    assert "substituted in a sub-agent" in (hook(home, path) or "")


def test_a_sub_agent_s_file_that_cannot_be_read_hides_nothing_else(home: Path, path: Path) -> None:
    write(path, prompt(), answer(OPUS, **STICKY))
    (path.with_suffix("") / "subagents" / "agent-a1.jsonl").mkdir(parents=True)
    assert hook(home, path) == SAID
    assert b"avow scan --hook: not a regular file" in run(home, "doctor", "--offline").out


def test_what_cannot_be_remembered_is_told_all_the_same(home: Path, path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    write(path, prompt(), answer(OPUS, **STICKY))
    ran = run(home, "scan", "--hook", stdin=event(path), AVOW_DATA_DIR=str(tmp_path / "file"))
    assert (ran.status, ran.err) == (0, b"")
    assert ran.json == {"systemMessage": SAID}


def test_it_waits_for_the_answer_that_is_quoted(home: Path, path: Path) -> None:
    write(path, prompt())
    late = threading.Timer(0.3, lambda: write(path, answer(OPUS, {"type": "text", "text": "Because."}, **STICKY)))
    late.start()
    assert hook(home, path, last_assistant_message="Because.\n") == SAID


def test_it_waits_no_longer_than_a_second(home: Path, path: Path) -> None:
    write(path, prompt(), answer(OPUS, **STICKY))
    begun = time.monotonic()
    assert hook(home, path, last_assistant_message="Never written.") == SAID
    assert 0.9 < time.monotonic() - begun < 20


@pytest.mark.parametrize("name", ["SubagentStop", "SessionEnd", "PostModelSwitch", None])
def test_other_events_are_no_look(home: Path, path: Path, name: str | None) -> None:
    write(path, prompt(), answer(OPUS, **STICKY))
    assert hook(home, path, hook_event_name=name) is None
    assert hook(home, path) == SAID


@pytest.mark.parametrize("which", ["--hook", "--statusline"])
@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5", b"\xff\x00", b"{}"])
def test_what_is_odd_is_silent(home: Path, which: str, data: bytes) -> None:
    ran: Ran = run(home, "scan", which, "--unknown", stdin=data)
    assert (ran.status, ran.out, ran.err) == (0, b"", b"")


def test_what_went_wrong_is_told_by_doctor(home: Path, path: Path) -> None:
    run(home, "scan", "--hook", stdin=b"{")
    assert b"avow scan --hook: JSONDecodeError" in run(home, "doctor", "--offline").out
    path.parent.mkdir(parents=True)
    assert hook(home, path) is None  # no transcript
    assert b"avow scan --hook: no such file or directory" in run(home, "doctor", "--offline").out


def test_who_wrote_the_last_answer(home: Path, path: Path) -> None:
    assert line(home, path) == ""
    write(path, prompt(), answer(FABLE, requestedModel=FABLE))
    assert line(home, path) == f"avow: {FABLE}\n"
    write(path, prompt(), answer(OPUS, **STICKY))
    said = f"avow: {OPUS} answered, {FABLE} was asked (sticky: no decline in this response)\n"
    assert line(home, path) == said
    assert hook(home, path) == SAID  # a status line is no look
    write(path, prompt(), answer(FABLE, requestedModel=FABLE, stop="refusal"), notice("model_refusal_no_fallback"))
    assert line(home, path) == f"avow: no model answered ({FABLE} declined: cyber)\n"
    write(path, prompt(), answer(SONNET))
    assert line(home, path).startswith(f"avow: {SONNET} ")


def test_an_older_record_does_not_say_which_model_was_asked(home: Path, path: Path) -> None:
    write(path, prompt(), answer(OPUS, usage=iterations(("fallback_message", OPUS))))
    why = "(sticky: no decline in this response)"
    assert line(home, path) == f"avow: {OPUS} answered, which model was asked is not recorded {why}\n"
    assert hook(home, path) == f"avow: fallback: requested a model that is not recorded, answered by {OPUS} {why}"


def test_no_escape_sequence_passes(home: Path, path: Path) -> None:
    write(path, prompt(), answer(ODD, requestedModel=FABLE, usage=iterations(("fallback_message", ODD))))
    assert "\x1b" not in (hook(home, path) or "\x1b")
    assert "\x1b" not in line(home, path)


def test_a_person_who_types_it_is_told(home: Path) -> None:
    pty = in_pty(home, "scan", "--hook")
    assert pty.end() == 2
    assert "avow help clients" in pty.text
