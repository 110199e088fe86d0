"""A sealed environment: no test sees the user's folders, keys, proxies or keyring, and forgetting is loud."""

import gc
import importlib
import itertools
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings

from avow.simulator.server import Simulator
from tests.canary import CANARY as CANARY
from tests.canary import assert_unprinted, assert_unwritten
from tests.examples import up_to
from tests.kinds import be_strict

be_strict()
sys.dont_write_bytecode = False  # or each worker of each run would rewrite the asserts of all tests (10 s)
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # jsonschema takes seconds for it, where it is there

# How fast a machine makes examples says nothing about the code: pytest's own time limit is enough.
# Nor is a test red by chance: the same examples each time, others with AVOW_TEST_RANDOM.
settings.register_profile(
    "avow",
    deadline=None,
    derandomize="AVOW_TEST_RANDOM" not in os.environ,
    max_examples=up_to(100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("avow")
os.environ["TZ"] = "UTC"  # the hours that tests name are those of UTC, wherever they run
time.tzset()
os.umask(0o022)  # some CI has 0: then every user may change a config that a test writes, and avow says so
tempfile.gettempdir()  # and kept, before a test's own folder is that of the environment
Simulator.session = None if "AVOW_TEST_RANDOM" in os.environ else 1

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

_OF_PYTEST = "PYTEST_CURRENT_TEST"
"""Pytest sets it anew while a test runs, and removes it itself."""


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


def pytest_sessionfinish() -> None:
    """Pytest searches for garbage again before it ends. In a worker nobody hears of what it finds, and a worker that
    takes longer than five seconds to end is interrupted."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: many tests wait for a process, a terminal or a clock."""
    return len(os.sched_getaffinity(0)) + 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 2


@cache
def _is_kept(name: str) -> bool:
    return not name.upper().startswith(_CLEARED) and not name.lower().endswith("_proxy")


def sealed_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment for a process under test, with its folders below `home`."""
    return _sealed_in(os.environ, home, **more)


def _sealed_in(environ: Mapping[str, str], home: Path, **more: str) -> dict[str, str]:
    return {
        **{name: value for name, value in environ.items() if _is_kept(name)},
        "HOME": str(home),
        "TMPDIR": str(home),
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


@pytest.fixture(scope="session")
def _outside() -> dict[str, str]:
    """The environment in which the tests were started. It is read only once: to decode all of it takes longer than
    everything else that is done to seal a test."""
    environ = dict(os.environ)
    environ.pop(_OF_PYTEST, None)
    return environ


@pytest.fixture(autouse=True)
def _sealed(_homes: Iterator[Path], _outside: dict[str, str], request: pytest.FixtureRequest) -> Iterator[None]:
    """This process itself sees the sealed environment too; all is put back afterwards. What is left holds no key."""
    folders = [next(_homes)]
    folders[0].mkdir(mode=0o700)
    if "tmp_path" in request.fixturenames:
        folders.append(request.getfixturevalue("tmp_path"))
    replace_environment(_sealed_in(_outside, folders[0]), _outside)
    yield
    replace_environment(_outside, dict(os.environ))
    assert_unwritten(folders)


def replace_environment(environ: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Make the environment, which is `now`, that of `environ`; what is the same stays, and what is pytest's own. A
    fixture of several tests may have removed some of it."""
    for name in now.keys() - environ.keys() - {_OF_PYTEST}:
        os.environ.pop(name, None)
    for name, value in environ.items() - now.items():
        os.environ[name] = value


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
    wanted = options.maxfail or options.durations or options.xmlpath or options.setupshow or options.usepdb
    if "PYTEST_XDIST_WORKER" not in os.environ or wanted:
        return None
    hook, place = item.ihook, {"nodeid": item.nodeid, "location": item.location}
    hook.pytest_runtest_logstart(**place)
    if _reported(item, "setup", lambda: hook.pytest_runtest_setup(item=item)):
        _reported(item, "call", lambda: hook.pytest_runtest_call(item=item))
    if item.session.shouldfail or item.session.shouldstop:
        nextitem = None  # then all that is still set up is torn down, too
    _reported(item, "teardown", lambda: hook.pytest_runtest_teardown(item=item, nextitem=nextitem))
    if isinstance(item, pytest.Function):
        item.funcargs.clear()  # or every test would keep what its fixtures made
    hook.pytest_runtest_logfinish(**place)
    return True


def _reported(item: pytest.Item, when: Literal["setup", "call", "teardown"], run: Callable[[], None]) -> bool:
    """Whether it passed, and it is told if that matters. Raises what ends all tests."""
    call = pytest.CallInfo.from_call(run, when, reraise=(pytest.exit.Exception, KeyboardInterrupt))
    report = item.ihook.pytest_runtest_makereport(item=item, call=call)
    if when == "call" or not report.passed:
        item.ihook.pytest_runtest_logreport(report=report)
    return bool(report.passed)


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
