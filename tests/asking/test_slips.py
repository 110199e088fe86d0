"""What people really type and pipe: slips that are said before anything is sent."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.in_part import crossed
from tests.running import PATIENCE_S, rows, run, start

DRY = ("--dry-run", "-m", "claude-opus-4-8")


def piped(home: Path, data: bytes, *arguments: str) -> tuple[int, bytes, str]:
    """avow with a pipe as stdin, in the folder `home`."""
    with start(home, *arguments, base_url="http://127.0.0.1:9", stdin=subprocess.PIPE, cwd=home) as process:
        out, err = process.communicate(data, PATIENCE_S)
    return process.returncode, out, err.decode()


@pytest.mark.parametrize("data", [b"", b" \n\n"], ids=["empty", "blank"])
def test_an_empty_pipe_beside_a_prompt_is_noted(tmp_path: Path, data: bytes) -> None:
    status, _out, err = piped(tmp_path, data, *DRY, "write a message")
    assert status == 0
    assert "note: stdin was empty" in err
    assert "stdin was empty" not in piped(tmp_path, data, *DRY, "--no-stdin", "write")[2]
    assert "stdin was empty" not in run(tmp_path, *DRY, "write", base_url="http://127.0.0.1:9").err.decode()


def test_words_that_are_files_after_f(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "c.log"):
        (tmp_path / name).write_text("x")
    status, out, err = piped(tmp_path, b"x", *DRY, "-f", "a.log", "b.log", "c.log", "what failed")
    assert (status, out) == (2, b"")
    assert "avow -f a.log -f b.log -f c.log 'what failed'" in err
    assert piped(tmp_path, b"x", *DRY, "-f", "a.log", "compare a.log with b.log")[0] == 0
    assert piped(tmp_path, b"x", *DRY, "b.log", "c.log")[0] == 0
    assert rows(tmp_path) == []


@pytest.mark.parametrize(("option", "words"), [("-s", "only blanks"), ("--stop", "blanks only")])
def test_blank_values_are_refused(tmp_path: Path, option: str, words: str) -> None:
    ran = run(tmp_path, *DRY, option, "  ", "hi", base_url="http://127.0.0.1:9")
    assert ran.status == 2
    assert words in ran.err.decode()


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("\u200b",), None),
        ((), "\ufeff\u2060\n".encode()),
        (("-s", "be brief", "\u3164 \xad"), None),
        (("run", "--input", "lines", "--simulate", "requested"), "\u200b\n".encode()),
    ],
    ids=["words", "stdin", "after an option", "an item"],
)
def test_a_prompt_that_no_one_sees_is_not_sent(tmp_path: Path, words: tuple[str, ...], stdin: bytes | None) -> None:
    ran = run(tmp_path, *(words if "run" in words else (*DRY, *words)), stdin=stdin, base_url="http://127.0.0.1:9")
    assert (ran.status, ran.out) == (2, b"")
    assert ("it has no prompts" if "run" in words else "there is nothing") in ran.err.decode()


def test_a_file_of_blanks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blank.txt").write_text(" \n\t\u200b\n")
    ran = run(tmp_path, *DRY, "-f", str(tmp_path / "blank.txt"), "hi", base_url="http://127.0.0.1:9")
    assert ran.status == 2
    assert "only blanks" in ran.err.decode()


@pytest.mark.parametrize(
    ("end", "arguments"),
    crossed(
        {end: end for end in ("/v1", "/v1/", "/v1/messages", "/x/v1")},
        {
            "ask": (("--retries", "0", "hi"),),
            "count": (("--retries", "0", "--count", "hi"),),
            "models": (("models", "--refresh"),),
            "doctor": (("doctor",),),
        },
    ),
)
def test_a_base_url_that_ends_in_the_api_s_path_is_noted(tmp_path: Path, end: str, arguments: tuple[str, ...]) -> None:
    meant = "http://127.0.0.1:9" + end.rstrip("/").removesuffix("/messages").removesuffix("/v1")
    ran = run(tmp_path, *arguments, base_url=f"http://127.0.0.1:9{end}")
    assert f"did you mean {meant}?" in " ".join((ran.out + ran.err).decode().split())


def test_a_pipe_of_the_shell_is_titled_so(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, b"diff")
    os.close(write)
    words = (*DRY, "-f", f"/dev/fd/{read}", "hi")
    with start(tmp_path, *words, base_url="http://127.0.0.1:9", pass_fds=[read]) as process:
        os.close(read)
        out, _err = process.communicate(timeout=PATIENCE_S)
    body = json.loads(out[out.index(b"{") :])
    assert '"title": "pipe"' in json.dumps(body)
