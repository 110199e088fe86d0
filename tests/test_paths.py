"""Where avow's folders are, and who may look into them."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from avow.paths import Paths, expanded, exposed, find, home, make_private
from tests.running import run

HOME = Path("/home/me")
CASES: dict[str, tuple[str, dict[str, str], tuple[str, str, str]]] = {
    "Linux": ("linux", {}, ("/home/me/.config/avow", "/home/me/.local/state/avow", "/home/me/.cache/avow")),
    "XDG": (
        "linux",
        {"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/k", "XDG_DATA_HOME": "/d"},
        ("/c/avow", "/s/avow", "/k/avow"),
    ),
    "relative and empty XDG values are ignored": (
        "linux",
        {"XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "", "XDG_CACHE_HOME": "./k"},
        ("/home/me/.config/avow", "/home/me/.local/state/avow", "/home/me/.cache/avow"),
    ),
    "our own variables outrank": (
        "linux",
        {"XDG_CONFIG_HOME": "/c", "AVOW_CONFIG_DIR": "/mine", "AVOW_DATA_DIR": "/data", "AVOW_CACHE_DIR": "/cache"},
        ("/mine", "/data", "/cache"),
    ),
    "macOS": (
        "darwin",
        {"XDG_CONFIG_HOME": "/c"},
        (
            "/home/me/Library/Application Support/avow",
            "/home/me/Library/Application Support/avow",
            "/home/me/Library/Caches/avow",
        ),
    ),
    "Windows": (
        "win32",
        {"APPDATA": "/roaming", "LOCALAPPDATA": "/local"},
        ("/roaming/avow", "/local/avow", "/local/avow/cache"),
    ),
}


@pytest.mark.parametrize("value", [{}, {"HOME": ""}, {"HOME": "here"}, {"HOME": "~"}, {"HOME": "./me"}], ids=str)
def test_a_home_that_is_no_place_is_the_account_s(value: dict[str, str]) -> None:
    assert home(value) == home({})
    assert all(folder.is_absolute() for folder in find(value, platform="linux"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become somebody else")
def test_a_user_without_an_account_has_no_folder() -> None:
    """As in a container that is run for a number."""
    code = "import os, pwd; from avow.paths import home; os.setuid(54321); print(home({}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"/\n"


@pytest.mark.parametrize("name", CASES)
def test_folders(name: str) -> None:
    platform, environ, folders = CASES[name]
    found = find({"HOME": str(HOME), **environ}, platform=platform)
    assert (found.config, found.data, found.cache) == tuple(Path(folder) for folder in folders)


def test_a_tilde_is_home_and_a_relative_folder_is_made_absolute() -> None:
    found = find({"HOME": str(HOME), "AVOW_CONFIG_DIR": "~/x", "AVOW_DATA_DIR": "here"})
    assert found.config == Path(os.environ["HOME"], "x")
    assert found.data == Path.cwd() / "here"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights of POSIX")
def test_a_config_that_others_may_change_is_said_so(home: Path) -> None:
    config = home / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('model = "claude-opus-4-8"\n')
    assert b"may change it" not in run(home, "--dry-run", "hi").err
    config.chmod(0o666)
    for arguments in (("--dry-run", "-q", "hi"), ("config", "list")):
        ran = run(home, *arguments)
        assert ran.status == 0
        assert b"every user of this machine may change it (mode 0666)" in ran.err, arguments
    assert exposed(home / "none") is None


def test_a_user_that_does_not_exist_is_no_traceback() -> None:
    assert find({"HOME": str(HOME), "AVOW_CONFIG_DIR": "~no-such-user-x/y"}).config.is_absolute()


def test_a_tilde_is_the_home_folder_unless_a_file_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert expanded("~/x") == Path("/home/me/x")
    assert expanded("~no-such-user-x/y") == Path("~no-such-user-x/y")
    Path("~x").touch()
    assert expanded("~x") == Path("~x")


def test_files() -> None:
    found = Paths(Path("/c"), Path("/d"), Path("/k"))
    assert (found.config_file, found.history_file) == (Path("/c/config.toml"), Path("/d/history.db"))


@pytest.mark.parametrize("mask", [0o022, 0o000, 0o077])
def test_folders_that_are_made_are_private_all_the_way(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        made = make_private(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    for folder in (made, made.parent, made.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    assert make_private(folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
