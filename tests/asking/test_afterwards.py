"""What a push gets that is started after an exchange; that it works is in `test_push_alone.py`."""

import os
from pathlib import Path

from avow.asking.afterwards import is_disabled, needed, push
from avow.files.locking import try_lock
from avow.paths import Paths
from tests.canary import CANARY


def test_no_key_goes_with_it(tmp_path: Path) -> None:
    environ = {
        "HOME": "/home/me",
        "ANTHROPIC_API_KEY": CANARY,
        "ANTHROPIC_CUSTOM_HEADERS": CANARY,
        "AVOW_HEADERS": CANARY,
        "AVOW_API_KEY_COMMAND": f"echo {CANARY}",
        "OTEL_SERVICE_NAME": "ci",
        "AVOW_TELEMETRY_HEADERS": '{X-Team = "docs"}',
        "https_proxy": "http://proxy:3128",
        "AWS_SECRET_ACCESS_KEY": CANARY,
    }
    assert needed(environ, Paths(Path("/c"), Path("/d"), Path("/e")), "work") == {
        "HOME": "/home/me",
        "OTEL_SERVICE_NAME": "ci",
        "AVOW_TELEMETRY_HEADERS": '{X-Team = "docs"}',
        "https_proxy": "http://proxy:3128",
        "AVOW_CONFIG_DIR": "/c",
        "AVOW_DATA_DIR": "/d",
        "AVOW_CACHE_DIR": "/e",
        "AVOW_PROFILE": "work",
    }


def test_none_is_started_beside_one_that_waits(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    queue = os.open(paths.push_queue, os.O_RDWR | os.O_CREAT)
    assert try_lock(queue)
    push({}, paths, None)
    os.close(queue)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["push.next"]


def test_a_folder_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    push({}, Paths(gone, gone, gone), None)
    assert not gone.exists()


def test_disabled() -> None:
    for value, is_so in (("true", True), (" TRUE ", True), ("1", False), ("", False), ("no", False)):
        assert is_disabled({"OTEL_SDK_DISABLED": value}) is is_so
    assert not is_disabled({})
