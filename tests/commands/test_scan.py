"""`avow scan` through the real program, on real recordings."""

import json
import sys
from pathlib import Path

import pytest

from avow.commands.scan import _remarks, as_exchange
from avow.exchange.exchange import Status
from avow.routing.verdict import Outcome, Verdict
from avow.simulator.server import Simulator
from tests.running import in_pty, rows, run
from tests.scan.test_report import past, report
from tests.scan.transcripts import FABLE, OPUS, SONNET, Record, answer, in_bytes, iterations, prompt

DATA = Path(__file__).parent.parent / "data" / "scan"


def test_the_tables(home: Path) -> None:
    ran = run(home, "scan", str(DATA))
    lines = ran.out.decode().splitlines()
    assert ran.status == 0
    assert lines[0].split() == ["client", "month", "answers", "as", "requested", "rerouted", "refused", "unverified"]
    assert lines[1].split() == ["claude-code", "2026-11", "8", "0", "5", "0", "3"]
    assert lines[2].split() == ["llm", "2026-11", "6", "2", "1", "0", "3"]
    assert sum("claude-opus-4-8" in line and "2026-11-23" in line for line in lines) >= 5
    assert "6 of 14 answers were written by another model; 5 times you were not told." in lines


def test_json(home: Path) -> None:
    body = json.loads(run(home, "scan", "--json", str(DATA)).out)
    assert body["schema"] == "avow.scan/1"
    assert len(body["reroutes"]) == 6


def test_what_was_passed_over_is_said() -> None:
    assert _remarks(report(past())) == [
        "2 lines skipped: broken",
        "3 lines skipped: too long to read",
        "4 records skipped: an error, not an answer",
        "5 answers skipped: a copy from another file",
        "6 answers skipped: by another maker's model",
        "x: Permission denied",
    ]


@pytest.mark.parametrize(
    ("verdict", "status", "last", "text"),
    [
        (Verdict.FALLBACK, Status.COMPLETE, Outcome.SERVED, "said"),
        (Verdict.UNVERIFIED, Status.COMPLETE, Outcome.SERVED, "said"),
        (Verdict.REFUSED, Status.REFUSED, Outcome.DECLINED, ""),
    ],
)
def test_what_is_imported(verdict: Verdict, status: Status, last: Outcome, text: str) -> None:
    answer = past(verdict=verdict, text="said", category="cyber", evidence=(("model", OPUS),))
    exchange = as_exchange(answer)
    assert (exchange.status, exchange.verdict, exchange.text) == (status, verdict, text)
    assert [hop.outcome for hop in exchange.routing.hops] == [Outcome.DECLINED, last]
    assert [hop.category for hop in exchange.routing.hops] == ["cyber", "cyber" if last is Outcome.DECLINED else None]
    assert (exchange.routing.category, exchange.question.prompt, exchange.created_at) == (
        "cyber",
        "secret",
        answer.time,
    )
    assert exchange.conversation_id != exchange.id == as_exchange(answer).id
    for other in ({"message_id": "x"}, {"request_id": "x"}, {"time": None}, {"row": "x"}, {"session": "x"}):
        assert as_exchange(answer._replace(**other)).id != exchange.id
    assert as_exchange(answer._replace(message_id="x")).conversation_id == exchange.conversation_id


def test_what_the_records_lack_is_not_imported() -> None:
    counted, silent = as_exchange(past(usage={"output_tokens": 3})), as_exchange(past(usage=None, text=""))
    assert (counted.reply.usage, silent.reply.usage, silent.routing.segments) == ({"output_tokens": 3}, None, ())


def test_import_puts_each_answer_into_the_history_once(home: Path) -> None:
    run(home, "scan", "--import", str(DATA))
    first = rows(home)
    run(home, "scan", "--import", str(DATA))
    assert len(first) == len(rows(home)) == 14
    assert {row["source"] for row in first} == {"claude-code", "llm"}
    assert sum(bool(row["rerouted"]) for row in first) == 6
    listed = json.loads(run(home, "history", "list", "--rerouted", "--json").out)
    assert len(listed) == 6


def test_import_leaves_out_what_the_proxy_kept(home: Path) -> None:
    ask = """
import os, urllib.request
headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
body = b'{"model": "claude-opus-4-8", "max_tokens": 999, "messages": [{"role": "user", "content": "hi"}]}'
urllib.request.urlopen(urllib.request.Request(url, body, headers)).read()
"""
    with Simulator() as api:
        assert run(home, "proxy", "--", sys.executable, "-I", "-c", ask, base_url=api.base_url).status == 0
    (kept,) = rows(home)
    records = [answer(OPUS, timestamp=kept["created_at"], id=kept["message_id"], requestId=kept["request_id"])]
    records.append(answer(OPUS, timestamp=kept["created_at"]))
    (home / "one.jsonl").write_bytes(in_bytes(*records))
    for told in ("1 answer imported", "nothing new to import"):
        assert told in run(home, "scan", "--import", str(home / "one.jsonl")).err.decode()
        assert sorted(row["source"] for row in rows(home)) == ["claude-code", "proxy"]


def test_nothing_there(home: Path) -> None:
    ran = run(home, "scan")
    assert ran.status == 0
    said, *places = ran.out.decode().splitlines()
    assert said == "There are no records of Claude Code or llm here. Looked in:"
    assert f"  {home / '.claude' / 'projects'}" in places
    assert ran.err == b""


def test_a_path_that_holds_no_records(home: Path) -> None:
    (home / "notes.txt").write_text("nothing")
    ran = run(home, "scan", str(home / "notes.txt"))
    assert ran.status == 2
    assert "notes.txt" in ran.lines[0]


