"""A receiver that others wrote: what every command keeps arrives there, and is found again by a query."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from avow.simulator.server import Simulator
from tests.commands.test_proxy import ASK
from tests.conftest import sealed_environment
from tests.running import rows, run
from tests.streams import ASKED

FIND = """
WITH span AS (SELECT spanId, parentSpanId, name, status.code AS status, list_transform(attributes,
  lambda a: {'k': a.key, 'v': coalesce(a.value.stringValue, a.value.boolValue::VARCHAR)}) AS attributes
  FROM read_json($1, format = 'newline_delimited', ignore_errors = true) WHERE spanId IS NOT NULL),
told AS (SELECT *, map_from_entries(attributes) AS a FROM span)
SELECT a['avow.id'] AS id, a['avow.verdict'] AS verdict, a['avow.source'] AS source, a['error.type'] AS error, status,
  (SELECT count(*) FROM told AS hop WHERE hop.parentSpanId = told.spanId) AS hops
FROM told WHERE a['avow.id'] IS NOT NULL
"""


@pytest.fixture
def tap(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of oteltap, which takes protobuf alone, and the file with what it got."""
    pytest.importorskip("oteltap", reason="oteltap is not installed: pip install oteltap")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = tmp_path / "spans.jsonl"
    with file.open("wb") as out:
        words = [sys.executable, "-u", "-m", "oteltap", "--port", str(port)]
        receiver = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=sealed_environment(tmp_path))
    try:
        until = time.monotonic() + 20
        while b"Listening" not in file.read_bytes():
            if receiver.poll() is not None:
                pytest.skip(f"oteltap does not run here: {file.read_text('utf-8', 'replace')[-200:]}")
            assert time.monotonic() < until
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}", file
    finally:
        receiver.kill()
        receiver.wait()


def every_command(home: Path) -> list[dict[str, Any]]:
    """Ask by every command that keeps exchanges, one in vain; the rows that were kept."""
    with Simulator(["requested", "fallback", "refused", "requested", "requested", "fallback"]) as api:
        run(home, "hi", base_url=api.base_url)
        run(home, "--retries", "0", "hi", base_url=api.base_url)
        run(home, "chat", stdin=b"hi\n", base_url=api.base_url)
        run(home, "run", "--jobs", "1", stdin=b'"one"\n"two"\n', base_url=api.base_url)
        asking = [sys.executable, "-I", "-c", f"{ASK}ask({ASKED!r})"]
        run(home, "proxy", "--", *asking, base_url=api.base_url)
    run(home, "--retries", "0", "hi", base_url="http://127.0.0.1:9")
    kept = rows(home)
    assert len(kept) == 7
    return kept


def test_every_command_s_exchanges_are_found_again(home: Path, tap: tuple[str, Path]) -> None:
    url, file = tap
    kept = every_command(home)
    wanted = [
        (
            row["id"],
            row["verdict"],
            None if row["source"] == "avow" else row["source"],
            row["error_type"],
            2 if row["status"] in ("failed", "incomplete") else None,
            len(row["hops"]),
        )
        for row in kept
    ]
    assert {row[1] for row in wanted} >= {"as_requested", "fallback", "refused", None}
    pushed = run(
        home,
        "history",
        "push",
        OTEL_EXPORTER_OTLP_ENDPOINT=url,
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        TZ="UTC",
    )
    assert pushed.status == 0, pushed.err
    until = time.monotonic() + 10
    while file.read_bytes().count(b'"avow.id"') < len(kept) and time.monotonic() < until:
        time.sleep(0.02)
    found = duckdb.execute(FIND, [str(file)]).fetchall()
    assert sorted(found) == sorted(wanted)
