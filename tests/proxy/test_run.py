"""A run without a command. Runs with one are tested with the whole program (`commands/test_proxy`)."""

from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.proxy.recorder import NullRecorder
from avow.proxy.run import ProxyRun, ProxySetup, SideWorker, upstream
from tests import streams
from tests.proxy.calls import JUDGING
from tests.proxy.relaying import answer, post
from tests.proxy.talk import End, Send, Server, Until, connect, play

ASKED = b'{"model": "claude-fable-5-2", "messages": [{"role": "user", "content": "hi"}]}'


def passed(body: bytes, *, in_peace: bool) -> ProxyRun:
    """A run through which an answer with this body passed; `in_peace`: it was waited for."""
    with Server([Until(ASKED), Send(answer(body)), End("hear")]) as server:
        run = ProxyRun(ProxySetup(upstream(server.url, "--upstream"), JUDGING, {}, NullRecorder()))
        run.start()
        host, _, base = run.base_url.removeprefix("http://").partition("/")
        request = post(ASKED).replace(b"BASE", b"/" + base.encode()).replace(b"HOST", host.encode())
        play(connect(int(host.rpartition(":")[2])), [Send(request), Until(body[-20:]), End("fin")])
        if in_peace:
            run.finish()
        return run


def test_what_passes_is_in_the_account() -> None:
    run = passed(streams.sse(*streams.answer("Hello")), in_peace=True)
    assert run.close().counts == {"as_requested": 1}
    assert (run.refused, run.fault_words()) == (0, [])


def test_what_has_passed_is_in_the_account_of_a_run_that_ends_at_once() -> None:
    run = passed(streams.sse(*streams.answer("Hello" * 400_000)), in_peace=False)
    assert run.close().counts == {"as_requested": 1}


def test_a_run_that_never_started() -> None:
    run = ProxyRun(ProxySetup(upstream("http://127.0.0.1:9", "--upstream"), JUDGING, {}, NullRecorder()))
    assert run.close(["x"], 0).answers == []


def test_an_address_that_cannot_be_names_who_said_it() -> None:
    with pytest.raises(UsageError, match="ANTHROPIC_BASE_URL: it must begin with https"):
        upstream("nonsense", "ANTHROPIC_BASE_URL")


def test_faults_are_told_by_their_places() -> None:
    run = ProxyRun(ProxySetup(upstream("http://127.0.0.1:9", "--upstream"), JUDGING, {}, NullRecorder()))
    run.faults.append(ValueError("secret"))
    assert run.fault_words() == [
        "1 fault of avow's own while judging (ValueError); what passed was not touched",
    ]
    for _ in range(2):
        try:
            upstream("nonsense", "secret")
        except UsageError as error:
            run.faults.append(error)
    (words,) = run.fault_words()
    run.close()
    kinds = words.removeprefix("3 faults of avow's own while judging (ValueError, ")
    assert kinds.startswith("UsageError at proxy/run.py:")
    assert kinds.count("UsageError") == 1
    assert "secret" not in words


def test_a_port_that_is_taken() -> None:
    with Server([End("hear")]) as server:
        setup = ProxySetup(upstream(server.url, "--upstream"), JUDGING, {}, NullRecorder(), port=server.port)
        with pytest.raises(UsageError) as caught:
            ProxyRun(setup)
        connect(server.port).close()
    assert caught.value.message == f"cannot listen on port {server.port}: address already in use"
    assert caught.value.hint == "leave --port out"


def test_work_aside_is_done_in_order_and_waited_for() -> None:
    aside, done = SideWorker(), list[int]()
    aside.add(lambda: Path("/no/such/file").unlink())
    for number in range(3):
        aside.add(lambda number=number: done.append(number))  # type: ignore[misc]
    aside.close()
    assert done == [0, 1, 2]
    SideWorker().close()
