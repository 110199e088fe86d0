"""The man page, as groff and man read it; its text is held by `test_shells`."""

import subprocess
from pathlib import Path

from tests.reference.generate import FOLDER
from tests.reference.test_shells import needs, shell_environment


@needs("groff")
def test_groff_finds_nothing_wrong_with_the_man_page(home: Path) -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-z", str(FOLDER / "avow.1")],
        capture_output=True,
        env=shell_environment(home),
        timeout=60,
        check=True,
    )
    assert done.stderr == b""


@needs("man")
@needs("groff")
def test_man_shows_the_page(home: Path) -> None:
    done = subprocess.run(
        ["man", "-P", "cat", "-l", str(FOLDER / "avow.1")],
        capture_output=True,
        env={**shell_environment(home), "MANWIDTH": "80", "GROFF_NO_SGR": "1"},
        timeout=60,
        check=True,
    )
    text = subprocess.run(["col", "-b"], input=done.stdout, capture_output=True, check=True).stdout.decode()
    assert done.stderr == b""
    for words in ("EXIT STATUS", "--fallback default|none|MODEL", "avow history list", "every model asked declined"):
        assert words in text
