"""The generated files are those in completions/, and the real shells complete with them."""

import json
import os
import re
import select
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pexpect
import pytest

from avow.commands.declared import TREE
from avow.endpoint.remembered import EndpointFacts, keep
from tests.conftest import sealed_environment
from tests.reference.generate import AGAIN, FILES, FOLDER
from tests.running import run, shell


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_what_the_command_tree_gives(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == FILES[name](TREE), AGAIN


@pytest.mark.parametrize(
    ("name", "file"), [("bash", "avow.bash"), ("zsh", "_avow"), ("fish", "avow.fish"), ("powershell", "avow.ps1")]
)
def test_the_command_prints_the_file(home: Path, name: str, file: str) -> None:
    ran = run(home, "completion", name)
    assert (ran.status, ran.out) == (0, (FOLDER / file).read_bytes()), AGAIN


def test_another_shell_is_a_usage_error(home: Path) -> None:
    ran = run(home, "completion", "tcsh")
    assert ran.status == 2
    assert b"bash, zsh, fish, powershell" in ran.err


CASES = [
    pytest.param("avow hist", {"history"}, {"ask", "helper"}, id="a command", marks=pytest.mark.slow),
    pytest.param("avow history s", {"show", "search", "stats"}, {"list"}, id="a command of a command"),
    pytest.param("avow --fallback-", {"--fallback-by"}, {"--json"}, id="an option without a command"),
    pytest.param("avow why --js", {"--json"}, {"--jsonl"}, id="an option of a command", marks=pytest.mark.slow),
    pytest.param(
        "avow history list --jso",
        {"--json", "--jsonl"},
        set(),
        id="an option of a command's command",
        marks=pytest.mark.slow,
    ),
    pytest.param("avow --output js", {"json", "jsonl"}, {"text"}, id="a choice"),
    pytest.param(
        "avow -m claude-fable", {"claude-fable-5-2"}, {"claude-opus-4-8"}, id="a model", marks=pytest.mark.slow
    ),
    pytest.param("avow -m x --simulate sticky", {"sticky"}, {"fallback"}, id="a scenario after another option"),
    pytest.param(
        "avow retry -m claude-opus-4-", {"claude-opus-4-8"}, set(), id="a model for retry", marks=pytest.mark.slow
    ),
    pytest.param("avow -t gree", {"greet"}, set(), id="a template", marks=pytest.mark.slow),
    pytest.param("avow help exi", {"exit-codes"}, {"json"}, id="a topic", marks=pytest.mark.slow),
    pytest.param("avow config get history.en", {"history.enabled"}, {"model"}, id="a setting"),
    pytest.param("avow why ", {"1"}, {"history", "fallback"}, id="an exchange"),
    pytest.param(
        "avow history list --verdict sub", {"substituted"}, {"fallback"}, id="a verdict", marks=pytest.mark.slow
    ),
    pytest.param("avow -f not", {"notes.txt"}, set(), id="a file"),
]


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where zsh keeps what it found in all the folders of its functions: each start would look through them again."""
    return tmp_path_factory.mktemp("zsh") / "dump"


@pytest.fixture(scope="module")
def furniture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a template, an exchange and a file, to be copied."""
    home = tmp_path_factory.mktemp("furniture")
    assert run(home, "--simulate", "requested", "hello there").status == 0
    assert run(home, "template", "save", "greet", "say hello to $name").status == 0
    (home / "notes.txt").write_text("notes")
    return home


@pytest.fixture
def furnished(home: Path, furniture: Path) -> Path:
    """The same as the home of this test."""
    return shutil.copytree(furniture, home, dirs_exist_ok=True)


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


EVIL = [
    "x$(touch${IFS}P)",
    "x`touch${IFS}P`",
    "x;touch${IFS}P",
    "x|touch P",
    "x&touch${IFS}P",
    "x\ntouch P",
    "x>P",
    "x<(touch${IFS}P)",
    "x'$(touch${IFS}P)'",
    "x;ni${IFS}P",
    "x{a,b}",
    "x*",
    "x!touch",
    "~x",
    "=x",
    "@x",
    "--report=P",
]
"""Names that would run something, be another word, or an option."""


@pytest.fixture
def hostile(home: Path) -> Path:
    """A home where all that avow offers has such a name, and one that is harmless."""
    for folder, end in (("templates", "toml"), ("scenarios", "toml")):
        (home / "config" / folder).mkdir(parents=True, mode=0o700)
        for name in (*(name for name in EVIL if "/" not in name), "xray:1b"):
            (home / "config" / folder / f"{name}.{end}").write_text('prompt = "hi"\n')
    aliases = "".join(f"{json.dumps(name)} = 'm'\n" for name in EVIL)
    (home / "config" / "config.toml").write_text(f"[aliases]\n{aliases}")
    facts = EndpointFacts("http://127.0.0.1:9", time.time(), tuple({"id": name} for name in (*EVIL, "xray:1b")))
    keep(home / "cache", facts)
    assert run(home, "--simulate", "requested", " ".join(EVIL)).status == 0
    return home


@pytest.mark.parametrize("kind", ["models", "templates", "scenarios", "conversations", "exchanges"])
def test_nothing_from_outside_is_shell_syntax(hostile: Path, kind: str) -> None:
    ran = run(hostile, "completion", "words", kind, base_url="http://127.0.0.1:9")
    offered = [line.split("\t")[0] for line in ran.out.decode().splitlines()]
    assert offered or kind == "templates"  # their names are checked when they are saved
    assert not set(offered) & set(EVIL)
    assert all(re.fullmatch(r"[\w.:/+@-]+", word) for word in offered)
    assert "xray:1b" in offered or kind not in ("models", "scenarios")


@pytest.mark.parametrize("name", [pytest.param(n, marks=needs(n)) for n in ("bash", "zsh", "fish")])
def test_tab_and_enter_run_nothing_that_a_server_named(hostile: Path, dump: Path, name: str) -> None:
    stub(hostile)
    environ = shell_environment(hostile) | {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "TERM": "dumb"}
    ways = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"], "fish": ["-N", "-i"]}
    setups = {
        "bash": f"source {FOLDER}/avow.bash; bind 'set bell-style none'; bind 'TAB:menu-complete'",
        "zsh": f"fpath=({FOLDER} $fpath); autoload -Uz compinit; compinit -u -d {dump}; setopt menucomplete",
        "fish": f"source {FOLDER}/avow.fish",
    }
    child: pexpect.spawn[bytes] = pexpect.spawn(name, ways[name], env=environ, cwd=str(hostile), timeout=20)
    child.sendline(f"{setups[name]}; echo rea''dy")
    child.expect("ready")
    for line, tabs in (("avow -m x", 1), ("avow -m x", 3)):
        child.send(line + "\t" * tabs)
        child.send("\r" if name != "fish" else " \r")
        child.sendline("echo do''ne")
        child.expect("done")
    child.close(force=True)
    assert not (hostile / "P").exists()


@needs("bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("avow -m xray:", [b"1b"]),
        ("avow -m xray:1", [b"1b"]),
        ("avow -m xra", [b"xray:1b"]),
        ("avow --model=xray:1", [b"1b"]),
        ("avow --model=xra", [b"xray:1b"]),
        ("avow --model xray::", []),
    ],
)
def test_bash_completes_a_name_with_a_colon(hostile: Path, typed: str, offered: list[bytes]) -> None:
    split = shlex.join(part for part in re.split(r"([:=]+|\s+)", typed) if part.strip())
    script = (
        f"source {FOLDER / 'avow.bash'}; COMP_WORDS=({split}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _avow\n"
        "printf '%s\n' \"${COMPREPLY[@]}\""
    )
    assert shell(hostile, script, base_url="http://127.0.0.1:9", name="bash").out.split() == offered


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
def test_compinit_registers_the_function(home: Path, dump: Path) -> None:
    script = f"fpath=({FOLDER} $fpath); autoload -Uz compinit; compinit -u -d {dump}; print -r -- ${{_comps[avow]}}"
    done = subprocess.run(
        ["zsh", "-f", "-c", script], capture_output=True, env=shell_environment(home), timeout=60, check=True
    )
    assert done.stdout.strip() == b"_avow"


