"""`avow chat` with a person: in a real pty, against the simulator."""

import stat
from pathlib import Path

from avow.simulator.server import Simulator
from tests.history.making import kept, rerouted
from tests.running import in_pty, rows


def test_a_reroute_shows_the_panel_and_a_badge_with_both_models(home: Path) -> None:
    with Simulator("handover") as api:
        pty = in_pty(home, "chat", base_url=api.base_url)
        pty.settle("claude-fable-5-2>")
        pty.enter("hello\r", "[claude-opus-4-8] asked claude-fable-5-2", "Another model answered")
        pty.enter("again\r")
        assert pty.text.count("[claude-opus-4-8]") == 2
        pty.send("\x04")
        assert pty.end() == 0, pty.text
    first, second = rows(home)
    assert second["verdict"] == "fallback", second  # the simulator refuses a wrong replay with 400
    assert second["parent_id"] == first["id"]


def test_ctrl_c_stops_the_answer_keeps_it_and_the_chat_goes_on(home: Path) -> None:
    with Simulator(["stalled", "stalled", "requested"]) as api:
        pty = in_pty(home, "chat", base_url=api.base_url)
        pty.settle("claude-fable-5-2>")
        for question in ("one\r", "two\r"):
            pty.send(question)
            pty.until("A rebase")
            pty.enter("\x03", "interrupted; to see what is kept")
        pty.enter("three\r", "[claude-fable-5-2] ")
        pty.send("/quit\r")
        assert pty.end() == 0, pty.text
    assert [row["status"] for row in rows(home)] == ["interrupted", "interrupted", "complete"]


def test_a_stopped_answer_is_the_last_one(home: Path) -> None:
    """`/why` tells of it, and `/retry` asks its question again."""
    with Simulator(["echo", "stalled", "echo"]) as api:
        pty = in_pty(home, "chat", base_url=api.base_url)
        pty.settle("claude-fable-5-2>")
        pty.enter("one\r", "[claude-fable-5-2] ")
        pty.send("two\r")
        pty.until("A rebase")
        pty.enter("\x03", "interrupted; to see what is kept")
        pty.enter("/why\r", "Status: interrupted")
        pty.send("/retry\r/quit\r")
        assert pty.end() == 0, pty.text
    assert [row["prompt"] for row in rows(home)] == ["one", "two", "two"]
    assert [row["status"] for row in rows(home)] == ["complete", "interrupted", "complete"]


def test_a_model_switch_and_lines_of_alt_enter_and_paste(home: Path) -> None:
    with Simulator("echo") as api:
        pty = in_pty(home, "chat", base_url=api.base_url)
        pty.settle("claude-fable-5-2>")
        pty.enter("/model opus\r", "claude-opus-5-5>")
        pty.enter("one\x1b\rtwo\r", "[claude-opus-5-5]")
        pty.enter("\x1b[200~three\nfour\x1b[201~\r")
        pty.send("\x04")
        assert pty.end() == 0, pty.text
        models = [request.json["model"] for request in api.requests]
    assert models == ["claude-opus-5-5"] * 2
    assert [row["prompt"] for row in rows(home)] == ["one\ntwo", "three\nfour"]
    assert stat.S_IMODE((home / "data" / "chat_history").stat().st_mode) == 0o600


def test_what_is_typed_is_not_kept_without_history(home: Path) -> None:
    with Simulator("echo") as api:
        pty = in_pty(home, "chat", "--no-history", base_url=api.base_url)
        pty.settle("claude-fable-5-2>")
        pty.enter("secret\r", "[claude-fable-5-2]")
        pty.send("\x04")
        assert pty.end() == 0, pty.text
    assert not (home / "data" / "chat_history").exists()


def test_a_conversation_is_resumed_with_its_turns(home: Path) -> None:
    with Simulator("echo") as api:
        for arguments, question in ((("chat",), "first"), (("chat", "-c"), "second")):
            pty = in_pty(home, *arguments, base_url=api.base_url)
            pty.settle("claude-fable-5-2>")
            pty.enter(f"{question}\r", f"{question}\n[claude-fable-5-2]")
            pty.send("\x04")
            assert pty.end() == 0, pty.text
        assert "continuing conversation 1 (1 turn): first" in pty.text
        assert len(api.requests[-1].json["messages"]) == 3
    assert len({row["conversation_id"] for row in rows(home)}) == 1


def test_going_on_shows_the_last_turn_and_leaving_says_how_to_go_on(home: Path) -> None:
    (home / "data").mkdir()
    kept(home / "data" / "history.db", rerouted(prompt="Break in, please?", text="No."))
    with Simulator("requested") as api:
        pty = in_pty(home, "chat", "--conversation", "1", base_url=api.base_url)
        pty.until("continuing conversation 1", "claude-fable-5-2> Break in, please?\nBegun. No.\n[claude-opus-4-8]")
        pty.send("\x04")
        assert pty.end() == 0
    assert "to go on with this conversation: avow chat --conversation 1" in pty.text


def test_leaving_a_demo_says_how_to_go_on_with_it_and_not_with_the_api(home: Path) -> None:
    pty = in_pty(home, "chat", "--simulate", "echo")
    pty.settle("claude-fable-5-2>")
    pty.enter("hi\r", "hi\n[claude-fable-5-2]")
    pty.send("\x04")
    assert pty.end() == 0, pty.text
    assert "to go on with this conversation: avow chat --conversation 1 --simulate echo" in pty.text
