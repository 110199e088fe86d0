"""`avow chat` in a real pty: keys, files, signals, and terminals of every kind."""

import base64
import os
import re
import shlex
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from avow.simulator.server import RecordedRequest, Simulator
from tests import samples
from tests.in_part import crossed, in_part
from tests.running import AVOW, PATIENCE_S, Pty, in_pty, rows

PROMPT = "claude-fable-5-2>"
CTRL_C, CTRL_D, CTRL_R, TAB = "\x03", "\x04", "\x12", "\t"
STYLE = re.compile(r"\x1b\[[0-9;]*m")
PLAIN_STYLES = {"0", "", "1", "22", "39", "49"}
"""Reset and bold: no colour."""


def chat(home: Path, api: Simulator, *arguments: str, size: tuple[int, int] = (40, 100), **more: str) -> Pty:
    """A chat at its first prompt."""
    pty = in_pty(home, "chat", *arguments, base_url=api.base_url, size=size, **more)
    pty.settle(">" if size[1] < 60 else PROMPT)
    return pty


def ask(pty: Pty, question: str, badge: str = "[claude-fable-5-2]") -> None:
    """Type a question and wait for the badge of its answer."""
    before = pty.text.count(badge)
    pty.enter(f"{question}\r")
    assert pty.text.count(badge) > before, pty.text


def leave(pty: Pty) -> None:
    """End the chat as people do."""
    pty.send(CTRL_D)
    assert pty.end() == 0, pty.text


def prompts(api: Simulator) -> list[str]:
    """The question of each request."""
    return [request.json["messages"][-1]["content"][-1]["text"] for request in api.requests]


def files(request: RecordedRequest) -> list[bytes]:
    """The bytes of the files that arrived."""
    sources = [block["source"] for block in request.json["messages"][-1]["content"] if "source" in block]
    return [
        source["data"].encode() if source["type"] == "text" else base64.b64decode(source["data"]) for source in sources
    ]


# -- keys


def test_ctrl_r_finds_what_was_typed_in_an_earlier_chat(home: Path) -> None:
    with Simulator("echo") as api:
        pty = chat(home, api)
        for question in ("the blue one", "the red one"):
            ask(pty, question)
        leave(pty)
        pty = chat(home, api)
        pty.send(f"{CTRL_R}blu")
        pty.until("the blue one")
        pty.send("\r")
        pty.wait(lambda: pty.text.endswith(f"{PROMPT} the blue one"))
        ask(pty, "")
        leave(pty)
        assert prompts(api) == ["the blue one", "the red one", "the blue one"]


def test_tab_completes_a_command_a_model_and_the_name_of_a_file(home: Path) -> None:
    folder = home / "some files"
    folder.mkdir()
    (folder / "notes ü 🙂.txt").write_bytes(b"from the file\n")
    with Simulator() as api:
        pty = chat(home, api)
        pty.send(f"/mod{TAB}")
        pty.until(f"{PROMPT} /model")
        pty.send(f" claude-opus-5-{TAB}")
        pty.until("/model claude-opus-5-5")
        pty.enter("\r", "asking claude-opus-5-5 from now on")
        pty.send(f"/file {home}/some{TAB}")
        pty.until("some files")
        pty.send(f"/no{TAB}")
        pty.until("🙂")
        pty.enter("\r", "avow: note: attached ")
        ask(pty, "what is it?", "[claude-opus-5-5]")
        leave(pty)
        assert files(api.requests[-1]) == [b"from the file\n"]