@needs("zsh")
@pytest.mark.parametrize(("line", "offered", "missing"), CASES)
def test_zsh_completes(furnished: Path, dump: Path, line: str, offered: set[str], missing: set[str]) -> None:
    """In a real zsh on a pty: what `compadd` is given is written to a file."""
    stub(furnished)
    log = furnished / "offered"
    setup = furnished / "setup.zsh"
    setup.write_text(
        f"fpath=({FOLDER} $fpath)\nautoload -Uz compinit; compinit -u -d {dump}\n"
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
    end = time.monotonic() + 30
    while not path.exists():
        child.read_nonblocking(65536, 0.2) if _readable(child) else time.sleep(0.05)  # type: ignore[attr-defined]
        assert time.monotonic() < end, "zsh completes nothing"


def _readable(child: object) -> bool:
    return bool(select.select([child.child_fd], [], [], 0.05)[0])  # type: ignore[attr-defined]


def stub(home: Path) -> None:
    shell(home, ":")  # makes the program `avow` in home/bin


def shell_environment(home: Path) -> dict[str, str]:
    environ = sealed_environment(home)
    environ["PATH"] = f"{home / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return environ


def _check(out: bytes, offered: set[str], missing: set[str]) -> None:
    words = set(out.decode().split())
    assert offered <= words, words
    assert not missing & words, words
