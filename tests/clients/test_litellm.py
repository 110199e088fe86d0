"""LiteLLM as a library behind `avow proxy`, beside it alone."""

import os
from pathlib import Path

import pytest

from tests.clients import installed
from tests.clients.beside import EVERY_SCENE, FABLE, OPUS, OfItself, assert_every_scene, compared, interrupted

PYTHON = installed.litellm()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(500),
    pytest.mark.skipif(PYTHON is None, reason="needs LiteLLM (AVOW_TEST_CLIENTS)"),
]

SCRIPT = f"""
import litellm
FABLE, OPUS = "{FABLE}", "{OPUS}"
def begin(text, model=FABLE, turns=()):
    messages = [*turns, {{"role": "user", "content": text}}]
    return litellm.completion(model="anthropic/" + model, messages=messages, max_tokens=4000, stream=True)
def ask(text, model=FABLE, turns=(), tries=1):
    said = ""
    try:
        for chunk in begin(text, model, turns):
            said += chunk.choices[0].delta.content or ""
            ended = chunk.choices[0].finish_reason
        print(chunk.model, ended, said)
    except Exception as error:
        print(type(error).__name__, said)
        if tries > 1:
            return ask(text, model, turns, tries - 1)
    return said
"""
ALL = """
for text in ("one", "two", "three", "four"):
    ask(text)
ask("five")
ask("five", OPUS)
ask("six", tries=3)
ask("seven")
turns = []
for text in ("eight", "nine", "ten"):
    turns += [{"role": "user", "content": text}, {"role": "assistant", "content": ask(text, turns=turns)}]
"""


def test_every_scene(home: Path) -> None:
    assert_every_scene(compared(home, (str(PYTHON), "-c", SCRIPT + ALL), EVERY_SCENE, served_by=OfItself))


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_in_the_middle_of_a_stream(home: Path) -> None:
    script = SCRIPT + "for chunk in begin('hi'): print(chunk.choices[0].delta.content, flush=True)"
    interrupted(home, (str(PYTHON), "-c", script))
