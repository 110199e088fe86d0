"""The user's editor, a real program; nothing that was written is lost."""

import stat
import tempfile
from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.terminal.editor import open_in_editor, written
from tests.programs import editor


@pytest.fixture(autouse=True)
def drafts(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files: what is in the usual one may be another program's."""
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    return home


def test_what_it_saved_is_in_a_private_file(tmp_path: Path) -> None:
    path = written("begun", {"EDITOR": editor(tmp_path, "text += ' and ended'")})
    assert path.read_text() == "begun and ended"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_visual_comes_before_editor(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("")
    open_in_editor(path, b"", {"VISUAL": editor(tmp_path, "text = 'x'"), "EDITOR": "false"})
    assert path.read_text() == "x"


@pytest.mark.parametrize(
    ("chosen", "words"),
    [("/nonexistent", "cannot be run"), ("'", "cannot be run"), ("false", "ended with status 1")],
)
def test_one_that_fails_is_an_error_and_leaves_nothing(chosen: str, words: str, drafts: Path) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        written("begun", {"EDITOR": chosen, "PATH": "/usr/bin:/bin"})
    assert caught.value.hint == "set VISUAL or EDITOR"  # nothing was written anywhere
    assert list(drafts.iterdir()) == []


def test_what_was_written_before_it_failed_stays(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ended with status 3") as caught:
        written("begun", {"EDITOR": editor(tmp_path, "text = 'half'; code = 3")})
    place = Path((caught.value.hint or "").removeprefix("what was written is in "))
    assert place.read_text() == "half"
