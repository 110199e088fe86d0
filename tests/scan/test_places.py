import os
from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.scan.places import default_paths, find, kind
from tests.scan.transcripts import answer, in_bytes, prompt

LOG = b"SQLite format 3\x00" + b"\x00" * 100


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {},
            [
                "/h/.claude/projects",
                "/h/.config/claude/projects",
                "/h/.config/io.datasette.llm/logs.db",
            ],
        ),
        ({"LLM_USER_PATH": "/l"}, ["/h/.claude/projects", "/h/.config/claude/projects", "/l/logs.db"]),
        (
            {"CLAUDE_CONFIG_DIR": "/c", "XDG_CONFIG_HOME": "/x"},
            [
                "/c/projects",
                "/x/io.datasette.llm/logs.db",
            ],
        ),
    ],
    ids=["plain", "llm elsewhere", "claude elsewhere"],
)
def test_default_paths(environ: dict[str, str], expected: list[str]) -> None:
    assert [each.as_posix() for each in default_paths(Path("/h"), environ, "linux")] == expected


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("darwin", "/h/Library/Application Support/io.datasette.llm/logs.db"),
        ("win32", "/a/io.datasette.llm/logs.db"),
    ],
)
def test_where_llm_keeps_its_log_elsewhere(platform: str, expected: str) -> None:
    found = default_paths(Path("/h"), {"APPDATA": "/a"}, platform)
    assert [each.as_posix() for each in found] == ["/h/.claude/projects", "/h/.config/claude/projects", expected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (LOG, "llm"),
        (in_bytes(prompt()), "claude-code"),
        (b'{"torn\n' + in_bytes(answer()), "claude-code"),
        (b"\n" + in_bytes({"type": "last-prompt", "leafUuid": "u"}), "claude-code"),
        (in_bytes(prompt("x" * 200_000)), "claude-code"),
        (b"\n" + in_bytes({"parentUuid": None, "message": {"content": "x" * 200_000}}), "claude-code"),
        (b'{"type":"training-example","prompt":"' + b"x" * 200_000, None),
        (in_bytes({"sessionId": "s1", **prompt("x" * 200_000)}), "claude-code"),
        (b"", None),
        (b"hello\n", None),
        (b'{"type":"training-example","prompt":"x"}\n', None),
        (b'["type"]\n', None),
        (b'{"a":1}\n', None),
        (b"\xff\xfe{}", None),
    ],
    ids=[
        "log",
        "transcript",
        "torn",
        "note",
        "long",
        "long, other key",
        "long, other",
        "long, id first",
        "empty",
        "text",
        "other",
        "list",
        "json",
        "utf-16",
    ],
)
def test_kind_is_told_by_content(data: bytes, expected: str | None, tmp_path: Path) -> None:
    path = tmp_path / "misleading.txt"
    path.write_bytes(data)
    assert kind(path) == expected


def look(*paths: Path) -> list[str]:
    return [each.path.name for each in find(paths, home=Path("/nowhere"), environ={}).sources]


def test_a_folder_is_searched_to_the_bottom(tmp_path: Path) -> None:
    for name in ("b/c/2.jsonl", "b/1.jsonl", "a/logs.db", "a/notes.txt", "b/other.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LOG if name.endswith(".db") else b"{}" if "other" in name else in_bytes(prompt()))
    assert look(tmp_path) == ["logs.db", "1.jsonl", "2.jsonl"]


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_bytes(in_bytes(prompt()))
    assert look(path) == ["session"]


@pytest.mark.parametrize("name", ["empty", "text.jsonl", "folder", "missing"])
def test_a_path_with_nothing_to_read_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text.jsonl").write_text("hello")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=name):
        look(tmp_path / name)


def test_a_pipe_among_the_files_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "1.jsonl").write_bytes(in_bytes(prompt()))
    assert look(tmp_path) == ["1.jsonl"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    path.write_bytes(in_bytes(prompt()))
    path.chmod(0)
    [unreadable] = find([tmp_path], home=tmp_path, environ={}).unreadable
    assert (unreadable.path, unreadable.reason) == (str(path), "Permission denied")
