"""The README's picture shows what the program prints."""

import re
from pathlib import Path

from tests.pictures.make import FOLDER, picture, seen, words


def test_the_picture_says_what_the_program_says(home: Path) -> None:
    kept = (FOLDER / "fallback.svg").read_text(encoding="utf-8")
    now = seen(home)
    assert "Another model answered" in now.plain
    assert words(kept) == words(picture(now))
    assert re.sub(r"\s", "", now.plain) in words(kept)


def test_the_picture_loads_nothing() -> None:
    kept = (FOLDER / "fallback.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"\s<)]+", kept)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}
