"""`llm` with llm-anthropic behind `avow proxy`, beside `llm` alone."""

import os
from pathlib import Path

import pytest

from tests.clients import installed
from tests.clients.beside import EVERY_SCENE, OfItself, assert_every_scene, compared, interrupted

PYTHON = installed.python("llm")
ASKED = "claude-fable-5-1"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(500),
    pytest.mark.skipif(PYTHON is None, reason="needs llm with llm-anthropic (AVOW_TEST_CLIENTS)"),
]

# Its command line, several times in one process: to start it takes seconds.
SCRIPT = """
import os, pathlib
os.environ["LLM_USER_PATH"] = str(pathlib.Path.home() / "llm")
from llm.cli import cli
def llm(*words):
    try:
        cli(["prompt", *words], standalone_mode=False)
    except Exception as error:
        print(type(error).__name__, error)
def ask(text, model="claude-fable-5.1"):
    llm("-m", model, text)
"""
ALL = """
for text in ("one", "two", "three", "four"):
    ask(text)
ask("five")
ask("five", "claude-opus-4.8")
ask("six")
ask("seven")
ask("eight")
llm("-c", "nine")
llm("-c", "ten")
"""


def test_every_scene(home: Path) -> None:
    report = compared(home, (str(PYTHON), "-c", SCRIPT + ALL), EVERY_SCENE, served_by=OfItself)
    assert_every_scene(report, ASKED)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_in_the_middle_of_a_stream(home: Path) -> None:
    script = SCRIPT + "cli(['-m', 'claude-fable-5.1', 'hi'])"
    interrupted(home, (str(PYTHON), "-u", "-c", script))
