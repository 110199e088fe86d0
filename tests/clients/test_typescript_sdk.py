"""The official TypeScript SDK behind `avow proxy`, beside the SDK alone."""

import os
from pathlib import Path

import pytest

from tests.clients import installed
from tests.clients.beside import EVERY_SCENE, FABLE, OPUS, OfItself, assert_every_scene, compared, interrupted, verdicts

MODULES = installed.node_modules()
ENVIRON = {"NODE_PATH": MODULES or ""}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(500),
    pytest.mark.skipif(MODULES is None, reason="needs the TypeScript SDK and Node (AVOW_TEST_CLIENTS)"),
]

SCRIPT = f"""
const Anthropic = require("@anthropic-ai/sdk");
const client = new Anthropic();
const [FABLE, OPUS] = ["{FABLE}", "{OPUS}"];
const said = (message) => message.content.map((block) => block.text ?? block.type);
const show = (message) => {{
  console.log(JSON.stringify([message.model, message.stop_reason, said(message), message.usage.output_tokens]));
  return message;
}};
async function ask(text, model = FABLE, turns = []) {{
  const messages = [...turns, {{ role: "user", content: text }}];
  try {{
    return show(await client.messages.stream({{ model, max_tokens: 4000, messages }}).finalMessage());
  }} catch (error) {{
    console.log(error.constructor.name, error.status);
  }}
}}
"""
ALL = """
(async () => {
  for (const text of ["one", "two", "three", "four"]) await ask(text);
  await ask("five");
  await ask("five", OPUS);
  await ask("six");
  await ask("seven");
  const turns = [];
  for (const content of ["eight", "nine", "ten"]) {
    const text = said(await ask(content, FABLE, turns)).filter((part) => part !== "fallback").join("");
    turns.push({ role: "user", content }, { role: "assistant", content: text });
  }
})();
"""


def test_every_scene(home: Path) -> None:
    command = ("node", "-e", SCRIPT + ALL)
    assert_every_scene(compared(home, command, EVERY_SCENE, served_by=OfItself, environ=ENVIRON))


def test_whole_answers_models_and_counting(home: Path) -> None:
    script = """
(async () => {
  const messages = [{ role: "user", content: "hi" }];
  show(await client.messages.create({ model: FABLE, max_tokens: 4000, messages }));
  console.log((await client.models.list()).data[0].id);
  console.log(await client.messages.countTokens({ model: FABLE, messages }));
})();
"""
    report = compared(home, ("node", "-e", SCRIPT + script), "requested", environ=ENVIRON)
    assert (verdicts(report), report["exit_code"]) == ([("as_requested", FABLE, FABLE)], 0)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_in_the_middle_of_a_stream(home: Path) -> None:
    script = """
const messages = [{ role: "user", content: "hi" }];
client.messages.stream({ model: FABLE, max_tokens: 4000, messages }).on("text", (text) => console.log(text));
"""
    interrupted(home, ("node", "-e", SCRIPT + script), ENVIRON)