@pytest.mark.parametrize("form", in_part({form: form for form in ("as it is", "quoted", "escaped")}, ("quoted",)))
def test_files_arrive_byte_for_byte(home: Path, form: str) -> None:
    kinds = {
        "a picture.png": samples.png(),
        "-paper 🙂.pdf": samples.pdf(),
        "crlf's.txt": "a\r\nb ü\n".encode(),
    }
    with Simulator() as api:
        pty = chat(home, api, size=(60, 200))
        for name, data in kinds.items():
            path = home / name
            path.write_bytes(data)
            typed = {"as it is": str(path), "quoted": shlex.quote(str(path)), "escaped": escaped(str(path))}[form]
            pty.enter(f"/file {typed}\r", f"{name}; it goes with")
        ask(pty, "what are these?")
        ask(pty, "thanks")
        leave(pty)
        first, second = api.requests
    assert files(first) == list(kinds.values())
    assert files(second) == [], "a file goes with one question"
    assert first.json["messages"][0] == second.json["messages"][0], "and stays in the conversation"


def escaped(path: str) -> str:
    """As a terminal writes the name of a file that is dropped on it."""
    return re.sub(r"([ '])", r"\\\1", path)


def test_what_is_pasted_is_one_question_also_where_it_begins_with_a_slash(home: Path) -> None:
    with Simulator("echo") as api:
        pty = chat(home, api)
        pty.send("\x1b[200~/quit\r\n\tsecond line\n\nlast\x1b[201~")
        pty.until("last")
        ask(pty, "")
        leave(pty)
        assert prompts(api) == ["/quit\n\tsecond line\n\nlast"]


def test_ctrl_c_at_the_prompt_throws_away_what_was_typed(home: Path) -> None:
    with Simulator("echo") as api:
        pty = chat(home, api)
        for _ in range(3):
            pty.enter(f"never mind{CTRL_C}")
        ask(pty, "this")
        leave(pty)
        assert prompts(api) == ["this"]


# -- files that were not sent


@pytest.mark.slow  # by default in a chat through pipes: test_chat_session
def test_files_wait_for_a_question_that_can_be_sent(home: Path) -> None:
    paths = [home / "one.txt", home / "two.txt"]
    for path in paths:
        path.write_bytes(b"x" * 20_000_000)  # each may be sent, both may not
    with Simulator() as api:
        pty = chat(home, api, size=(40, 200))
        for path in paths:
            pty.enter(f"/file {path}\r", f"attached {path}")
        pty.enter("read them\r", f"still attached: {paths[0]}, {paths[1]}; /file alone detaches them")
        assert api.requests == []
        pty.enter("/file\r", "no longer attached: ")
        ask(pty, "hello")
        leave(pty)
        assert [files(request) for request in api.requests] == [[]]
    assert [row["prompt"] for row in rows(home)] == ["hello"]


def test_a_file_waits_where_a_command_is_misspelt(home: Path) -> None:
    path = home / "note.txt"
    path.write_bytes(b"small")
    with Simulator() as api:
        pty = chat(home, api, "-f", str(path), size=(40, 200))
        pty.enter("/moddel\r", "still attached: ")
        ask(pty, "hello")
        leave(pty)
        assert files(api.requests[-1]) == [b"small"]


# -- signals

WHERE = ["at the prompt", "in the answer"]


@pytest.mark.parametrize(
    ("number", "where"),
    crossed({number.name: number for number in (signal.SIGHUP, signal.SIGTERM)}, {where: where for where in WHERE}),
)
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(home: Path, number: signal.Signals, where: str) -> None:
    command = " ".join((*AVOW, "chat"))
    script = f"stty -g > before; sh -c 'echo $$ > pid; exec {command}'; echo ENDED $?; stty -g > after; stty -a"
    with Simulator("stalled") as api:
        pty = in_pty(home, "-c", f"cd {shlex.quote(str(home))}; {script}", base_url=api.base_url, command=("bash",))
        pty.settle(PROMPT)
        if where == "in the answer":
            pty.send("hello\r")
            pty.until("A rebase")
        os.kill(int((home / "pid").read_text()), number)
        pty.until(f"ENDED {128 + number}")
        pty.end()
    assert (home / "before").read_text() == (home / "after").read_text()
    assert not pty.screen.cursor.hidden
    assert "Traceback" not in pty.text
    assert "Unhandled" not in pty.text
    assert pty.raw.count(b"\x1b[?2004h") == pty.raw.count(b"\x1b[?2004l"), "pasting is as it was"
    kept = [(row["status"], row["signal"]) for row in rows(home)]
    assert kept == ([("interrupted", number)] if where == "in the answer" else [])