def test_forty_columns(home: Path) -> None:
    pty = in_pty(home, "scan", str(DATA), size=(400, 40))
    assert pty.end() == 0
    assert "claude-fable-5 → claude-opus-4-8" in pty.text
    assert max(len(line) for line in pty.text.splitlines()) <= 40


STICKY: Record = {"requestedModel": FABLE, "usage": iterations(("fallback_message", OPUS))}


def _day(number: int) -> str:
    return f"2026-11-{number:02}T12:00:00.000Z"


@pytest.fixture
def sessions(home: Path) -> Path:
    """Two sessions, and a sub-agent of the older one that has the newest answer."""
    folder = home / ".claude" / "projects" / "-home-user"
    folder.mkdir(parents=True)
    old, new = "aaaa0001", "bbbb0002"
    (folder / f"{old}.jsonl").write_bytes(
        in_bytes(
            prompt(sessionId=old),
            answer(FABLE, requestedModel=FABLE, sessionId=old, timestamp=_day(1)),
            answer(SONNET, requestedModel=FABLE, sessionId=old, timestamp=_day(2)),
        )
    )
    (folder / f"{new}.jsonl").write_bytes(
        in_bytes(prompt(sessionId=new), answer(FABLE, requestedModel=FABLE, sessionId=new, timestamp=_day(3)))
    )
    below = folder / old / "subagents"
    below.mkdir(parents=True)
    (below / "agent-a1.jsonl").write_bytes(
        in_bytes(answer(OPUS, **STICKY, isSidechain=True, agentId="a1", sessionId=old, timestamp=_day(4)))
    )
    return folder


def found(home: Path, *arguments: str) -> list[tuple[str, str, str]]:
    ran = run(home, "scan", "--jsonl", *arguments)
    assert ran.status == 0
    return [(each["session"][:4], each["time"][8:10], each["verdict"]) for each in ran.events]


def test_a_line_an_answer(home: Path, sessions: Path) -> None:
    every = run(home, "scan", "--jsonl").events
    assert len(every) == 4
    [reroute, *_] = json.loads(run(home, "scan", "--json").out)["reroutes"]
    assert reroute in every
    assert set(reroute) == set(every[0])


def test_only_some_answers(home: Path, sessions: Path) -> None:
    assert sorted(found(home, "--rerouted")) == [("aaaa", "02", "substituted"), ("aaaa", "04", "fallback")]
    assert found(home, "--since", "2026-11-02", "--until", "2026-11-03T11:00Z") == [("aaaa", "02", "substituted")]
    assert found(home, "--session", "bbbb") == [("bbbb", "03", "as_requested")]
    assert len(found(home, "--session", "last")) == 3  # a sub-agent's answers are its session's
    assert found(home, "--session", "last", str(sessions / "bbbb0002.jsonl")) == [("bbbb", "03", "as_requested")]


def test_a_session_in_a_file_of_another_name(home: Path, sessions: Path) -> None:
    (sessions / "bbbb0002.jsonl").rename(sessions / "copied.jsonl")
    assert found(home, "--session", "bbbb0002") == [("bbbb", "03", "as_requested")]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("rerouted", 12),
        ("fallback", 10),
        ("fallback,unverified", 10),
        ("substituted", 12),
        ("refused", 0),
        ("as_requested", 0),
    ],
)
def test_a_gate(home: Path, sessions: Path, words: str, status: int) -> None:
    assert run(home, "scan", "--fail-on", words).status == status
    assert run(home, "scan", "--json", "--fail-on", words).status == status


def test_a_gate_sees_only_what_is_shown(home: Path, sessions: Path) -> None:
    assert run(home, "scan", "--session", "bbbb0002", "--fail-on", "rerouted").status == 0
    assert run(home, "scan", "--session", "last", "--fail-on", "rerouted").status == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fail-on", "fallbak"), "there is no verdict `fallbak`; did you mean fallback?"),
        (("--session", "cccc"), "no session `cccc` has an answer"),
        (("--since", "soon"), "`soon` is not a time"),
        (("--since", "today", "--until", "yesterday"), "--since today is not before --until yesterday"),
        (("--json", "--jsonl"), "--json and --jsonl contradict each other"),
    ],
)
def test_what_is_not_there(home: Path, sessions: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = run(home, "scan", *arguments)
    assert (ran.status, ran.out) == (2, b"")
    assert said in ran.lines[0]


def test_a_beginning_of_two_sessions(home: Path, sessions: Path) -> None:
    (sessions / "aaaa0002.jsonl").write_bytes(in_bytes(answer(FABLE, requestedModel=FABLE, sessionId="aaaa0002")))
    ran = run(home, "scan", "--session", "aaaa")
    assert ran.status == 2
    assert "2 sessions have ids that begin with" in ran.lines[0]


def test_what_cannot_be_read_is_counted_and_said(home: Path, sessions: Path) -> None:
    with (sessions / "bbbb0002.jsonl").open("ab") as file:
        file.write(b'{"type":"assistant","message":{"model":"cl\n{"type":"assistant","message":5}\n')
    ran = run(home, "scan", "--jsonl", "--session", "bbbb0002")
    assert len(ran.events) == 1
    assert "avow: note: 2 lines skipped: broken" in ran.lines


def test_a_plain_line_is_read_without_typer(home: Path, sessions: Path) -> None:
    ran = run(home, "scan", "--jsonl", "--session", "last", PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip() for line in ran.err.decode().splitlines() if "import time:" in line}
    assert "avow.scan.claude_code" in imported
    assert imported & {"typer", "httpcore", "rich", "sqlite3"} <= {"sqlite3"}
