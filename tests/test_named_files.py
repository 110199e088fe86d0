"""Every option that names a file, with every kind of file one can name."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from avow.endpoint.remembered import place
from avow.simulator.server import Simulator
from tests.conftest import CANARY
from tests.forked import may_fork
from tests.in_part import crossed, in_part
from tests.running import AVOW, Ran, Started, environment, row, rows, run, start

PATIENCE_S = 20.0
"""After so long a process is taken to hang."""

SCHEMA = b'{"type": "object",\n "properties": {"a": {"type": "string"}}}\n'
PATH = "PATH"


@dataclass(frozen=True, slots=True)
class Option:
    """How a file is named: in `arguments`, or by a `variable`; and what it may hold."""

    arguments: tuple[str, ...]
    content: bytes
    variable: str | None = None
    status: int = 0

    def named(self, path: str) -> tuple[tuple[str, ...], dict[str, str]]:
        """The arguments, and the variables of the environment."""
        arguments = tuple(path if word == PATH else word for word in self.arguments)
        return arguments, {self.variable: path} if self.variable else {}


DEADLINE = {"AVOW_DEADLINE": "0.3"}
SYSTEM = b"Be\nbrief.\n"
SCENARIO = b'summary = "mine"\n[[hops]]\ntext = "hello"\n'
READERS = {
    "-f": Option(("-f", PATH, "hi"), b"some\nlines\n"),
    "--schema": Option(("--schema", PATH, "hi"), SCHEMA, status=9),
    "--system-file": Option(("--system-file", PATH, "hi"), SYSTEM),
    "system_file": Option(("hi",), SYSTEM, variable="AVOW_SYSTEM_FILE"),
    "-t": Option(("-t", PATH), b'prompt = """one\ntwo"""\n'),
    "--simulate": Option(("--simulate", PATH, "hi"), SCENARIO),
    "template save --system-file": Option(("template", "save", "t", "--system-file", PATH), SYSTEM),
}
REFUSING = {
    **READERS,
    "simulate serve --scenario": Option(("simulate", "serve", "--scenario", PATH), SCENARIO),
    "template show": Option(("template", "show", PATH), b'prompt = "one"\n'),
}


@pytest.fixture(scope="module")
def api() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def finished(
    home: Path,
    *command: str,
    base_url: str | None = None,
    descriptors: tuple[int, ...] = (),
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> Ran:
    """A command (where it is avow itself, it is forked) that must end by itself: one that hangs fails the test."""
    begun = time.monotonic()
    process = Started(
        command,
        forks=command[:3] == AVOW and may_fork(variables or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home, base_url, **(variables or {})),
        pass_fds=descriptors,
    )
    try:
        out, err = process.communicate(stdin, PATIENCE_S)
    finally:
        process.kill()
    return Ran(process.returncode, out, err, home, time.monotonic() - begun)


def given(option: Option, path: Path | str, home: Path, api: Simulator, *, before: tuple[str, ...] = ()) -> Ran:
    """avow with that file."""
    arguments, variables = option.named(str(path))
    if before:
        return finished(home, *before, *AVOW, *arguments, base_url=api.base_url, variables=variables)
    return run(home, *arguments, base_url=api.base_url, stdin=b"", timeout=PATIENCE_S, **variables)


# -- what cannot be read --------------------------------------------------------------------------------------


def missing(path: Path) -> None:
    """Nothing there."""


def folder(path: Path) -> None:
    path.mkdir()


def nul(path: Path) -> None:
    path.write_bytes(b"one\nt\0wo\n")


def latin(path: Path) -> None:
    path.write_bytes(b"one\ngr\xfc\xdfe\n")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(40_000_000)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def socket_(path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


WRONG: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (missing, "there is no such file"),
    "folder": (folder, "this is a folder"),
    "endless device": (endless, "this is a device"),
    "socket": (socket_, "this is a socket"),
    "NUL": (nul, "NUL"),
    "not UTF-8": (latin, "not UTF-8 text"),
    "too large": (huge, "40,000,000 bytes is more than"),
}


NAMED, REFUSED = {name: name for name in READERS}, {name: name for name in REFUSING}


@pytest.mark.parametrize(("name", "kind"), crossed(REFUSED, {kind: kind for kind in WRONG}))
def test_a_file_that_cannot_be_used_is_told_and_nothing_is_sent(
    name: str, kind: str, home: Path, api: Simulator
) -> None:
    make, words = WRONG[kind]
    path = home / "odd.toml"
    make(path)
    sent = len(api.requests)
    ran = given(REFUSING[name], path, home, api)
    assert_refused(ran, path, words)
    assert len(api.requests) == sent
    assert rows(home) == []


SOURCES = {
    "judge": ("judge", "-m", "claude-fable-5-2", PATH),
    "judge --request": ("judge", "--request", PATH, "-"),
    "run": ("run", "--input", "lines", "--simulate", "requested", PATH),
    "audit verify": ("audit", "verify", PATH),
    "run: system_file": ("run", "--input", "lines", "--system-file", PATH, "-"),
}


@pytest.mark.parametrize("kind", ["missing", "folder", "endless device", "socket", "home of nobody"])
@pytest.mark.parametrize("name", SOURCES)
def test_what_is_read_piece_by_piece_is_refused_in_the_same_words(name: str, kind: str, home: Path) -> None:
    path = home / "odd.toml"
    make, words = WRONG["missing" if kind == "home of nobody" else kind]
    make(path)
    named = "~no-such-user-x/odd.toml" if kind == "home of nobody" else str(path)
    ran = run(home, *(named if word == PATH else word for word in SOURCES[name]), stdin=b"hi\n", timeout=PATIENCE_S)
    assert_refused(ran, path, words)


TARGETS = {
    "--report": ("--simulate", "requested", "hi", "--report", PATH),
    "run --out": ("run", "--input", "lines", "--simulate", "requested", "-", "--out", PATH),
    "run --junit": ("run", "--input", "lines", "--simulate", "requested", "-", "--junit", PATH),
    "run --summary": ("run", "--input", "lines", "--simulate", "requested", "-", "--summary", PATH),
    "proxy --report": ("proxy", "--report", PATH, "--", "true"),
    "history export --since-last": ("history", "export", "--since-last", PATH),
}


@pytest.mark.parametrize("kind", ["a folder", "in no folder", "home of nobody"])
@pytest.mark.parametrize("name", TARGETS)
def test_what_cannot_be_written_is_refused_before_anything_is_sent(name: str, kind: str, home: Path) -> None:
    named = {"a folder": str(home), "in no folder": str(home / "no" / "x"), "home of nobody": "~no-such-user-x/x"}[kind]
    ran = run(home, *(named if word == PATH else word for word in TARGETS[name]), stdin=b"hi\n", timeout=PATIENCE_S)
    words = "is a directory" if kind == "a folder" else "no such file or directory"
    assert_refused(ran, Path(named), words)
    assert rows(home) == []


def assert_refused(ran: Ran, path: Path, words: str) -> None:
    """Exit 2, and one sentence: where, and what is wrong."""
    assert ran.status == 2, (ran.status, ran.err)
    assert ran.out == b""
    assert ran.err.startswith(b"avow: error: "), ran.err
    assert words in ran.lines[0], ran.lines
    assert path.name in ran.lines[0]


@pytest.mark.parametrize("name", in_part(REFUSED, ("-f", "template show")))
def test_a_file_that_may_not_be_read(name: str, home: Path, api: Simulator) -> None:
    path = home / "secret.toml"
    path.write_bytes(b"x")
    path.chmod(0)
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # who may read everything, but not in a user namespace of its own
        before = ("unshare", "--user")
        if shutil.which("unshare") is None or subprocess.run([*before, "true"], check=False).returncode:
            pytest.skip("root reads everything here")
    assert_refused(given(REFUSING[name], path, home, api, before=before), path, "this user may not read it")


# -- pipes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", in_part(REFUSED, ("-f", "system_file", "-t", "simulate serve --scenario")))
def test_a_pipe_that_nobody_writes_to_ends_at_the_deadline(name: str, home: Path, api: Simulator) -> None:
    path = home / "pipe.toml"
    os.mkfifo(path)
    arguments, variables = REFUSING[name].named(str(path))
    ran = run(home, *arguments, base_url=api.base_url, stdin=b"", timeout=PATIENCE_S, **DEADLINE | variables)
    assert_refused(ran, path, "did not end before the deadline")
    assert ran.seconds < 20


@pytest.mark.parametrize("name", in_part(NAMED, ("--schema", "--system-file", "--simulate")))
def test_a_pipe_whose_writer_comes_later_is_read(name: str, home: Path, api: Simulator) -> None:
    option = READERS[name]
    path = home / "pipe.toml"
    os.mkfifo(path)
    writer = threading.Timer(0.2, path.write_bytes, [option.content])
    writer.start()
    ran = given(option, path, home, api)
    writer.join()
    assert ran.status == option.status, ran.err


@pytest.mark.parametrize("name", READERS)
def test_an_open_pipe_is_read(name: str, home: Path, api: Simulator) -> None:
    """What a shell's `<(command)` is."""
    option = READERS[name]
    reading, writing = os.pipe()
    os.write(writing, option.content)
    os.close(writing)
    arguments, variables = option.named(f"/dev/fd/{reading}")
    ran = finished(home, *AVOW, *arguments, base_url=api.base_url, descriptors=(reading,), variables=variables)
    os.close(reading)
    assert ran.status == option.status, ran.err


