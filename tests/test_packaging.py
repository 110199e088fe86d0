"""Wheel and sdist build, are what an index takes, and install in a clean environment with pip, pipx and uv."""

import fcntl
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from avow import __version__
from tests.conftest import sealed_environment

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.timeout(600)
BUILDS = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("build", "twine"))), reason="build and twine are not installed"
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
    """Built, twice and to the same bytes, by the worker that needs it first."""
    folder = shared / "dist"
    with (shared / "dist.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            building = shared / "building"
            more = {"PYTHON": sys.executable, "SOURCE_DATE_EPOCH": "1700000000"}
            do(str(ROOT / ".ci" / "build"), str(building), "--no-isolation", home=shared, **more)
            building.rename(folder)
    (found,) = folder.glob("*.whl")
    assert len(list(folder.glob("*.tar.gz"))) == 1
    return found


@BUILDS
@pytest.mark.slow
def test_the_wheel_has_the_completions_and_the_man_page(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.startswith(f"avow-{__version__}-")
    for place in PLACES:
        assert f"avow-{__version__}.data/data/{place}" in names
    assert "avow/py.typed" in names


@BUILDS
@pytest.mark.slow
def test_the_wheel_has_a_bill_of_materials(wheel: Path) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    written = zipfile.ZipFile(wheel).read(f"avow-{__version__}.dist-info/sboms/avow.cdx.json").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None
    made = subprocess.run(
        [sys.executable, "-c", "import sbom; print(sbom.text(), end='')"],
        cwd=ROOT / ".ci", capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert made.stdout == written, "python .ci/sbom.py"


def test_the_lock_names_all_that_is_needed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", one)[0]).lower() for one in wanted}
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / ".ci" / "tests.lock").read_text(), re.MULTILINE))
    assert names - set(locked) == set()
    ranges = {re.split(r"[^\w.-]", one)[0].lower(): one for one in project["dependencies"]}
    assert all(Version(locked[name]) in Requirement(one).specifier for name, one in ranges.items() if name in locked)


def test_the_release_builds_what_is_tested_and_publishes_only_that() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    scripts = [step["run"] for step in build["steps"] if "run" in step]
    assert ".ci/run" in scripts
    assert any(".ci/build dist" in script and "--require-hashes" in script for script in scripts)
    assert publish["needs"] == "build"
    assert not any("run" in step for step in publish["steps"])
    assert publish["permissions"] == {"id-token": "write"}


@pytest.mark.parametrize(("tag", "status"), [(f"v{__version__}", 0), ("v0.0.0", 1), (__version__, 1)])
def test_only_the_tag_of_the_version_is_released(tag: str, status: int, home: Path) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    (script,) = [
        step["run"] for step in workflow["jobs"]["build"]["steps"] if step.get("name") == "The tag is the version"
    ]
    environ = {**sealed_environment(home), "GITHUB_REF_NAME": tag}
    assert subprocess.run(["sh", "-ec", script], cwd=ROOT, env=environ, check=False).returncode == status


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
