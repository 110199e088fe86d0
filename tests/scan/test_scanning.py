import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.scan.records import PastAnswer
from avow.scan.scanning import Scan, scan
from tests.scan.transcripts import OPUS, answer, handover, in_bytes, prompt

RECORDINGS = Path(__file__).parents[1] / "data" / "scan"
FABLE, SONNET = "claude-fable-5", "claude-sonnet-5"
LLM_ASKED = "anthropic/claude-opus-4-8"

# What real clients recorded, and what may be said about it: (client, what the server did) -> answer. The transcripts
# do not say which model was asked for, unless something that declares a fallback does; so a plain answer and an
# undeclared substitute look alike. llm keeps the model that was asked for, but not `usage`, so that nothing is left
# of a sticky fallback; and its server named the requested model on both sides of a handover, which says that there
# was one and names no other model.
EXPECTED = [
    ("claude-code", "(plain)", None, FABLE, "unverified", None, None),
    ("claude-code", "(fallback_pre)", FABLE, OPUS, "fallback", None, False),
    ("claude-code", "(fallback_mid)", FABLE, OPUS, "fallback", None, False),
    ("claude-code", "(sticky)", None, OPUS, "fallback", None, False),
    ("claude-code", "(credit)", FABLE, OPUS, "fallback", "frontier_llm", True),
    ("claude-code", "(substituted)", None, SONNET, "unverified", None, None),
    ("claude-code", "and then? (plain)", None, FABLE, "unverified", None, None),
    ("claude-code", "and then? (fallback_pre)", FABLE, OPUS, "fallback", None, False),
    ("llm", "(plain)", LLM_ASKED, OPUS, "as_requested", None, None),
    ("llm", "(fallback_pre)", LLM_ASKED, OPUS, "unverified", "frontier_llm", None),
    ("llm", "(fallback_mid)", LLM_ASKED, OPUS, "unverified", "cyber", None),
    ("llm", "(sticky)", LLM_ASKED, OPUS, "as_requested", None, None),
    ("llm", "(substituted)", LLM_ASKED, SONNET, "substituted", None, False),
    ("llm", "and then?", LLM_ASKED, OPUS, "unverified", "frontier_llm", None),
]


def all_of(*paths: Path) -> tuple[list[PastAnswer], Scan]:
    answers = scan(paths, home=Path("/nowhere"), environ={})
    return list(answers), answers


def test_the_recordings_hold_these_answers_and_no_other() -> None:
    answers, _ = all_of(RECORDINGS)
    found = {
        (
            str(each.client),
            (each.prompt or "")
            .replace("How do I shard a training run over 512 GPUs? ", "")
            .replace("How do I shard a training run? ", ""),
            each.requested_model,
            each.served_model,
            str(each.verdict),
            each.category,
            each.told,
        )
        for each in answers
    }
    assert found == set(EXPECTED)
    assert len(answers) == len(EXPECTED)


def test_the_report_on_the_recordings() -> None:
    _, scanned = all_of(RECORDINGS)
    report = scanned.report()
    assert [(each.client, each.session and each.session[:4], each.served_model) for each in report.reroutes] == [
        ("claude-code", "5072", OPUS),
        ("claude-code", "40f2", OPUS),
        ("claude-code", "c11b", OPUS),
        ("claude-code", "badd", OPUS),
        ("claude-code", "e0bb", OPUS),
        ("llm", "01m8", SONNET),
    ]
    assert [(each.client, each.answers, each.rerouted, each.unverified) for each in report.totals] == [
        ("claude-code", 8, 5, 3),
        ("llm", 6, 1, 3),
    ]
    assert len(report.contradictory) == 3
    assert report.files_read == 7
    assert report.bytes_read == sum(each.stat().st_size for each in RECORDINGS.rglob("*.*") if each.is_file())


def test_default_places(tmp_path: Path) -> None:
    folder = tmp_path / ".claude" / "projects" / "-home-user"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(in_bytes(prompt(), answer()))
    logs = tmp_path / ".config" / "io.datasette.llm"
    logs.mkdir(parents=True)
    (logs / "logs.db").write_bytes((RECORDINGS / "llm" / "logs.db").read_bytes())
    answers = scan(None, home=tmp_path, environ={})
    assert sorted({str(each.client) for each in answers}) == ["claude-code", "llm"]
    assert answers.report().files_read == 2


