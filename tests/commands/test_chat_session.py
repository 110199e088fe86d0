"""`avow chat` where stdin is no terminal: a turn a line, and the gravest turn's exit status."""

from pathlib import Path

import pytest

from avow.commands.chat_typing import COMMANDS
from avow.simulator.server import Simulator
from tests.programs import editor, program
from tests.running import rows, run


@pytest.mark.parametrize(
    ("scenarios", "status"),
    [
        pytest.param(["requested", "requested"], 0, id="all as requested"),
        pytest.param(["handover", "requested"], 10, id="a fallback before"),
        pytest.param(["server_error", "handover"], 5, id="an error outranks a fallback"),
    ],
)
def test_ends_with_the_gravest_status_after_every_turn(home: Path, scenarios: list[str], status: int) -> None:
    with Simulator(scenarios) as api:
        ran = run(home, "chat", "--retries", "0", base_url=api.base_url, stdin=b"one\n\ntwo\n")
    assert ran.status == status, ran.lines
    assert len(rows(home)) == 2


def test_slash_commands_and_what_is_sent(home: Path) -> None:
    with Simulator("echo") as api:
        ran = run(home, "chat", base_url=api.base_url, stdin="//one\n/nothing\n/retry haiku\nü\r\n".encode())
    assert ran.out.decode() == "/one\n/one\nü\n"
    assert ran.status == 2
    assert ran.facts == ["avow: error: there is no command /nothing; nothing was sent"]
    first, second, third = rows(home)
    assert second["retry_of"] == first["id"]
    assert third["parent_id"] == second["id"]
    assert third["requested_model"] == first["requested_model"]


def test_a_slip_in_a_slash_command_is_told_and_exit_leaves_too(home: Path) -> None:
    ran = run(home, "chat", "--simulate", "echo", stdin=b"/wyh\n/whY\n/rtery\n/exit\nnot sent\n")
    assert (ran.status, ran.out) == (2, b"")
    asked = ["did you mean /why?", "did you mean /why?", "did you mean /retry?"]
    assert [line.rpartition("; ")[2] for line in ran.facts] == asked


def test_whatever_the_page_of_help_lists_is_obeyed(home: Path) -> None:
    ran = run(home, "chat", "--simulate", "echo", stdin="\n".join(COMMANDS).encode(), EDITOR="true")
    assert [line for line in ran.lines if "there is no command" in line] == [], "Chat._obey does not know it"


def test_settings_that_do_not_apply_are_named_once(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('extract = "first"\n')
    ran = run(home, "chat", "--simulate", "echo", stdin=b"one\ntwo\n", AVOW_SCHEMA="/nowhere", AVOW_REPORT="/nowhere/x")
    assert (ran.status, ran.out) == (0, b"one\ntwo\n")
    told = [line for line in ran.lines if "does not apply to a chat" in line]
    assert [line.split()[2] for line in told] == ["report", "extract", "schema"]
    assert "config.toml" in told[1]


def test_one_stand_in_serves_all_turns(home: Path) -> None:
    ran = run(home, "chat", "--simulate", "handover", stdin=b"one\ntwo\n")
    assert ran.status == 10
    badge = "avow: note: answered by claude-opus-4-8, requested claude-fable-5-2"
    assert ran.lines.count(badge) == 2
    assert len({row["base_url"] for row in rows(home)}) == 1


def test_files_wait_for_a_question_that_can_be_sent(home: Path) -> None:
    paths = [home / "one.txt", home / "two.txt"]
    for path in paths:
        path.write_bytes(b"x" * 20_000_000)
    typed = "".join(f"/file {path}\n" for path in paths) + "read them\nstill?\n/file\n/file\nhello\n"
    with Simulator("echo") as api:
        ran = run(home, "chat", base_url=api.base_url, stdin=typed.encode())
    assert (ran.status, ran.out) == (2, b"hello\n")
    assert [line.partition(" would have")[0] for line in ran.facts] == [
        "avow: error: the request",
        "avow: error: the request",
        "avow: error: /file needs a file",
    ]
    assert ran.lines.count(f"avow: note: still attached: {paths[0]}, {paths[1]}; /file alone detaches them") == 2
    assert ran.lines.count(f"avow: note: no longer attached: {paths[0]}, {paths[1]}") == 1


def test_a_new_conversation_another_system_prompt_and_a_question_from_the_editor(home: Path, tmp_path: Path) -> None:
    typed = b"one\n/system Be brief.\n/edit a draft\n/new\nthree\n/system\n"
    with Simulator("echo") as api:
        command = editor(tmp_path, "text += ', finished'")
        ran = run(home, "chat", base_url=api.base_url, stdin=typed, EDITOR=command)
        bodies = [request.json for request in api.requests]
    assert ran.status == 0, ran.lines
    assert [len(body["messages"]) for body in bodies] == [1, 3, 1]
    assert ["system" in body for body in bodies] == [False, True, True]
    first, second, third = rows(home)
    assert second["prompt"] == "a draft, finished"
    assert second["parent_id"] == first["id"]
    assert (third["parent_id"], third["conversation_id"] == first["conversation_id"]) == (None, False)
    assert ran.lines.count("avow: note: system prompt: Be brief.") == 2


def test_the_last_answer_is_copied(home: Path) -> None:
    path = program(home, "xclip", f"cat > '{home}/copied'")
    with Simulator("echo") as api:
        typed = b"/copy\nhello\n/copy\n"
        ran = run(home, "chat", base_url=api.base_url, stdin=typed, PATH=path, DISPLAY=":0")
    assert (home / "copied").read_text() == "hello"
    assert "avow: error: there is no answer to copy yet" in ran.lines
    assert "avow: note: the last answer is on the clipboard" in ran.lines