@pytest.mark.parametrize(
    ("option", "words"),
    [("--system-file", "waiting for --system-file {} to end"), ("--report", "waiting for a reader of --report {}")],
)
@pytest.mark.slow  # by default with a shorter silence: files/test_reading
def test_what_is_waited_for_is_told_after_three_seconds_and_can_be_stopped(
    option: str, words: str, home: Path, api: Simulator
) -> None:
    path = home / "pipe"
    os.mkfifo(path)
    process = start(home, "-q", option, str(path), "hi", base_url=api.base_url)
    assert process.stderr is not None
    assert process.stderr.readline().decode() == f"avow: note: {words.format(path)}\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE_S) == (b"", b"")
    assert process.returncode == -signal.SIGINT


def test_a_silent_stdin_as_a_file_ends_at_the_deadline(home: Path, api: Simulator) -> None:
    reading, writing = os.pipe()
    process = start(home, "--deadline", "0.3", "-f", "-", "hi", base_url=api.base_url, stdin=reading)
    os.close(reading)
    try:
        _out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        os.close(writing)
    assert process.returncode == 2
    assert err.startswith(b"avow: error: stdin: it did not end before the deadline\n")


@pytest.mark.parametrize("kind", ["missing", "home of nobody", "folder", "endless device", "pipe", "not UTF-8"])
@pytest.mark.parametrize("name", ["chat", "scan"])
def test_other_ways_to_name_a_file(name: str, kind: str, home: Path, api: Simulator) -> None:
    path = home / "odd.jsonl"
    if kind == "home of nobody":
        path = Path("~no-such-user-x/odd.jsonl")
    else:
        os.mkfifo(path) if kind == "pipe" else WRONG[kind][0](path)
    arguments, stdin = (("chat",), f"/file {path}\n".encode()) if name == "chat" else (("scan", str(path)), b"")
    ran = run(home, *arguments, base_url=api.base_url, stdin=stdin, timeout=PATIENCE_S, **DEADLINE)
    assert ran.status == 2, ran.err
    assert str(path) in ran.lines[0]


