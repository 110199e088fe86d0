import os
from collections.abc import Callable
from pathlib import Path

import pytest

from avow.scan import latest
from tests.scan.transcripts import (
    FABLE,
    OPUS,
    SONNET,
    Record,
    answer,
    chose,
    handover,
    in_bytes,
    notice,
    prompt,
    tool_result,
)

FILLER = tool_result(toolUseResult={"stdout": "x" * 300_000})


def write(path: Path, *records: Record) -> int:
    with path.open("ab") as file:
        file.write(in_bytes(*records))
    return path.stat().st_size


def at(second: int) -> str:
    return f"2026-11-23T18:01:{second:02}.000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s1.jsonl"


def test_the_first_look_begins_at_the_last_prompt(path: Path) -> None:
    end = write(path, prompt(), answer(FABLE), prompt("and?"), answer(OPUS), FILLER, answer(SONNET))
    found = latest.since(path, None)
    assert ([each.served_model for each in found.answers], found.place.end) == ([OPUS, SONNET], end)


def test_what_the_client_wrote_does_not_begin_a_look(path: Path) -> None:
    write(path, prompt(), answer(FABLE), prompt("the client's", isMeta=True), answer(OPUS))
    assert [each.served_model for each in latest.since(path, None).answers] == [FABLE, OPUS]


def test_later_looks_begin_where_the_last_one_ended(path: Path) -> None:
    write(path, prompt(), answer(FABLE))
    seen = latest.since(path, None).place
    write(path, answer(SONNET))
    with path.open("ab") as file:
        file.write(b'{"type":"assistant","message":{"mo')  # still being written
    found = latest.since(path, seen)
    assert [each.served_model for each in found.answers] == [SONNET]
    assert found.place.end == path.stat().st_size - len(b'{"type":"assistant","message":{"mo')
    assert latest.since(path, found.place).answers == []


def test_a_long_turn_is_read_whole(path: Path) -> None:
    write(path, prompt(), answer(FABLE))
    seen = latest.since(path, None).place
    write(path, answer(SONNET), *[FILLER] * 60, answer(OPUS))  # 18 MB
    assert [each.served_model for each in latest.since(path, seen).answers] == [SONNET, OPUS]


@pytest.mark.parametrize("how", ["replaced", "written anew", "cut", "made anew"])
def test_of_a_file_that_is_another_one_what_is_newer_counts(path: Path, how: str) -> None:
    write(path, prompt(), answer(FABLE, timestamp=at(1)), prompt("and?"), answer(OPUS, timestamp=at(2)))
    seen = latest.since(path, latest.since(path, None).place).place
    records = [prompt(), answer(FABLE, timestamp=at(1)), answer(OPUS, timestamp=at(2)), answer(SONNET, timestamp=at(3))]
    if how == "replaced":
        os.link(path, path.with_suffix(".old"))  # so that its number cannot be given again
        other = path.with_suffix(".new")
        write(other, prompt("?" * 1000), *records)
        other.replace(path)
    elif how == "cut":
        path.write_bytes(in_bytes(records[-1]))
    elif how == "made anew":
        data = path.read_bytes()
        path.rename(path.with_suffix(".old"))
        path.write_bytes(data)
        write(path, records[-1])
    else:
        path.write_bytes(in_bytes(prompt("?" * 1000), *records))
    found = latest.since(path, seen)
    assert [each.served_model for each in found.answers] == [SONNET]
    assert latest.since(path, found.place).answers == []
    write(path, prompt("then?"), answer(OPUS, timestamp=at(4)))
    assert [each.served_model for each in latest.since(path, found.place).answers] == [OPUS]


def test_a_switch_far_above_still_counts(path: Path) -> None:
    write(path, notice(), answer(OPUS), prompt(), FILLER, answer(OPUS, requestedModel=OPUS))
    place = latest.since(path, None).place
    for _ in range(2):  # the second time nothing between the two looks says it
        write(path, prompt("and?"), answer(OPUS, requestedModel=OPUS))
        for seen in (None, place):
            found = latest.since(path, seen)
            assert [(each.requested_model, each.verdict) for each in found.answers] == [(FABLE, "fallback")]
        place = found.place
    write(path, chose("Set model to claude-opus-4-8"), FILLER, prompt("then?"), answer(OPUS, requestedModel=OPUS))
    for seen in (None, place):
        assert latest.since(path, seen).answers[-1].verdict == "as_requested"


def test_what_an_earlier_look_searched_is_not_searched_again(path: Path) -> None:
    write(path, notice(), answer(OPUS), prompt(), answer(OPUS, requestedModel=OPUS))
    place = latest.since(path, None).place
    write(path, prompt("and?"), answer(OPUS, requestedModel=OPUS))
    [found] = latest.since(path, place._replace(choices=())).answers
    assert found.verdict == "as_requested"


def test_the_last_answer_of_a_long_file_needs_one_search(path: Path) -> None:
    write(path, notice(), answer(OPUS), *[FILLER] * 80, prompt(), answer(OPUS, requestedModel=OPUS))  # 24 MB
    found, place = latest.last(path)
    assert found is not None
    assert place is not None
    assert (found.verdict, [name for name, _ in place.choices]) == ("fallback", ['"model_refusal_fallback"'])
    write(path, *[FILLER] * 20, prompt(), answer(OPUS, requestedModel=OPUS))
    for seen, verdict in ((place, "fallback"), (place._replace(choices=()), "as_requested")):
        found, after = latest.last(path, seen)
        assert found is not None
        assert after is not None
        assert (found.verdict, after.end > seen.end) == (verdict, True)
    path.write_bytes(path.read_bytes()[:-1000].replace(b"model_refusal_fallback", b"model_refusal_fallbacc"))
    found, _ = latest.last(path, place)
    assert found is not None
    assert found.verdict == "as_requested"


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
    assert latest.last(path) == (None, None)
    write(path, prompt())
    assert latest.last(path) == (None, None)
    write(path, answer(FABLE), FILLER, answer(SONNET), prompt("and?"), FILLER)
    found, _ = latest.last(path)
    assert found is not None
    assert found.served_model == SONNET


def test_the_last_answer_is_read_from_its_first_record_on(path: Path) -> None:
    """However much a tool printed while it arrived."""
    same = {"id": "m", "requestId": "r", "requestedModel": FABLE}
    write(path, prompt(), answer(OPUS, handover(), **same), *[FILLER] * 5, answer(OPUS, **same))
    found, _ = latest.last(path)
    assert found is not None
    assert (found.verdict, "content[0].to.model" in dict(found.evidence)) == ("fallback", True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("kind", ["a pipe", "a folder"])
def test_what_may_never_end_is_not_read(kind: str, path: Path) -> None:
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    looks: tuple[Callable[[], object], ...] = (lambda: latest.since(path, None), lambda: latest.last(path))
    for look in looks:
        with pytest.raises(OSError, match="not a regular file"):
            look()
