"""A finished answer is checked: within its time, and only once its row is whole."""

import json
import signal
import time
from pathlib import Path

from tests.raw_server import RawServer, http
from tests.running import row, rows, run, start

SLOW = {"type": "string", "pattern": "^([a-z ,.]+)+$|^([^0]+)+0$|^(.+)+0$"}
BODY = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-8", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": json.dumps("a" * 40 + "!")}], "usage": {"input_tokens": 1, "output_tokens": 1},
}  # fmt: skip


def _schema(home: Path) -> str:
    path = home / "slow.json"
    path.write_text(json.dumps(SLOW))
    return str(path)


def test_a_pattern_that_takes_for_ever_ends_at_the_deadline(tmp_path: Path) -> None:
    with RawServer(http(json.dumps(BODY).encode())) as server:
        begun = time.monotonic()
        options = ("-m", "claude-opus-4-8", "--deadline", "2", "--schema", _schema(tmp_path))
        ran = run(tmp_path, *options, "hello", base_url=server.url)
        assert time.monotonic() - begun < 20
    assert ran.status == 9
    assert "whether it fits is not known" in ran.err.decode()
    assert json.loads(ran.out) == "a" * 40 + "!"
    assert row(tmp_path)["status"] == "complete"
    assert row(tmp_path)["exit_code"] == 9


def test_a_signal_during_the_check_finds_the_row_finished(tmp_path: Path) -> None:
    with RawServer(http(json.dumps(BODY).encode())) as server:
        options = ("-m", "claude-opus-4-8", "--schema", _schema(tmp_path))
        process = start(tmp_path, *options, "hello", base_url=server.url)
        until = time.monotonic() + 20
        while not any(one["status"] == "complete" for one in rows(tmp_path)):
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert row(tmp_path)["status"] == "interrupted"
