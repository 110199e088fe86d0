"""`avow config`, as a process; the editor is a real program too."""

import json
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from avow.terminal.cells import cells
from tests.canary import CANARY, written_by_the_test
from tests.programs import editor
from tests.running import PATIENCE_S, in_pty, start
from tests.terminal.scripts import NAMES


def run(home: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`avow config WORDS`: no canary may show in what it prints."""
    with start(home, "config", *words, env=environ) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    done = subprocess.CompletedProcess(words, process.returncode, out.decode(), err.decode())
    assert "Traceback" not in done.stderr
    assert "CANARY" not in done.stdout + done.stderr
    return done


def written(home: Path, text: str) -> Path:
    path = home / "config" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_list_says_where_each_value_is_from(home: Path) -> None:
    written(home, "model = 'opus'\n[aliases]\nfast = 'haiku'\n[profiles.work]\neffort = 'low'\n")
    done = run(home, "list", "--json", "--profile", "work", AVOW_RETRIES="3", ANTHROPIC_BASE_URL="https://x.example")
    assert (done.returncode, done.stderr) == (0, "")
    listed = json.loads(done.stdout)
    expected = {
        "model": ("opus", "config", "config.toml:1"),
        "aliases.fast": ("haiku", "config", "config.toml:3"),
        "effort": ("low", "profile", "config.toml:5 [profiles.work]"),
        "retries": (3, "environment", "AVOW_RETRIES"),
        "base_url": ("https://x.example", "environment", "ANTHROPIC_BASE_URL"),
        "profile": ("work", "flag", "--profile"),
        "fallback": (None, "default", None),
    }
    assert {name: tuple(listed[name].values()) for name in expected} == expected
    plain = run(home, "list")
    assert "model                opus" in plain.stdout
    assert "config.toml:1\n" in plain.stdout


def test_list_keeps_its_columns_in_every_script(home: Path) -> None:
    names = [name for name, _cells in NAMES.values()]
    written(home, "[aliases]\n" + "".join(f'"{name}" = "opus"\n' for name in names))
    lines = [line for line in run(home, "list").stdout.splitlines() if line.startswith("aliases.")]
    assert len(lines) == len(names)
    assert all(name in line for name, line in zip(names, lines, strict=True))
    assert len({cells(line.partition("  opus  ")[0]) for line in lines}) == 1


def test_secrets_are_masked(home: Path) -> None:
    written_by_the_test(home / "config" / "config.toml")
    written(home, f"base_url = 'https://me:{CANARY}@x.example'\n[headers]\nX-Secret = '{CANARY}'\n")
    written_by_the_test(home / "config" / "config.toml")
    for words in (["list"], ["list", "--json"], ["get", "headers"], ["get", "headers.X-Secret"], ["get", "base_url"]):
        done = run(home, *words)
        assert done.returncode == 0
        assert "•••" in done.stdout


def test_what_could_act_on_a_terminal_is_shown(home: Path) -> None:
    written(home, 'model = "\\u001b[31mred"\n[aliases]\n"\\u202Ex" = "\\u009b2J"\n')
    done = run(home, "list")
    assert "\x1b" not in done.stdout
    assert "␛[31mred" in done.stdout
    assert "\x9b" not in done.stdout


def test_variables_that_set_nothing_are_named(home: Path) -> None:
    done = run(home, "list", AVOW_MODLE="x")
    assert done.stderr == "avow: note: AVOW_MODLE is set, but avow has no such setting; did you mean AVOW_MODEL?\n"


GOTTEN = {
    "text": ("model", "opus\n"),
    "flag": ("stream", "true\n"),
    "list": ("stop", '["a", "b"]\n'),
    "table": ("aliases", '{"a.b": "c"}\n'),
    "entry": ("aliases.a.b", "c\n"),
    "in a profile": ("profiles.w.model", "sonnet\n"),
    "not set": ("effort", ""),
}


@pytest.mark.parametrize("case", GOTTEN)
def test_get(case: str, home: Path) -> None:
    written(home, "model='opus'\nstop=['a','b']\n[aliases]\n'a.b'='c'\n[profiles.w]\nmodel='sonnet'\n")
    name, expected = GOTTEN[case]
    done = run(home, "get", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


def test_set_get_and_unset(home: Path) -> None:
    path = home / "config" / "config.toml"
    assert run(home, "set", "retries", "5").returncode == 0
    assert run(home, "set", "profiles.work.model", "opus").returncode == 0
    assert run(home, "set", "profile", "work").returncode == 0
    assert run(home, "get", "model").stdout == "opus\n"
    assert run(home, "get", "retries").stdout == "5\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(home, "unset", "profile").returncode == 0
    assert run(home, "get", "model").stdout == "claude-fable-5-2\n"
    assert "is not in" in run(home, "unset", "effort").stderr
    assert "AVOW_RETRIES is set and outranks" in run(home, "set", "retries", "1", AVOW_RETRIES="3").stderr


REFUSED = {
    "name": (["set", "modl", "x"], "no setting 'modl'; did you mean model?"),
    "type": (["set", "retries", "-1"], "retries must be at least 0"),
    "choice": (["set", "output", "xml"], "must be one of text, json, jsonl"),
    "profile": (["set", "profile", "gone"], "there is no profile 'gone'"),
    "header value": (["set", "headers.X-A", f"{CANARY}\n"], "headers.X-A must be a text of printable"),
    "get name": (["get", "modl"], "did you mean model?"),
    "get entry": (["get", "aliases.x"], "aliases.x is not set"),
    "unset name": (["unset", "modl"], "did you mean model?"),
    "list profile": (["list", "--profile", "x"], "there is no profile 'x'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_ends_in_2(case: str, home: Path) -> None:
    words, message = REFUSED[case]
    done = run(home, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert not (home / "config" / "config.toml").exists()


def test_a_wrong_file_can_be_mended(home: Path) -> None:
    path = written(home, "model = 'x'\nmodl = 'y'\n")
    done = run(home, "list")
    assert done.returncode == 2
    assert f"{path}:2: there is no setting 'modl'; did you mean model?" in done.stderr
    assert run(home, "path").stdout == f"{path}\n"
    assert run(home, "unset", "modl").returncode == 0
    assert run(home, "list").returncode == 0


# -- edit -----------------------------------------------------------------------------------------------------


def test_edit_replaces_the_file(home: Path, tmp_path: Path) -> None:
    path = written(home, "# mine\nmodel = 'opus'\n")
    done = run(home, "edit", EDITOR=editor(tmp_path, "text += 'retries = 1\\n'"))
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_text() == "# mine\nmodel = 'opus'\nretries = 1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_edit_begins_with_a_new_file_and_leaves_none_unchanged(home: Path, tmp_path: Path) -> None:
    done = run(home, "edit", EDITOR=editor(tmp_path, "assert 'Settings of avow' in text"))
    assert (done.returncode, done.stderr) == (0, "avow: note: nothing was changed\n")
    assert list((home / "config").iterdir()) == []
    assert run(home, "edit", EDITOR=editor(tmp_path, "text = 'retries = 1'")).returncode == 0
    assert (home / "config" / "config.toml").read_text() == "retries = 1"


def test_visual_before_editor(home: Path, tmp_path: Path) -> None:
    done = run(home, "edit", VISUAL=editor(tmp_path, "text = 'retries = 1'"), EDITOR="false")
    assert done.returncode == 0


def test_a_wrong_edit_keeps_the_old_file_and_the_copy(home: Path, tmp_path: Path) -> None:
    path = written(home, "model = 'opus'\n")
    done = run(home, "edit", EDITOR=editor(tmp_path, "text = 'modl = 1'"))
    assert done.returncode == 2
    copy = path.with_name("config.edited.toml")
    assert f"{copy}:1: there is no setting 'modl'; did you mean model?" in done.stderr
    assert f"what was edited is in {copy}" in done.stderr
    assert (path.read_text(), copy.read_text()) == ("model = 'opus'\n", "modl = 1")


def test_an_editor_that_removes_the_file_changes_nothing(home: Path, tmp_path: Path) -> None:
    path = written(home, "model = 'opus'\n")
    script = tmp_path / "remove"
    script.write_text('#!/bin/sh\nrm "$1"\n')
    script.chmod(0o755)
    done = run(home, "edit", EDITOR=shlex.quote(str(script)))
    assert done.returncode == 2
    assert "stays as it was: the editor left no file" in done.stderr
    assert path.read_text() == "model = 'opus'\n"


EDITORS = {"missing": ("/nonexistent/editor", "cannot be run"), "failing": ("false", "ended with status 1")}


@pytest.mark.parametrize("case", EDITORS)
def test_an_editor_that_fails_changes_nothing(case: str, home: Path) -> None:
    path = written(home, "model = 'opus'\n")
    name, words = EDITORS[case]
    done = run(home, "edit", EDITOR=name)
    assert done.returncode == 2
    assert words in done.stderr
    assert path.read_text() == "model = 'opus'\n"


def test_on_a_terminal_one_may_edit_again(home: Path, tmp_path: Path) -> None:
    path = written(home, "model = 'opus'\n")
    command = editor(tmp_path, "text = 'retries = 1' if 'modl' in text else 'modl = 1'")
    pty = in_pty(home, "config", "edit", EDITOR=command)
    pty.until("Edit it again? [Y/n]")
    pty.send("y\n")
    assert pty.end() == 0
    assert path.read_text() == "retries = 1"
