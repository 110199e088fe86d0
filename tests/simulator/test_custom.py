"""Scenario files of users: what they can say, and what they are told when they say it wrong."""

import contextlib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from avow.errors import UsageError
from avow.simulator import custom
from avow.simulator.scenarios import load
from avow.simulator.server import Simulator
from tests.examples import up_to
from tests.simulator.conftest import FALLBACK, ask, body

Start = Callable[..., Simulator]


def write(folder: Path, text: str | bytes, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_example_of_the_docstring_works(tmp_path: Path) -> None:
    assert custom.__doc__
    example = "\n".join(line[4:] for line in custom.__doc__.splitlines() if line.startswith("    "))
    assert set(tomllib.loads(example)) == {"summary", "delay", "first_delay", "hops", "fault", "headers"}
    scenario = load(write(tmp_path, example))
    assert scenario.name == "mine"
    assert (len(scenario.hops), scenario.hops[0].category, scenario.hops[1].delay) == (2, "cyber", 0.1)
    assert scenario.fault is not None
    assert (scenario.fault.kind, scenario.fault.after) == ("hangup", 12)


def test_every_key_is_named_in_the_docstring() -> None:
    assert custom.__doc__
    words = set(re.findall(r"[a-z_]+", custom.__doc__))
    for known in (custom._TOP, custom._HOP, custom._FAULT, custom._ERROR):
        assert set(known) <= words


def test_texts_and_headers_name_the_models(tmp_path: Path, simulate: Start) -> None:
    path = write(
        tmp_path,
        """
        model = "{served}-eu"
        request_id = false
        [headers]
        x-routed = "{requested} to {fallback}"
        [[hops]]
        declines = true
        text = "Before. "
        category = ""
        explanation = "No reason."
        [[hops]]
        text = "{model} on {question}"
        """,
    )
    answer = ask(simulate(str(path)), body(fallbacks="default"), betas=FALLBACK)
    assert answer.headers["x-routed"] == "claude-fable-5-2 to claude-opus-4-8"
    assert "request-id" not in answer.headers
    assert answer.json["model"] == "claude-opus-4-8-eu"
    assert answer.json["content"][0]["trigger"] == {"type": "refusal", "category": None}
    assert answer.json["content"][1]["text"] == "claude-opus-4-8 on rebase or merge?"
    refused = ask(simulate(path), body()).json
    assert refused["content"][0]["text"] == "Before. "
    assert refused["stop_details"]["explanation"] == "No reason."


def test_what_is_put_in_is_not_searched_again(tmp_path: Path, simulate: Start) -> None:
    path = write(tmp_path, '[[hops]]\ntext = "{question} {model}"\n')
    assert ask(simulate(path), body("{model} {nope}")).json["content"][0]["text"] == "{model} {nope} claude-fable-5-2"


def test_an_error_with_a_count(tmp_path: Path, simulate: Start) -> None:
    path = write(tmp_path, '[error]\nstatus = 503\nretry_after = 0.5\ntimes = 2\nmessage = "busy"\ncode = "c"\n')
    sim = simulate(path)
    answers = [ask(sim, body()) for _ in range(4)]
    assert [answer.status for answer in answers] == [503, 503, 200, 503]
    assert answers[0].headers["retry-after"] == "0.5"
    assert answers[0].json["error"] == {"type": "api_error", "message": "busy", "details": {"error_code": "c"}}


def test_a_second_hop_that_cannot_be_reached_is_recommended(tmp_path: Path, simulate: Start) -> None:
    path = write(tmp_path, "[[hops]]\ndeclines = true\n[[hops]]\nerror = {status = 529}\n")
    message = ask(simulate(path), body(fallbacks="default"), betas=FALLBACK).json
    assert message["stop_reason"] == "refusal"
    assert message["stop_details"]["recommended_model"] == "claude-opus-4-8"


def test_a_fault_after_so_many_pieces(tmp_path: Path, simulate: Start) -> None:
    path = write(tmp_path, '[fault]\nkind = "cut"\nafter = 3\n')
    events = ask(simulate(path), body(stream=True)).events
    assert sum(event["type"] == "content_block_delta" for event in events) == 3


def test_a_file_in_the_users_folder_has_a_name(tmp_path: Path, simulate: Start) -> None:
    write(tmp_path, 'summary = "mine"')
    assert load("mine", tmp_path).summary == "mine"
    assert ask(simulate("mine", folder=tmp_path), body()).status == 200


WRONG = {
    "unknown key": ("summry = 'x'", "there is no key 'summry'", "did you mean 'summary'?"),
    "unknown key in a hop": ("[[hops]]\n[[hops]]\ntekst = 'x'", "no key 'hops[2].tekst'", "did you mean 'text'?"),
    "unknown key, nothing near": ("zzz = 1", "no key 'zzz'", "known keys: summary"),
    "delay as text": ("delay = 'slow'", "delay must be seconds from 0 to 3600, not 'slow'", None),
    "delay below zero": ("delay = -1", "delay must be seconds", None),
    "delay not a number": ("delay = nan", "delay must be seconds", None),
    "no hops": ("hops = []", "hops must be one to four [[hops]] tables", None),
    "hops as text": ("hops = ['x']", "hops must be one to four", None),
    "declines as number": ("[[hops]]\ndeclines = 1", "hops[1].declines must be true or false, not 1", None),
    "kind": ("[fault]\nkind = 'boom'", "fault.kind must be one of cut, hangup", None),
    "after": ("[fault]\nafter = 1.5", "fault.after must be a whole number", None),
    "status": ("[error]\nstatus = 200", "error.status must be an HTTP status from 400 to 599", None),
    "hop error": ("[[hops]]\nerror = {stat = 1}", "no key 'hops[1].error.stat'", "did you mean 'status'?"),
    "header value": ('[headers]\nx-a = "a\\r\\nb: c"', "headers.x-a: a header needs", None),
    "header name": ('[headers]\n"x a" = "b"', "headers.x a: a header needs", None),
    "header of ours": ('[headers]\nContent-Length = "5"', "sets this header itself", None),
    "no toml": ("hops = [", "not TOML", None),
    "nested": ("a = " + "[" * 5000, "not TOML", None),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_files_are_told_where(case: str, tmp_path: Path) -> None:
    text, words, hint = WRONG[case]
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert hint is None or str(caught.value.hint).startswith(hint)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.toml", "there is no such file"),
        ("", "this is a folder"),
        ("nul\0.toml", "this is not a path"),
    ],
)
def test_a_file_that_cannot_be_read(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"scenario .*{words}"):
        load(str(tmp_path / name))


