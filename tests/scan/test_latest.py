import os
from collections.abc import Callable
from pathlib import Path

import pytest

from avow.scan import latest
from tests.scan.transcripts import FABLE, OPUS, SONNET, Record, answer, chose, in_bytes, notice, prompt, tool_result

FILLER = tool_result(toolUseResult={"stdout": "x" * 300_000})


def write(path: Path, *records: Record) -> int:
    with path.open("ab") as file:
        file.write(in_bytes(*records))
    return path.stat().st_size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s1.jsonl"


def test_the_first_look_begins_at_the_last_prompt(path: Path) -> None:
    end = write(path, prompt(), answer(FABLE), prompt("and?"), answer(OPUS), FILLER, answer(SONNET))
    found = latest.since(path, None)
    assert ([each.served_model for each in found.answers], found.end) == ([OPUS, SONNET], end)


def test_later_looks_begin_where_the_last_one_ended(path: Path) -> None:
    end = write(path, prompt(), answer(FABLE))
    write(path, answer(SONNET))
    with path.open("ab") as file:
        file.write(b'{"type":"assistant","message":{"mo')  # still being written
    found = latest.since(path, end)
    assert [each.served_model for each in found.answers] == [SONNET]
    assert found.end == path.stat().st_size - len(b'{"type":"assistant","message":{"mo')
    assert latest.since(path, found.end).answers == []
    assert latest.since(path, 10**9).answers != []  # the file is another one


def test_a_switch_far_above_still_counts(path: Path) -> None:
    end = write(path, notice(), answer(OPUS), prompt(), FILLER, answer(OPUS, requestedModel=OPUS))
    write(path, prompt("and?"), answer(OPUS, requestedModel=OPUS))
    for place in (None, end):
        [found] = latest.since(path, place).answers
        assert (found.requested_model, found.verdict) == (FABLE, "fallback")
    write(path, chose("Set model to claude-opus-4-8"), FILLER, prompt("then?"), answer(OPUS, requestedModel=OPUS))
    assert latest.since(path, None).answers[-1].verdict == "as_requested"


def test_words_about_a_switch_are_none(path: Path) -> None:
    quoted = tool_result(toolUseResult={"stdout": '{"subtype":"model_refusal_fallback"}'})
    write(path, quoted, prompt('what is "model_refusal_fallback"?'), answer(OPUS, requestedModel=OPUS))
    assert [each.verdict for each in latest.since(path, None).answers] == ["as_requested"]


def test_words_about_one_kind_of_switch_do_not_hide_another(path: Path) -> None:
    quoted = [tool_result(toolUseResult={"stdout": '{"subtype":"model_fallback"}'})] * 20
    write(path, notice(), answer(OPUS), *quoted, prompt("and?"), answer(OPUS, requestedModel=OPUS))
    assert [each.verdict for each in latest.since(path, None).answers] == ["fallback"]


def test_the_last_answer(path: Path) -> None:
    path.write_bytes(b"")
    assert latest.last(path) is None
    write(path, prompt())
    assert latest.last(path) is None
    write(path, answer(FABLE), FILLER, answer(SONNET), prompt("and?"), FILLER)
    found = latest.last(path)
    assert found is not None
    assert found.served_model == SONNET


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("kind", ["a pipe", "a folder"])
def test_what_may_never_end_is_not_read(kind: str, path: Path) -> None:
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    looks: tuple[Callable[[], object], ...] = (lambda: latest.since(path, None), lambda: latest.last(path))
    for look in looks:
        with pytest.raises(OSError, match="no ordinary file"):
            look()