@pytest.mark.parametrize("where", WHERE)
def test_the_terminal_goes_away(home: Path, where: str) -> None:
    with Simulator("stalled") as api:
        pty = chat(home, api)
        if where == "in the answer":
            pty.send("hello\r")
            pty.until("A rebase")
        os.close(pty.child.child_fd)
        pty.child.child_fd = -1
        end = time.monotonic() + PATIENCE_S
        while pty.child.isalive():
            assert time.monotonic() < end, "it goes on without a terminal"
            time.sleep(0.05)
    kept = [(row["status"], row["text"][:8]) for row in rows(home)]
    assert kept == ([("interrupted", "A rebase")] if where == "in the answer" else [])


@pytest.mark.slow  # by default of one signal, in faults/test_terminal
def test_ctrl_c_twice_in_an_answer_leaves_a_sane_terminal_and_the_text(home: Path) -> None:
    script = f"stty -g > before; {' '.join((*AVOW, 'chat'))}; stty -g > after"
    with Simulator("stalled") as api:
        pty = in_pty(home, "-c", f"cd {shlex.quote(str(home))}; {script}", base_url=api.base_url, command=("bash",))
        pty.settle(PROMPT)
        pty.send("hello\r")
        pty.until("A rebase")
        pty.wait(lambda: (rows(home)[0]["text"] or "").startswith("A rebase"))  # within a second
        pty.child.send(CTRL_C + CTRL_C)
        pty.read(1)
        pty.send(CTRL_D)  # where it was quick enough to stop only the answer
        pty.end()
    if (home / "after").exists():
        assert (home / "before").read_text() == (home / "after").read_text()
    (kept,) = rows(home)
    assert kept["status"] in ("interrupted", "pending")
    assert kept["text"].startswith("A rebase")
    assert "Traceback" not in pty.text


# -- what is kept


