"""The generated files are those in completions/, and the real shells complete with them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from avow.commands.declared import TREE
from tests.reference.generate import FILES, FOLDER
from tests.running import run, shell


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_what_the_command_tree_gives(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == FILES[name](TREE)


@pytest.mark.parametrize(
    ("name", "file"), [("bash", "avow.bash"), ("zsh", "_avow"), ("fish", "avow.fish"), ("powershell", "avow.ps1")]
)
def test_the_command_prints_the_file(home: Path, name: str, file: str) -> None:
    ran = run(home, "completion", name)
    assert (ran.status, ran.out) == (0, (FOLDER / file).read_bytes())


def test_another_shell_is_a_usage_error(home: Path) -> None:
    ran = run(home, "completion", "tcsh")
    assert ran.status == 2
    assert b"bash, zsh, fish, powershell" in ran.err


CASES = [
    pytest.param("avow hist", {"history"}, {"ask", "helper"}, id="a command"),
    pytest.param("avow history s", {"show", "search", "stats"}, {"list"}, id="a command of a command"),
    pytest.param("avow --fallback-", {"--fallback-by"}, {"--json"}, id="an option without a command"),
    pytest.param("avow why --js", {"--json"}, {"--jsonl"}, id="an option of a command"),
    pytest.param("avow history list --jso", {"--json", "--jsonl"}, set(), id="an option of a command's command"),
    pytest.param("avow --output js", {"json", "jsonl"}, {"text"}, id="a choice"),
    pytest.param("avow -m claude-fable", {"claude-fable-5-2"}, {"claude-opus-4-8"}, id="a model"),
    pytest.param("avow -m x --simulate sticky", {"sticky"}, {"fallback"}, id="a scenario after another option"),
    pytest.param("avow retry -m claude-opus-4-", {"claude-opus-4-8"}, set(), id="a model for retry"),
    pytest.param("avow -t gree", {"greet"}, set(), id="a template"),
    pytest.param("avow help exi", {"exit-codes"}, {"json"}, id="a topic"),
    pytest.param("avow config get history.en", {"history.enabled"}, {"model"}, id="a setting"),
    pytest.param("avow why ", {"1"}, {"history", "fallback"}, id="an exchange"),
    pytest.param("avow history list --verdict sub", {"substituted"}, {"fallback"}, id="a verdict"),
    pytest.param("avow -f not", {"notes.txt"}, set(), id="a file"),
]


@pytest.fixture
def furnished(home: Path) -> Path:
    """A home with a template, an exchange and a file."""
    assert run(home, "--simulate", "requested", "hello there").status == 0
    assert run(home, "template", "save", "greet", "say hello to $name").status == 0
    (home / "notes.txt").write_text("notes")
    return home


@needs("bash")
@pytest.mark.parametrize(("line", "offered", "missing"), CASES)
def test_bash_completes(furnished: Path, line: str, offered: set[str], missing: set[str]) -> None:
    script = f"""