def test_a_name_that_is_too_long_for_a_file_is_a_name_nobody_has(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no scenario"):
        load("x" * 300, tmp_path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than avow reads"):
        load(write(tmp_path, b"#" * (1 << 20) + b"##"))


@settings(max_examples=up_to(150), deadline=None)
@given(raw=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_arbitrary_bytes_are_a_scenario_or_a_usage_error(raw: bytes) -> None:
    with TemporaryDirectory() as folder, contextlib.suppress(UsageError):  # any other exception is a failure
        load(write(Path(folder), raw, "arbitrary.toml"))


_ANY = st.recursive(
    st.booleans() | st.integers(-1, 700) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _tables(keys: dict[str, st.SearchStrategy[object]]) -> st.SearchStrategy[dict[str, object]]:
    """Tables of these keys with values that fit, or with any."""
    return st.fixed_dictionaries({}, optional={key: fits | _ANY for key, fits in keys.items()})


_WORDS, _FLAGS, _SECONDS = st.text(max_size=30), st.booleans(), st.floats(0, 9)
_ERRORS = _tables({"status": st.integers(400, 599), "type": _WORDS, "code": _WORDS, "retry_after": _SECONDS})
_HOPS = _tables(
    {"text": _WORDS, "thinking": _WORDS, "declines": _FLAGS, "category": _WORDS, "delay": _SECONDS, "error": _ERRORS}
)
_SCENARIOS = _tables(
    {
        "summary": _WORDS,
        "hops": st.lists(_HOPS, min_size=1, max_size=4),
        "fault": _tables({"kind": st.sampled_from(["cut", "stall"]), "after": st.integers(0, 9)}),
        "headers": st.dictionaries(st.sampled_from(["x-a", "x b", "connection"]), _WORDS),
        "error": _ERRORS,
        "model": _WORDS,
        "sticky": _FLAGS,
        "first_delay": _SECONDS,
    }
)


@settings(max_examples=up_to(300), deadline=None)
@given(table=_SCENARIOS)
def test_any_table_is_a_scenario_or_a_usage_error(table: dict[str, object]) -> None:
    try:
        text = tomli_w.dumps(table)
        tomllib.loads(text)
    except ValueError:
        return
    with TemporaryDirectory() as folder:
        path = write(Path(folder), text, "table.toml")
        try:
            scenario = load(path)
        except UsageError as error:
            assert str(path) in error.message  # noqa: PT017 - either is right
            return
    assert 1 <= len(scenario.hops) <= 4
    assert all(isinstance(hop.declines, bool) for hop in scenario.hops)
    assert scenario.error is None or 400 <= scenario.error.status < 600
