"""The README's picture shows what the program prints."""

import re
from pathlib import Path

import pytest

from tests.pictures.make import FOLDER, PICTURES, picture, seen, words


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_says_what_the_program_says(home: Path, name: str) -> None:
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    now = seen(home, name)
    assert "claude-opus-4-8" in now.plain
    assert words(kept) == words(picture(now))
    assert re.sub(r"\s", "", now.plain) in words(kept)


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_loads_nothing(name: str) -> None:
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\"\s<)]+", kept)) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}
