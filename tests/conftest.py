"""A sealed environment: no test sees the user's folders, keys, proxies or keyring, and forgetting is loud."""

import gc
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings

from tests.canary import CANARY as CANARY
from tests.canary import assert_unprinted, assert_unwritten
from tests.examples import up_to

sys.dont_write_bytecode = False  # or each worker of each run would rewrite the asserts of all tests (10 s)
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # jsonschema takes seconds for it, where it is there

# How fast a machine makes examples says nothing about the code: pytest's own time limit is enough.
settings.register_profile("avow", deadline=None, max_examples=up_to(100), suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("avow")

_CLEARED = (
    "ANTHROPIC_",
    "AVOW_",
    "XDG_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_",
    "FORCE_COLOR",
    "NO_COLOR",
    "CLICOLOR",
    "COLUMNS",
    "LINES",
    "PAGER",
    "LESS",
    "TTY_",
    "DBUS_",
    "DISPLAY",
    "WAYLAND_",
    "TMUX",
    "SSH_",
    "VISUAL",
    "EDITOR",
    "LLM_USER_PATH",
    "CLAUDE_CONFIG_DIR",
    "APPDATA",
    "PYTHON_KEYRING",
    "PYTHONDONTWRITEBYTECODE",  # or each process would compile all of avow once more
)


def pytest_configure() -> None:
    """What a shell ignores for a job in the background (nohup, `&`) is heard here: avow, rightly, would inherit it."""
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Workers import the tests from different ends: what one has rewritten the others read, instead of all rewriting
    the same file at the same time. What cannot be imported fails in the collection."""
    number, count = (os.environ.get(f"PYTEST_XDIST_WORKER{more}", "") for more in ("", "_COUNT"))
    if not number:
        return
    gc.disable()
    root = session.config.rootpath
    named = [root / argument for argument in session.config.args if "::" not in argument]
    files = sorted({path for one in named for path in (one.rglob("test_*.py") if one.is_dir() else [one])})
    first = len(files) * int(number.removeprefix("gw")) // int(count)
    for path in files[first:] + files[:first]:
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))


def pytest_collectstart() -> None:
    """Nothing of what is collected is garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on there is garbage again; what was collected is not searched for it again and again."""
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: many tests wait for a process, a terminal or a clock."""
    return len(os.sched_getaffinity(0)) + 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 2


def _environment() -> dict[Any, Any]:
    """All variables as `os.environ` holds them: coded. It is looked at for each test, and to decode and encode all of
    them again and again took a millisecond."""
    return vars(os.environ)["_data"]  # type: ignore[no-any-return]


@cache
def _is_kept(name: str) -> bool:
    return not name.upper().startswith(_CLEARED) and not name.lower().endswith("_proxy")


def sealed_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment for a process under test, with its folders below `home`."""
    name_of, value_of = os.environ.decodekey, os.environ.decodevalue
    kept = {name: value_of(value) for key, value in _environment().items() if _is_kept(name := name_of(key))}
    return {
        **kept,
        "HOME": str(home),
        "AVOW_CONFIG_DIR": str(home / "config"),
        "AVOW_DATA_DIR": str(home / "data"),
        "AVOW_CACHE_DIR": str(home / "cache"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        **more,
    }


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders numbered here: pytest's own numbering lists all of thousands of them to find the next (5 ms a test)."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / f"home{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def _sealed(_homes: Iterator[Path], request: pytest.FixtureRequest) -> Iterator[None]:
    """This process itself sees the sealed environment too; all is put back afterwards. What is left holds no key."""
    before = _environment().copy()
    folders = [next(_homes)]
    folders[0].mkdir(mode=0o700)
    sealed = sealed_environment(folders[0])
    if "tmp_path" in request.fixturenames:
        folders.append(request.getfixturevalue("tmp_path"))
    _put({os.environ.encodekey(name): os.environ.encodevalue(value) for name, value in sealed.items()})
    yield
    _put(before)
    assert_unwritten(folders)


def _put(environ: Mapping[Any, Any]) -> None:
    """Make this the environment, coded as `_environment` is; what is the same stays."""
    now = _environment()
    name_of, value_of = os.environ.decodekey, os.environ.decodevalue
    for key in now.keys() - environ.keys():
        del os.environ[name_of(key)]
    for key, value in environ.items() - now.items():
        os.environ[name_of(key)] = value_of(value)


@pytest.fixture
def tmp_path(_homes: Iterator[Path]) -> Path:
    """An empty folder, numbered as the homes are: here too pytest's own would list all that went before."""
    folder = next(_homes)
    folder.mkdir(mode=0o700)
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A worker tells how a test went, and of what stands before and after it only what failed: a third of the messages,
    each of which is coded, sent, read and handed round. Not where an option wants them all, or one at once."""
    options = item.config.option
    if "PYTEST_XDIST_WORKER" not in os.environ or options.maxfail or options.durations or options.xmlpath:
        return None
    place = {"nodeid": item.nodeid, "location": item.location}
    item.ihook.pytest_runtest_logstart(**place)
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(**place)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Nor does what a test prints itself."""
    report = yield
    assert_unprinted(*(text.encode() for _name, text in report.sections))
    return report


@pytest.fixture
def home() -> Path:
    """The sealed home folder of this test."""
    return Path(os.environ["HOME"])


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run of the tests share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, or one worker would be busy with it alone at the end; then what needs the SDK,
    so that not every worker imports it."""
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("index", "sdk")])
