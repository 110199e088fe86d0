"""Pydantic AI behind `avow proxy`, beside it alone."""

import os
from pathlib import Path

import pytest

from tests.clients import installed
from tests.clients.beside import EVERY_SCENE, FABLE, OPUS, OfItself, assert_every_scene, compared, interrupted

PYTHON = installed.python("pydantic-ai")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(500),
    pytest.mark.skipif(PYTHON is None, reason="needs Pydantic AI (AVOW_TEST_CLIENTS)"),
]

SCRIPT = f"""
import asyncio
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
agents = {{name: Agent(AnthropicModel(name)) for name in ("{FABLE}", "{OPUS}")}}
async def ask(text, model="{FABLE}", turns=None):
    said = ""
    try:
        async with agents[model].run_stream(text, message_history=turns) as answer:
            async for piece in answer.stream_text(delta=True, debounce_by=None):
                said += piece
        print(answer.response.model_name, answer.response.finish_reason, said, answer.usage)
        return answer.all_messages()
    except Exception as error:
        print(type(error).__name__, said)
"""
ALL = f"""
async def main():
    for text in ("one", "two", "three", "four"):
        await ask(text)
    await ask("five")
    await ask("five", "{OPUS}")
    await ask("six")
    await ask("seven")
    turns = None
    for text in ("eight", "nine", "ten"):
        turns = await ask(text, turns=turns)
asyncio.run(main())
"""


def test_every_scene(home: Path) -> None:
    assert_every_scene(compared(home, (str(PYTHON), "-c", SCRIPT + ALL), EVERY_SCENE, served_by=OfItself))


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_in_the_middle_of_a_stream(home: Path) -> None:
    script = (
        SCRIPT
        + f"""
async def main():
    async with agents["{FABLE}"].run_stream("hi") as answer:
        async for piece in answer.stream_text(delta=True, debounce_by=None):
            print(piece, flush=True)
asyncio.run(main())
"""
    )
    interrupted(home, (str(PYTHON), "-c", script))