def test_a_cache_that_is_a_pipe_holds_nothing_up(home: Path, api: Simulator) -> None:
    path = place(home / "cache", api.base_url)
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert run(home, "hi", base_url=api.base_url, timeout=PATIENCE_S).status == 0


# -- one rule for text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "way"), crossed(NAMED, {"BOM": "BOM", "CRLF": "CRLF"}))
def test_byte_order_marks_and_line_ends_mean_nothing_in_a_text(name: str, way: str, home: Path, api: Simulator) -> None:
    option = READERS[name]
    path = home / "text.toml"
    odd = b"\xef\xbb\xbf" + option.content if way == "BOM" else option.content.replace(b"\n", b"\r\n")
    path.write_bytes(odd)
    sent = len(api.requests)
    ran = given(option, path, home, api)
    assert ran.status == option.status, ran.err
    if name == "-f":  # attached byte for byte
        assert api.requests[sent].json["messages"][0]["content"][0]["source"]["data"] == odd.decode()
    elif name in ("--system-file", "system_file"):
        assert api.requests[sent].json["system"] == SYSTEM.decode()
    elif name == "-t":
        assert api.requests[sent].json["messages"][0]["content"][-1]["text"] == "one\ntwo"
    elif name == "template save --system-file":
        given(Option(("-t", "t", "hi"), b""), "", home, api)
        assert api.requests[sent].json["system"] == SYSTEM.decode()


# -- avow's own files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "pipe", "not UTF-8", "too large"])
@pytest.mark.parametrize("name", ["config.toml", "key"])
def test_an_odd_file_of_its_own_is_told(name: str, kind: str, home: Path) -> None:
    path = home / "config" / name
    path.parent.mkdir()
    os.mkfifo(path) if kind == "pipe" else WRONG[kind][0](path)
    path.chmod(0o600)
    words = "this is a pipe" if kind == "pipe" else WRONG[kind][1]
    ran = run(home, "--no-history", "hi", timeout=PATIENCE_S, AVOW_BASE_URL="http://127.0.0.1:9")
    assert ran.status == (2 if name == "config.toml" else 3), ran.err
    assert words in ran.err.decode()
    assert str(path) in ran.lines[0]


