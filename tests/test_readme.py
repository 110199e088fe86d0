"""Every command of the README is run, and shows what the README shows."""

import re
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.running import shell

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"(?:<!-- answers: (\w+) -->\n)?```console\n(.*?)```", re.DOTALL)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0f01f0005000201a5f645400000000049454e44ae426082"
)


def blocks() -> list[tuple[str, str]]:
    return [(scenario or "requested", text) for scenario, text in BLOCK.findall(README.read_text(encoding="utf-8"))]


@pytest.fixture
def furnished(home: Path) -> Path:
    from pypdf import PdfWriter

    (home / "old.py").write_text("x = 1\n")
    (home / "new.py").write_text("x = 2\n")
    (home / "shot.png").write_bytes(PNG)
    (home / "colours.json").write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    paper = PdfWriter()
    paper.add_blank_page(200, 200)
    paper.write(home / "paper.pdf")
    return home


def test_there_are_commands() -> None:
    assert sum(text.count("\n$ ") + text.startswith("$ ") for _scenario, text in blocks()) > 15


@pytest.mark.parametrize(("scenario", "text"), blocks(), ids=lambda value: value.splitlines()[0][:40])
def test_the_commands_show_what_the_readme_shows(furnished: Path, scenario: str, text: str) -> None:
    with Simulator(scenario=scenario) as simulator:
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            ran = shell(furnished, f"exec 2>&1\n{command}", base_url=simulator.base_url)
            out = ran.out.decode()
            assert "avow: error" not in out, f"{command}\n{out}"
            assert re.fullmatch(_pattern(shown), out, re.DOTALL), f"{command}\n{out}"
            assert ran.status in (0, 10), f"{command}: {ran.status}\n{out}"


def _pattern(shown: str) -> str:
    """The lines shown; one of `…` alone stands for any lines, none included."""
    return "".join(".*" if line == "…" else re.escape(line) + "\n" for line in shown.splitlines())
