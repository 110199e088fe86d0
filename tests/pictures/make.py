"""The README's pictures, from the real program in a pty: python -m tests.pictures.make"""

import io
import re
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.running import in_pty

FOLDER = Path(__file__).parent
PICTURES = ("fallback", "handover")
SIZE = (22, 88)


def seen(home: Path, scenario: str) -> Text:
    """What stands on the terminal after the question, with its styles."""
    pty = in_pty(home, "--simulate", scenario, "rebase or merge?", size=SIZE)
    assert pty.end() == 10
    screen = pty.screen
    text = Text(f'$ avow --simulate {scenario} "rebase or merge?"\n')
    for y in range(SIZE[0]):
        for x in range(SIZE[1]):
            cell = screen.buffer[y][x]
            color = None if cell.fg == "default" else cell.fg.replace("brown", "yellow")
            color = f"#{color}" if color and re.fullmatch("[0-9a-f]{6}", color) else color
            text.append(cell.data, Style(color=color, bold=cell.bold))
        text.append("\n")
    text.rstrip()
    return text


def picture(text: Text) -> str:
    """The SVG, which loads nothing from elsewhere."""
    console = Console(record=True, width=SIZE[1], file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(text, soft_wrap=True)
    svg = console.export_svg(title="avow", unique_id="avow")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def words(svg: str) -> str:
    """The text of a picture, without spaces: an SVG sets each run of it at a place of its own."""
    found = (node.text or "" for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))
    return re.sub(r"\s", "", "".join(found))


if __name__ == "__main__":
    for name in PICTURES:
        with tempfile.TemporaryDirectory() as folder:
            (FOLDER / f"{name}.svg").write_text(picture(seen(Path(folder), name)), encoding="utf-8")
