"""MLflow as a receiver, where it is installed (it takes 850 MB): `AVOW_TEST_MLFLOW` names its venv."""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import sealed_environment
from tests.running import run
from tests.telemetry.test_real_receiver import every_command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
VENV = os.environ.get("AVOW_TEST_MLFLOW")
PROGRAM = str(Path(VENV, "bin", "mlflow")) if VENV else shutil.which("mlflow")
EXPERIMENT = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a database of its own."""
    if PROGRAM is None:
        pytest.skip("mlflow is not installed: name its venv in AVOW_TEST_MLFLOW")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [PROGRAM, "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--port", str(port)]
    environ = {**sealed_environment(folder), "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*words, "--host", "127.0.0.1", "--workers", "1"],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environ, "PATH": f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}"},
            cwd=folder,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, server, folder / "log")
        yield url
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 240
    while True:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health").status_code == 200:
                return
        if server.poll() is not None or time.monotonic() > until:
            pytest.fail(log.read_text("utf-8", "replace")[-2000:])
        time.sleep(0.5)


def found(url: str, query: str = "") -> list[str]:
    """The ids of the traces that a query finds."""
    body: dict[str, Any] = {"locations": [EXPERIMENT], "max_results": 100, "filter": query}
    answer = httpx.post(f"{url}/api/3.0/mlflow/traces/search", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return sorted(trace["trace_id"] for trace in answer.json().get("traces", []))


def test_every_command_s_exchanges_are_found_again(home: Path, mlflow: str) -> None:
    """By either protocol, and once, though they are sent twice."""
    kept = every_command(home)
    ids = {row["id"]: f"tr-{row['id'].replace('-', '')}" for row in kept}
    for protocol in ("http/json", "http/protobuf"):
        target: dict[str, Any] = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": mlflow,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-mlflow-experiment-id=0",
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        }
        pushed = run(home, "history", "push", **target)
        assert pushed.status == 0, pushed.err
        assert f"{len(kept)} exchanges sent" in pushed.err.decode()
        with closing(sqlite3.connect(home / "data" / "history.db")) as connection, connection:
            connection.execute("DELETE FROM pushed")
        assert found(mlflow) == sorted(ids.values())
    rerouted = [ids[row["id"]] for row in kept if row["verdict"] == "fallback"]
    assert found(mlflow, "span.attributes.avow.verdict LIKE '%fallback%'") == sorted(rerouted) != []
    ended_badly = [ids[row["id"]] for row in kept if row["status"] in ("failed", "incomplete")]
    assert found(mlflow, "trace.status = 'ERROR'") == sorted(ended_badly) != []