def test_nothing_there_is_a_report_that_says_where_it_looked(tmp_path: Path) -> None:
    answers = scan(None, home=tmp_path, environ={})
    assert list(answers) == []
    assert str(tmp_path / ".claude" / "projects") in answers.report().looked_in


def test_a_wrong_path_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        scan([RECORDINGS, tmp_path / "missing"], home=tmp_path, environ={})


def test_copies_in_a_resumed_session_count_once(tmp_path: Path) -> None:
    first, second = answer(), answer()
    (tmp_path / "1.jsonl").write_bytes(in_bytes(first))
    (tmp_path / "2.jsonl").write_bytes(in_bytes({**first, "sessionId": "s2", "uuid": "copied"}, second))
    answers, scanned = all_of(tmp_path)
    assert [each.message_id for each in answers] == [first["message"]["id"], second["message"]["id"]]
    assert scanned.report().counts.duplicates == 1


def test_the_same_file_given_twice_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    path.write_bytes(in_bytes(answer(requestId=None, timestamp=None, id=None)))
    (tmp_path / "link.jsonl").symlink_to(path)
    answers, _ = all_of(tmp_path, path)
    assert len(answers) == 1


def test_a_damaged_log_is_reported_and_the_rest_read(tmp_path: Path) -> None:
    (tmp_path / "logs.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    (tmp_path / "z.jsonl").write_bytes(in_bytes(answer()))
    answers, scanned = all_of(tmp_path)
    [unreadable] = scanned.report().unreadable
    assert (len(answers), unreadable.path) == (1, str(tmp_path / "logs.db"))
    assert "SQLite cannot read it" in unreadable.reason


def test_a_file_that_goes_away_is_reported(tmp_path: Path) -> None:
    for name in ("1.jsonl", "2.jsonl"):
        (tmp_path / name).write_bytes(in_bytes(answer()))
    answers = scan([tmp_path], home=tmp_path, environ={})
    (tmp_path / "2.jsonl").unlink()
    assert len(list(answers)) == 1
    assert [each.reason for each in answers.report().unreadable] == ["no such file or directory"]


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    filler = prompt("x" * 1_000_000)
    for name in ("1.jsonl", "2.jsonl"):
        (tmp_path / name).write_bytes(in_bytes(*[filler] * 6, answer()))
    seen: list[tuple[int, int]] = []
    list(scan([tmp_path], home=tmp_path, environ={}, on_progress=lambda done, total: seen.append((done, total))))
    size = sum(each.stat().st_size for each in tmp_path.iterdir())
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) >= 4
    assert {total for _, total in seen} == {size}
    assert seen[-1] == (size, size)


@pytest.fixture
def before() -> Iterator[dict[str, bytes]]:
    kept = {str(each): each.read_bytes() for each in RECORDINGS.rglob("*") if each.is_file()}
    yield kept
    assert {str(each): each.read_bytes() for each in RECORDINGS.rglob("*") if each.is_file()} == kept


def test_files_are_only_read(before: dict[str, bytes]) -> None:
    all_of(RECORDINGS)
    assert before


def test_the_environment_of_the_process_counts_by_default(tmp_path: Path) -> None:
    (tmp_path / "logs.db").write_bytes((RECORDINGS / "llm" / "logs.db").read_bytes())
    os.environ["LLM_USER_PATH"] = str(tmp_path)
    os.environ["CLAUDE_CONFIG_DIR"] = str(tmp_path / "claude")
    assert len(list(scan(None, home=tmp_path / "home"))) == 6


def test_a_reroute_in_the_report_carries_no_text(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    path.write_bytes(in_bytes(prompt("secret question"), answer(OPUS, handover(), {"type": "text", "text": "secret"})))
    [found], scanned = all_of(path)
    assert (found.prompt, found.text) == ("secret question", "secret")
    assert "secret" not in repr(scanned.report())