source {FOLDER / "avow.bash"}
line='{line}'
read -ra COMP_WORDS <<< "$line"
[[ $line == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_LINE=$line COMP_POINT=${{#line}}
_avow
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    _check(shell(furnished, script, name="bash").out, offered, missing)


@needs("bash")
def test_bash_takes_a_value_after_an_equals_sign(home: Path) -> None:
    script = (
        f"source {FOLDER / 'avow.bash'}; COMP_WORDS=(avow --output = js); COMP_CWORD=3; _avow; echo ${{COMPREPLY[@]}}"
    )
    assert shell(home, script, name="bash").out.split() == [b"json", b"jsonl"]


@needs("bash")
def test_bash_offers_nothing_after_two_dashes(home: Path) -> None:
    script = f"source {FOLDER / 'avow.bash'}; COMP_WORDS=(avow -- hist); COMP_CWORD=2; _avow; echo ${{COMPREPLY[@]}}"
    assert shell(home, script, name="bash").out.strip() == b""


@needs("fish")
@pytest.mark.parametrize(("line", "offered", "missing"), CASES)
def test_fish_completes(furnished: Path, line: str, offered: set[str], missing: set[str]) -> None:
    stub(furnished)
    done = subprocess.run(
        ["fish", "-N", "-c", f"source {FOLDER / 'avow.fish'}; complete -C '{line}'"],
        capture_output=True,
        env=shell_environment(furnished),
        cwd=furnished,
        timeout=60,
        check=True,
    )
    assert done.stderr == b""
    found = b"\n".join(row.split(b"\t")[0] for row in done.stdout.splitlines())
    _check(found, offered, missing)


@needs("zsh")
def test_compinit_registers_the_function(home: Path) -> None:
    script = (
        f"fpath=({FOLDER} $fpath); autoload -Uz compinit; compinit -u -d {home}/dump; print -r -- ${{_comps[avow]}}"
    )
    done = subprocess.run(
        ["zsh", "-f", "-c", script], capture_output=True, env=shell_environment(home), timeout=60, check=True
    )
    assert done.stdout.strip() == b"_avow"


@needs("zsh")
@pytest.mark.parametrize(("line", "offered", "missing"), CASES)
def test_zsh_completes(furnished: Path, line: str, offered: set[str], missing: set[str]) -> None:
    """In a real zsh on a pty: what `compadd` is given is written to a file."""
    import pexpect

    stub(furnished)
    log = furnished / "offered"
    setup = furnished / "setup.zsh"
    setup.write_text(
        f"fpath=({FOLDER} $fpath)\nautoload -Uz compinit; compinit -u -d {furnished}/dump\n"
        "zstyle ':completion:*' list-prompt ''\nLISTMAX=10000\nsetopt noautomenu nolistbeep\n"
        "compadd() {\n"
        "  local -a got\n"
        '  builtin compadd -O got "$@" 2>/dev/null\n'
        f'  print -rl -- $got >> {log}\n  builtin compadd "$@"\n}}\n'
        "widget() { zle complete-word; : > " + f"{log}.done" + "; }\n"
        "zle -C complete-word .complete-word _main_complete\nzle -N widget\nbindkey '^I' widget\nPS1='ready> '\n"
    )
    child: pexpect.spawn[bytes] = pexpect.spawn(
        "zsh", ["-f", "-i"], env=shell_environment(furnished), cwd=str(furnished), timeout=60, dimensions=(50, 200)
    )
    child.sendline(f"source {setup}")
    child.expect("ready> ")
    child.expect("ready> |$")
    child.send(f"{line}\t")
    _wait_for(furnished / "offered.done", child)
    child.close(force=True)
    _check(log.read_bytes() if log.exists() else b"", offered, missing)


def _wait_for(path: Path, child: object) -> None:
    import time

    end = time.monotonic() + 30
    while not path.exists():
        child.read_nonblocking(65536, 0.2) if _readable(child) else time.sleep(0.05)  # type: ignore[attr-defined]
        assert time.monotonic() < end, "zsh completes nothing"


def _readable(child: object) -> bool:
    import select

    return bool(select.select([child.child_fd], [], [], 0.05)[0])  # type: ignore[attr-defined]


@needs("groff")
def test_groff_finds_nothing_wrong_with_the_man_page(home: Path) -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-z", str(FOLDER / "avow.1")],
        capture_output=True,
        env=shell_environment(home),
        timeout=60,
        check=True,
    )
    assert done.stderr == b""


@needs("man")
@needs("groff")
def test_man_shows_the_page(home: Path) -> None:
    done = subprocess.run(
        ["man", "-P", "cat", "-l", str(FOLDER / "avow.1")],
        capture_output=True,
        env={**shell_environment(home), "MANWIDTH": "80", "GROFF_NO_SGR": "1"},
        timeout=60,
        check=True,
    )
    text = subprocess.run(["col", "-b"], input=done.stdout, capture_output=True, check=True).stdout.decode()
    assert done.stderr == b""
    for words in ("EXIT STATUS", "--fallback default|none|MODEL", "avow history list", "every model asked declined"):
        assert words in text


def stub(home: Path) -> None:
    shell(home, ":")  # makes the program `avow` in home/bin


def shell_environment(home: Path) -> dict[str, str]:
    from tests.conftest import sealed_environment

    environ = sealed_environment(home)
    environ["PATH"] = f"{home / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return environ


def _check(out: bytes, offered: set[str], missing: set[str]) -> None:
    words = set(out.decode().split())
    assert offered <= words, words
    assert not missing & words, words
