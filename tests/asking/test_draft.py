"""A prompt written in an editor, through the real program."""

import signal
from pathlib import Path

from avow.simulator.server import Simulator
from tests.programs import editor
from tests.running import row, rows, run, start


def test_the_prompt_is_what_the_editor_saved(home: Path, tmp_path: Path) -> None:
    with Simulator("echo") as api:
        command = editor(tmp_path, "text += ' or merge?\\n'")
        ran = run(home, "--edit", "rebase", base_url=api.base_url, EDITOR=command, stdin=b"some notes")
    assert ran.status == 0
    assert row(home)["prompt"] == "rebase or merge?\n"
    assert "some notes" in str(api.requests[0].json["messages"])


def test_an_empty_file_sends_nothing(home: Path, tmp_path: Path) -> None:
    with Simulator() as api:
        ran = run(home, "--edit", base_url=api.base_url, EDITOR=editor(tmp_path, "text = ' \\n'"))
    assert (ran.status, ran.out, api.requests) == (2, b"", [])
    assert ran.lines == ["avow: error: nothing was written in the editor, so nothing was sent"]


def test_what_cannot_be_sent_is_not_lost(home: Path, tmp_path: Path) -> None:
    ran = run(home, "--edit", EDITOR=editor(tmp_path, "text = 'a long question'"), ANTHROPIC_API_KEY="")
    assert ran.status == 3
    (place,) = [Path(line.partition("what you wrote is in ")[2]) for line in ran.lines if "what you wrote" in line]
    assert place.read_text() == "a long question"
    place.unlink()


def test_stdin_cannot_be_the_prompt_too(home: Path) -> None:
    ran = run(home, "--edit", "-", stdin=b"x", EDITOR="true")
    assert ran.status == 2
    assert rows(home) == []


def test_what_a_signal_interrupts_is_not_lost_either(home: Path, tmp_path: Path) -> None:
    command = editor(tmp_path, "text = 'a long question'")
    with Simulator("slow:0.3") as api:
        asked = start(home, "--edit", base_url=api.base_url, env={"EDITOR": command})
        assert asked.stdout is not None
        asked.stdout.read(1)
        asked.send_signal(signal.SIGINT)
        _out, err = asked.communicate(timeout=30)
    (place,) = [
        Path(line.partition("what you wrote is in ")[2]) for line in err.decode().splitlines() if "wrote" in line
    ]
    assert place.read_text() == "a long question"
    place.unlink()
