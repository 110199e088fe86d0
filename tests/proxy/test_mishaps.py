"""`avow proxy` as a process where the history cannot be written, and with large bodies: what passes is the same."""

import hashlib
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from avow.simulator.server import Simulator
from tests.running import rows, run, start
from tests.streams import ASKED

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits, and signals")

ASK = f"""
import hashlib, http.client, json, os, urllib.parse
base = urllib.parse.urlsplit(os.environ["ANTHROPIC_BASE_URL"])
def ask(body):
    connection = http.client.HTTPConnection(base.netloc)
    headers = {{"x-api-key": "k", "anthropic-version": "2023-06-01"}}
    connection.request("POST", base.path + "/v1/messages", body, headers)
    return connection.getresponse().read()
question = {{"model": {ASKED!r}, "max_tokens": 99, "stream": True, "messages": [{{"role": "user", "content": "hi"}}]}}
"""
THREE = ASK + "for _ in range(3): print(ask(json.dumps(question)).count(b'message_stop'), flush=True)"
"""Three questions, one after the other; each answer is whole."""


def told(err: bytes) -> list[str]:
    return [line for line in err.decode().splitlines() if line.startswith("avow: ")]


@pytest.mark.parametrize("made_before", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_full_disk(home: Path, made_before: bool) -> None:
    import resource

    with Simulator() as api:
        command = (sys.executable, "-I", "-c", THREE)
        before = 0
        if made_before:
            run(home, "proxy", "--", *command, base_url=api.base_url)
            before = len(rows(home))
        process = start(
            home,
            *("proxy", "--", *command),
            base_url=api.base_url,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        )
        out, err = process.communicate(timeout=60)
    assert out.split() == [b"2"] * 3
    first, *notes = told(err)
    assert first.startswith("avow: proxy: 3 answers: 3 as_requested; ")
    (note,) = notes
    assert note.startswith("avow: note: history not written: ")
    assert note.endswith("(3 answers)")
    assert b"Traceback" not in err
    assert process.returncode == 0
    if made_before:
        assert len(rows(home)) == before


@pytest.mark.slow
def test_a_locked_history(home: Path) -> None:
    with Simulator() as api:
        command = (sys.executable, "-I", "-c", THREE)
        run(home, "proxy", "--", *command, base_url=api.base_url)
        (file,) = home.rglob("history.db")
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        process = start(home, "proxy", "--", *command, base_url=api.base_url)
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == [b"2\n"] * 3  # while it is locked
        begun = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - begun < 10
        lock.execute("COMMIT")
        lock.close()
    assert out == b""
    first, note = told(err)
    assert first.startswith("avow: proxy: 3 answers: 3 as_requested; ")
    assert note.startswith("avow: note: history not written: ")
    assert note.endswith("(3 answers)")
    assert process.returncode == 0
    assert len(rows(home)) == 3


@contextmanager
def echoing() -> Iterator[str]:
    """A server that gives each body back; its address."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


LARGE = (
    ASK
    + """
import random
body = random.Random(1).randbytes(40_000_000)
back = ask(body)
print(len(back), hashlib.sha256(back).hexdigest(), hashlib.sha256(body).hexdigest())
"""
)


def test_a_body_of_40_mb_passes_byte_for_byte_both_ways(home: Path) -> None:
    with echoing() as url:
        ran = run(home, "proxy", "--", sys.executable, "-I", "-c", LARGE, base_url=url)
    size, back, sent = ran.out.split()
    assert (size, back) == (b"40000000", sent)
    assert len(sent) == len(hashlib.sha256().hexdigest())
    assert "faults of avow's own" not in ran.err.decode()
