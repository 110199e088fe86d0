"""`--hold`: what is held, what passes, and what takes an answer's place."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from avow.proxy.head import AccessRule, parse
from avow.proxy.hold import AnswerHolder, Decision, withheld
from tests.proxy.relaying import LAST, STREAM, answer, chunk

GATE = AccessRule(b"s", {b"h"})
POST = parse(b"POST /s/v1/messages HTTP/1.1\r\nHost: h\r\n\r\n", GATE)
GET = parse(b"GET /s/v1/models HTTP/1.1\r\nHost: h\r\n\r\n", GATE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
ANSWER = STREAM + chunk(b"data: 1\n\n") + LAST


class Held:
    """A holder, what it passed on, and what is decided."""

    def __init__(self) -> None:
        self.passed = b""
        self.decisions: list[Future[Decision]] = []
        self.holder = AnswerHolder(self._write, self._decide)
        self.ended = False

    def _write(self, data: bytes) -> None:
        self.passed += data

    def _decide(self) -> Future[Decision]:
        self.decisions.append(Future())
        return self.decisions[-1]

    def end(self) -> None:
        self.holder.ended(self._end)

    def _end(self) -> None:
        self.ended = True


def run(work: Callable[[Held], None]) -> Held:
    held = Held()

    async def go() -> None:
        work(held)
        await asyncio.sleep(0.01)

    asyncio.run(go())
    return held


@pytest.mark.parametrize("size", [1, 999])
@pytest.mark.parametrize(("words", "wanted"), [(None, ANSWER), ("no", withheld("no"))])
def test_nothing_of_an_answer_passes_before_it_is_decided(size: int, words: Decision, wanted: bytes) -> None:
    def work(held: Held) -> None:
        held.holder.request(POST)
        data = CONTINUE + ANSWER
        for start in range(0, len(data), size):
            held.holder.response(data[start : start + size])
        assert held.passed == CONTINUE, "a client may wait for it before it sends its body"
        held.decisions[0].set_result(words)

    assert run(work).passed == CONTINUE + wanted


def test_what_asks_no_model_passes_as_it_comes() -> None:
    def work(held: Held) -> None:
        held.holder.request(GET)
        held.holder.response(answer(b"models")[:-3])
        assert held.passed == answer(b"models")[:-3]
        held.holder.response(b"els")

    assert run(work).passed == answer(b"models")


def test_answers_keep_their_order() -> None:
    def work(held: Held) -> None:
        for head in (POST, GET, POST):
            held.holder.request(head)
        held.holder.response(answer(b"1") + answer(b"2") + answer(b"3"))
        held.decisions[1].set_result(None)
        assert held.passed == b""
        held.decisions[0].set_result(None)

    assert run(work).passed == answer(b"1") + answer(b"2") + answer(b"3")


@pytest.mark.parametrize("status", ["400 Bad Request", "529 Overloaded"])
def test_the_api_s_own_errors_pass(status: str) -> None:
    def work(held: Held) -> None:
        held.holder.request(POST)
        held.holder.response(answer(b"{}", status))

    assert run(work).passed == answer(b"{}", status)


def test_a_redirect_does_not_pass() -> None:
    """Where the client would go then, nothing is held."""

    def work(held: Held) -> None:
        held.holder.request(POST)
        held.holder.response(answer(b"", "307 Temporary Redirect"))
        held.decisions[0].set_result("no")

    assert run(work).passed == withheld("no")


@pytest.mark.parametrize("data", [STREAM + chunk(b"data: 1\n\n"), b"\x00garbage"])
def test_what_is_cut_or_cannot_be_read_does_not_pass(data: bytes) -> None:
    def work(held: Held) -> None:
        held.holder.request(POST)
        held.holder.response(data)
        held.end()
        for decision in held.decisions:
            decision.set_exception(ZeroDivisionError())

    held = run(work)
    assert held.ended
    assert held.passed.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in held.passed


def test_a_body_that_ends_with_the_connection() -> None:
    def work(held: Held) -> None:
        held.holder.request(POST)
        held.holder.response(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        held.end()
        assert not held.ended
        held.decisions[0].set_result(None)

    held = run(work)
    assert held.passed == b"HTTP/1.1 200 OK\r\n\r\nall of it"
    assert held.ended


def test_the_error_has_the_api_s_own_shape() -> None:
    head, _, body = withheld("why").partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "avow withheld the answer: why"},
    }