@pytest.mark.parametrize("value", ["a\\u0000b", "none", "~/none"])
@pytest.mark.parametrize("key", ["system_file", "schema"])
def test_a_setting_that_names_no_file_says_where_it_stands(key: str, value: str, home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(f'model = "opus"\n{key} = "{value}"\n')
    ran = run(home, "--simulate", "echo", "hi", timeout=PATIENCE_S)
    assert ran.status == 2, ran.err
    assert f"--{key.replace('_', '-')}" in ran.lines[0]
    assert "(config.toml:2)" in ran.lines[0]


# -- what is written ------------------------------------------------------------------------------------------

FULL = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
"""No byte can be written to a file: what a full disk does, everywhere."""


def test_a_template_that_cannot_be_saved_leaves_nothing(home: Path) -> None:
    save = (*AVOW, "template", "save", "t", "Say $this")
    full = finished(home, *FULL, *save)
    assert full.status == 1
    assert "cannot be written" in full.lines[0]
    assert list((home / "config" / "templates").iterdir()) == []
    assert finished(home, *save).status == 0
    before = (home / "config" / "templates" / "t.toml").read_bytes()
    assert finished(home, *FULL, *save, "more", "--force").status == 1
    assert [path.read_bytes() for path in (home / "config" / "templates").iterdir()] == [before]


def test_a_config_that_cannot_be_written_stays(home: Path) -> None:
    path = home / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text('model = "opus"  # mine\n')
    full = finished(home, *FULL, *AVOW, "config", "set", "effort", "low")
    assert full.status == 1
    assert "cannot be written" in full.lines[0]
    assert [one.read_text() for one in path.parent.iterdir()] == ['model = "opus"  # mine\n']


def test_a_key_that_cannot_be_stored_leaves_nothing(home: Path) -> None:
    login = (*AVOW, "auth", "login", "--store", "file", "--no-check")
    full = finished(home, *FULL, *login, stdin=CANARY.encode())
    assert full.status == 1
    assert "cannot be written" in full.lines[0]
    assert list((home / "config").iterdir()) == []


# -- the report -----------------------------------------------------------------------------------------------


def reported(home: Path, target: Path | str, api: Simulator, *arguments: str) -> Ran:
    """One answer with a report."""
    return run(home, "--report", str(target), *arguments, "hi", base_url=api.base_url, timeout=PATIENCE_S)


@pytest.mark.parametrize("kind", ["folder", "folder of it missing", "pipe without a reader", "fd:x", "fd:99", "fd:0"])
def test_a_report_that_cannot_be_opened_sends_nothing(kind: str, home: Path, api: Simulator) -> None:
    target: Path | str = home / "report"
    if kind == "folder":
        (home / "report").mkdir()
    elif kind == "pipe without a reader":
        os.mkfifo(home / "report")
    elif kind == "folder of it missing":
        target = home / "none" / "report"
    else:
        target = kind
    sent = len(api.requests)
    ran = reported(home, target, api, "--deadline", "0.3")
    assert ran.status == 2, ran.err
    assert ran.lines[0].startswith(f"avow: error: --report {target}: it cannot be written: ")
    assert len(api.requests) == sent
    assert ran.seconds < 20


@pytest.mark.parametrize("kind", ["full disk", "reader gone"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_report_that_cannot_be_written_is_told_by_the_exit_status(
    kind: str, form: str, home: Path, api: Simulator
) -> None:
    if kind == "full disk":
        if not Path("/dev/full").exists():
            pytest.skip("no /dev/full here")
        ran = reported(home, "/dev/full", api, "--output", form)
    else:
        reading, writing = os.pipe()
        os.close(reading)
        ran = finished(
            home,
            *(*AVOW, "--report", f"fd:{writing}", "--output", form, "hi"),
            base_url=api.base_url,
            descriptors=(writing,),
        )
        os.close(writing)
    assert ran.status == 1, ran.err
    assert row(home)["exit_code"] == 1
    assert "it cannot be written" in row(home)["problem_words"]
    if form == "json":
        assert ran.json["exit_code"] == 1
    else:
        assert ran.out
    assert next(line for line in ran.lines if "note: stdin was empty" not in line).startswith("avow: error: --report ")


def test_a_report_into_a_pipe_that_is_read(home: Path, api: Simulator) -> None:
    path = home / "pipe"
    os.mkfifo(path)
    found: list[bytes] = []
    reader = threading.Timer(0.3, lambda: found.append(path.read_bytes()))
    reader.start()
    ran = reported(home, path, api)
    reader.join()
    assert ran.status == 0, ran.err
    assert b'"schema": "avow.answer/1"' in found[0]
