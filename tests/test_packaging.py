"""Wheel and sdist build, are what an index takes, and install in a clean environment with pip, pipx and uv."""

import os
import shutil
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


def do(*command: str, home: Path) -> str:
    """Run a command to its end; raises AssertionError with what it said where it fails."""
    environ = {**sealed_environment(home), **_NETWORK, "PATH": _PATH}
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environ, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    do(sys.executable, "-m", "build", "-q", "--no-isolation", "-o", str(folder), str(ROOT), home=folder)
    do(sys.executable, "-m", "twine", "check", "--strict", *map(str, folder.glob("avow-*")), home=folder)
    (found,) = folder.glob("*.whl")
    assert len(list(folder.glob("*.tar.gz"))) == 1
    return found


@BUILDS
def test_the_wheel_has_the_completions_and_the_man_page(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.startswith(f"avow-{__version__}-")
    for place in (
        "share/bash-completion/completions/avow",
        "share/zsh/site-functions/_avow",
        "share/fish/vendor_completions.d/avow.fish",
        "share/man/man1/avow.1",
    ):
        assert f"avow-{__version__}.data/data/{place}" in names
    assert "avow/py.typed" in names


@BUILDS
@pytest.mark.slow
def test_pip_installs_it(wheel: Path, home: Path) -> None:
    venv = home / "venv"
    do(sys.executable, "-m", "venv", str(venv), home=home)
    do(str(venv / "bin" / "pip"), "install", "-q", str(wheel), home=home)
    assert do(str(venv / "bin" / "avow"), "--version", home=home) == f"avow {__version__}\n"
    assert (venv / "share" / "man" / "man1" / "avow.1").is_file()


@BUILDS
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pipx") is None, reason="pipx is not installed")
def test_pipx_installs_it(wheel: Path, home: Path) -> None:
    do("pipx", "install", str(wheel), home=home)
    assert do(str(home / ".local" / "bin" / "avow"), "--version", home=home) == f"avow {__version__}\n"


@BUILDS
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_uv_installs_it(wheel: Path, home: Path) -> None:
    do("uv", "tool", "install", "-q", str(wheel), home=home)
    assert do(str(home / ".local" / "bin" / "avow"), "--version", home=home) == f"avow {__version__}\n"
