"""What goes into a prompt arrives as it is: the simulator's requests, decoded, are the files byte for byte."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from avow.simulator.server import RecordedRequest, Simulator
from tests import samples
from tests.in_part import crossed
from tests.running import rows, run, start

KINDS: dict[str, tuple[bytes, str, str]] = {
    "png": (samples.png(), "image", "image/png"),
    "jpeg": (samples.jpeg(), "image", "image/jpeg"),
    "gif": (samples.gif(), "image", "image/gif"),
    "webp": (samples.webp(), "image", "image/webp"),
    "pdf": (samples.pdf(), "document", "application/pdf"),
    "text": ("zażółć 🦊\n".encode(), "document", "text/plain"),
    "lines of all kinds": (b"\xef\xbb\xbf  a\r\n\tb\rc\n\n\xe2\x80\xa8d", "document", "text/plain"),
    "nothing but controls": (b"\x1b[31m\x07\x7f", "document", "text/plain"),
}
NAMES = {
    "spaces": "a name with spaces",
    "an emoji": "Füße 🦊.bin",
    "a leading dash": "-n",
    "an option": "--version",
    "quotes": "a'b\"c $x",
    "an at sign": "@file",
}


def blocks(request: RecordedRequest) -> list[dict[str, Any]]:
    """The blocks of the last user turn."""
    content: list[dict[str, Any]] = request.json["messages"][-1]["content"]
    return content


def decoded(block: dict[str, Any]) -> bytes:
    """The bytes of a file as they arrived."""
    source = block["source"]
    return base64.b64decode(source["data"]) if source["type"] == "base64" else source["data"].encode()


@pytest.mark.parametrize(("data", "kind", "media_type", "way"), crossed(KINDS, {"file": "file", "stdin": "stdin"}))
def test_every_kind_of_file_arrives_byte_for_byte(
    home: Path, way: str, data: bytes, kind: str, media_type: str
) -> None:
    path = home / "misleading.exe"
    path.write_bytes(data)
    given = {"file": (("-f", str(path)), None), "stdin": (("-f", "-"), data)}
    arguments, stdin = given[way]
    with Simulator() as api:
        ran = run(home, *arguments, "what is it?", base_url=api.base_url, stdin=stdin)
        (request,) = api.requests
    assert ran.status == 0, ran.err
    file, question = blocks(request)
    assert (file["type"], file["source"]["media_type"]) == (kind, media_type)
    assert decoded(file) == data
    assert question == {"type": "text", "text": "what is it?"}


def test_files_of_every_name_arrive_in_their_order(home: Path) -> None:
    for name in NAMES.values():
        (home / name).write_bytes(name.encode())
    arguments = [f"--file={name}" for name in NAMES.values()]
    with Simulator() as api:
        process = start(home, *arguments, "--", "-what are they?", base_url=api.base_url, cwd=home)
        _out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        (request,) = api.requests
    *documents, question = blocks(request)
    assert [document["title"] for document in documents] == list(NAMES.values())
    assert [decoded(document) for document in documents] == [name.encode() for name in NAMES.values()]
    assert question["text"] == "-what are they?"


def test_an_address_is_sent_as_it_is(home: Path) -> None:
    with Simulator() as api:
        ran = run(home, "-f", "https://example.invalid/a%20b.png", "and this?", base_url=api.base_url)
        (request,) = api.requests
    assert ran.status == 0
    assert blocks(request)[0] == {
        "type": "image",
        "source": {"type": "url", "url": "https://example.invalid/a%20b.png"},
    }


def test_the_files_of_earlier_turns_come_from_the_history(home: Path) -> None:
    paths = []
    for name in ("png", "pdf", "lines of all kinds"):
        paths.append(home / name)
        paths[-1].write_bytes(KINDS[name][0])
    with Simulator() as api:
        arguments = [argument for path in paths for argument in ("-f", str(path))]
        assert run(home, *arguments, "one", base_url=api.base_url, stdin=b"piped \r\n").status == 0
        for path in paths:
            path.unlink()
        assert run(home, "-c", "two", base_url=api.base_url).status == 0
        first, second = api.requests
    assert second.json["messages"][0] == first.json["messages"][0]
    sent = [decoded(block) for block in second.json["messages"][0]["content"][:-1]]
    assert sorted(sent) == sorted([b"piped \r\n", *(KINDS[path.name][0] for path in paths)])


@pytest.mark.parametrize("refused", ["latin-1", "utf-16", "zip", "too many pages", "too wide"])
def test_what_cannot_be_sent_is_named_and_nothing_is_sent(home: Path, refused: str) -> None:
    data, words = {
        "latin-1": (("Die Größe ist gemäß.\n" * 9).encode("latin-1"), "iconv -f"),
        "utf-16": ("\ufeffwords".encode("utf-16-le"), "UTF-16"),
        "zip": (samples.zipped("a"), "zip"),
        "too many pages": (samples.pdf(601), "600 pages"),
        "too wide": (samples.png(8001, 1), "8000×8000"),
    }[refused]
    path = home / "the file"
    path.write_bytes(data)
    with Simulator() as api:
        ran = run(home, "-f", str(path), "what is it?", base_url=api.base_url)
        assert api.requests == []
    assert ran.status == 2
    assert str(path) in ran.facts[0]
    assert words.lower() in ran.err.decode().lower(), ran.err
    assert rows(home) == []


@pytest.mark.slow
def test_text_at_the_limit_is_sent_whole_or_not_at_all(home: Path) -> None:
    """Never cut, least of all in the middle of a letter."""
    with Simulator() as api:
        fits = "ü" * (16 * 1024 * 1024 - 500)
        ran = run(home, stdin=fits.encode(), base_url=api.base_url)
        assert ran.status == 0, ran.err
        assert blocks(api.requests[-1])[0]["text"] == fits
        ran = run(home, stdin=f"{fits}{'ü' * 500}".encode(), base_url=api.base_url)
        assert ran.status == 2
        assert len(api.requests) == 1
    assert "33,554,432" in ran.err.decode()


def test_a_pipe_that_stays_open_is_not_waited_for_where_it_is_not_wanted(home: Path) -> None:
    """As under a supervisor that never closes it."""
    with Simulator() as api:
        process = start(home, "--no-stdin", "hi", base_url=api.base_url, stdin=subprocess.PIPE)
        assert process.wait(60) == 0  # it is never closed
        process.communicate()
        assert blocks(api.requests[-1]) == [{"type": "text", "text": "hi"}]


def test_the_conversation_last_used_goes_on_not_the_one_begun_last(home: Path) -> None:
    with Simulator() as api:
        for arguments in (("first",), ("second",), ("retry", "1"), ("-c", "more")):
            ran = run(home, *arguments, base_url=api.base_url)
            assert ran.status == 0, ran.err
        asked = [message["content"][-1]["text"] for message in api.requests[-1].json["messages"]]
    assert asked[::2] == ["first", "more"]
    assert "continuing conversation" in ran.lines[0]


def test_thinking_is_no_part_of_the_answer(home: Path) -> None:
    with Simulator("thinking") as api:
        ran = run(home, "--show-thinking", "hi", base_url=api.base_url)
        plain = run(home, "hi", base_url=api.base_url)
    (thought,) = [line for line in ran.lines if line and not line.startswith("avow: ")]
    assert thought.encode() not in ran.out
    assert ran.out == plain.out
    assert plain.err == b""
    assert thought not in str(rows(home)[-1]["text"])
