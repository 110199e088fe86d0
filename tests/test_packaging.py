"""Wheel and sdist build, are what an index takes, and install in a clean environment with pip, pipx and uv."""

import fcntl
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from avow import __version__
from tests.conftest import sealed_environment

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.timeout(600)
BUILDS = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import build, twine"], capture_output=True, check=False).returncode != 0,
    reason="build and twine are not installed",
)
_PATH = os.environ.get("PATH", os.defpath)
_NETWORK = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy") or "CERT" in name}


def index(shared: Path) -> dict[str, str]:
    """The environment of who installs from the package index: each file is fetched once in a run of the tests, and
    compiled only where it is imported."""
    return {**_NETWORK, "PIP_CACHE_DIR": str(shared / "pip-cache"), "PIP_NO_COMPILE": "1"}


PLACES = (
    "share/bash-completion/completions/avow",
    "share/zsh/site-functions/_avow",
    "share/fish/vendor_completions.d/avow.fish",
    "share/avow/avow.ps1",
    "share/man/man1/avow.1",
)


def do(*command: str, home: Path, **more: str) -> str:
    """Run a command to its end; raises AssertionError with what it said where it fails."""
    environ = {**sealed_environment(home), **_NETWORK, "PATH": _PATH, **more}
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environ, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(shared: Path) -> Path:
    """Built by the worker that needs it first."""
    folder = shared / "dist"
    with (shared / "dist.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            building = shared / "building"
            do(sys.executable, "-m", "build", "-q", "--no-isolation", "-o", str(building), str(ROOT), home=shared)
            do(sys.executable, "-m", "twine", "check", "--strict", *map(str, building.glob("avow-*")), home=shared)
            building.rename(folder)
    (found,) = folder.glob("*.whl")
    assert len(list(folder.glob("*.tar.gz"))) == 1
    return found


@BUILDS
def test_the_wheel_has_the_completions_and_the_man_page(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.startswith(f"avow-{__version__}-")
    for place in PLACES:
        assert f"avow-{__version__}.data/data/{place}" in names
    assert "avow/py.typed" in names


INSTALLS = {
    "pip": ("-m", "pip", "install", "-q"),
    "pipx": ("-m", "pipx", "install", "-q"),
    "uv": ("-m", "uv", "tool", "install", "-q", "--python", sys.executable),
}


@BUILDS
@pytest.mark.index
@pytest.mark.parametrize("name", INSTALLS)
def test_it_installs_and_answers(name: str, wheel: Path, home: Path, shared: Path) -> None:
    if name == "pip":
        folder = home / "venv"
        do(sys.executable, "-m", "venv", str(folder), home=home)
        do(str(folder / "bin" / "python"), *INSTALLS[name], str(wheel), home=home, **index(shared))
    else:
        do(sys.executable, *INSTALLS[name], str(wheel), home=home, **index(shared))
        folder = home / ".local"
    avow = folder / "bin" / "avow"
    assert do(str(avow), "--version", home=home) == f"avow {__version__}\n"
    assert do(str(avow), "--simulate", "requested", "hi", home=home).strip()
    environment = avow.resolve().parents[1]  # pipx and uv link to the one they made
    assert [place for place in PLACES if not (environment / place).is_file()] == []
    assert name != "pipx" or (folder / "share" / "man" / "man1" / "avow.1").is_file()