def test_without_content_no_word_is_kept_and_the_chat_knows_it_all(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('[history]\ncontent = "none"\n')
    with Simulator("echo") as api:
        pty = chat(home, api)
        ask(pty, "xylophone")
        ask(pty, "zeppelin")
        ask(pty, "/retry")
        leave(pty)
        told = [[message["content"][-1]["text"] for message in request.json["messages"]] for request in api.requests]
    assert told[1] == ["xylophone", "xylophone", "zeppelin"]
    assert told[2] == told[1]
    assert [row["prompt"] for row in rows(home)] == [None] * 3
    connection = sqlite3.connect(home / "data" / "history.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for path in (home / "data").rglob("*"):
        if path.is_file():
            assert b"xylophone" not in path.read_bytes(), path
            assert b"zeppelin" not in path.read_bytes(), path
    assert not (home / "data" / "chat_history").exists()


def test_a_conversation_stays_on_the_model_that_accepted_until_another_is_named(home: Path) -> None:
    with Simulator(["refused", "requested", "requested", "requested"]) as api:
        pty = chat(home, api, "--fallback-by", "client", "--fallback", "claude-opus-4-8")
        ask(pty, "one", "[claude-opus-4-8]")
        ask(pty, "two", "[claude-opus-4-8]")
        pty.enter("/model claude-fable-5-2\r", "asking claude-fable-5-2 from now on")
        ask(pty, "three")
        leave(pty)
        models = [request.json["model"] for request in api.requests if request.path == "/v1/messages"]
    assert models == ["claude-fable-5-2", "claude-opus-4-8", "claude-opus-4-8", "claude-fable-5-2"]
    first, second, third = rows(home)
    assert [row["verdict"] for row in (first, second, third)] == ["fallback", "fallback", "as_requested"]
    assert [row["requested_model"] for row in (first, second, third)] == ["claude-fable-5-2"] * 3
    assert "conversation.pinned" in {item["field"] for item in second["evidence"]}
    assert "asked claude-fable-5-2" in pty.text


# -- terminals


def test_forty_columns(home: Path) -> None:
    with Simulator("handover") as api:
        pty = chat(home, api, size=(60, 40))
        ask(pty, "a question that is longer than forty columns are wide", "[claude-opus-4-8]")
        leave(pty)
        assert prompts(api) == ["a question that is longer than forty columns are wide"]
    assert "Another model answered" in pty.text
    lines = pty.text.splitlines()
    assert lines[1:4] == [
        "  typed; Ctrl-D leaves",
        "claude-fable-5-2> a question that is lon",
        " " * 18 + "ger than forty columns",
    ]
    badge = lines.index("[claude-opus-4-8] asked claude-fable-5-2")
    assert lines[badge + 1].startswith("· "), "folded between its words"


def test_no_color(home: Path) -> None:
    with Simulator("handover") as api:
        pty = chat(home, api, NO_COLOR="1")
        ask(pty, "hello", "[claude-opus-4-8]")
        pty.send(f"/mo{TAB}")
        pty.until(f"{PROMPT} /model")
        pty.enter("\r", "/model ID asks another")
        leave(pty)
    codes = {code for style in STYLE.findall(pty.raw.decode()) for code in style[2:-1].split(";")}
    assert codes <= PLAIN_STYLES


def test_a_dumb_terminal(home: Path) -> None:
    with Simulator(["handover", "stalled", "handover"]) as api:
        pty = in_pty(home, "chat", base_url=api.base_url, TERM="dumb")
        pty.until(PROMPT)
        for keys, shown in (
            ("hello\r", ("[claude-opus-4-8]", PROMPT)),
            ("stop\r", ("A rebase",)),
            (CTRL_C, ("interrupted; to see what is kept", PROMPT)),
            ("never mind", ("never mind",)),
            (CTRL_C, (PROMPT,)),
            ("grüße\r", ("[claude-opus-4-8]", PROMPT)),
        ):
            pty.send(keys)
            pty.until(*shown)
        leave(pty)
        assert prompts(api) == ["hello", "stop", "grüße"]
    raw = pty.raw.decode()
    assert "Another model answered" in raw
    assert not re.search(r"\x1b\[[^m]*[A-Lhl]", raw)
    assert "claude-fable-5-2> hello\r\nasking claude-fable-5-2\r\n" in raw, "no blank line between"
    assert raw.endswith("avow chat --conversation 3\r\n")


def test_ctrl_z_suspends_as_a_shell_expects(home: Path) -> None:
    with Simulator("echo") as api:
        pty = in_pty(home, "--norc", "--noprofile", "-i", base_url=api.base_url, command=("bash",), PS1="$ ")
        pty.enter(f"{shlex.join(AVOW)} chat\r", PROMPT)
        pty.send("half \x1a")
        pty.settle("Stopped")
        pty.send("fg\r")
        pty.wait(lambda: pty.text.endswith(f"{PROMPT} half"))
        ask(pty, "and half")
        pty.enter(CTRL_D)
        pty.send("exit\r")
        pty.end()
    assert rows(home)[0]["prompt"] == "half and half"


def test_a_paste_whose_end_never_comes_locks_nothing(home: Path) -> None:
    """Whether Ctrl-C is read with it or after it."""
    with Simulator("echo") as api:
        pty = chat(home, api)
        pty.send("\x1b[200~torn\r")
        pty.read(0.3)
        pty.enter(CTRL_C)
        pty.enter(f"\x1b[200~torn\r{CTRL_C}")
        ask(pty, "after all")
        pty.send(CTRL_D)
        assert pty.end() == 0
    assert [row["prompt"] for row in rows(home)] == ["after all"]
