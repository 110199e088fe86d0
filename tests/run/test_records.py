"""The forms of a file of prompts."""

import io

import pytest

from avow.errors import UsageError
from avow.run.records import ItemRecord, form_of, read, read_document


def records(form: str, data: bytes) -> list[ItemRecord]:
    return list(read(form, io.BytesIO(data), "f"))


NAMES = {"a.jsonl": "jsonl", "a.CSV": "csv", "a.tsv": "tsv", "a.txt": "lines", "a.toml": "toml", "-": "jsonl"}


@pytest.mark.parametrize("path", NAMES)
def test_the_form_is_that_of_the_name(path: str) -> None:
    assert form_of(path, None) == NAMES[path]
    assert form_of(path, "tsv") == "tsv"


@pytest.mark.parametrize(("said", "words"), [(None, "what form"), ("jsonnl", "did you mean jsonl")])
def test_an_unknown_form_is_an_error(said: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        form_of("a.doc", said)


TEXTS: dict[str, tuple[bytes, list[tuple[int, dict[str, object]]]]] = {
    "lines": (b"\xef\xbb\xbfone\r\n\n two\n", [(1, {"prompt": "one"}), (3, {"prompt": " two"})]),
    "jsonl": (b'"a"\n\n{"id": 3, "prompt": "b"}\n', [(1, {"prompt": "a"}), (3, {"id": 3, "prompt": "b"})]),
    "csv": (b'id,prompt\n1,"a\nb"\n2,c\n', [(2, {"id": "1", "prompt": "a\nb"}), (4, {"id": "2", "prompt": "c"})]),
    "tsv": (b'prompt\tfiles\na\t"[""x"",""y""]"\n', [(2, {"prompt": "a", "files": ["x", "y"]})]),
}


@pytest.mark.parametrize("form", TEXTS)
def test_each_record_has_its_line(form: str) -> None:
    data, expected = TEXTS[form]
    assert [(record.line, record.fields) for record in records(form, data)] == expected


def test_the_other_columns_of_a_table_are_apart() -> None:
    assert records("csv", b"prompt,city\na,Rome\n") == [ItemRecord(2, {"prompt": "a"}, {"city": "Rome"})]


@pytest.mark.parametrize(
    ("form", "data", "words"),
    [
        pytest.param("jsonl", b'"a"\n{"a":\n', "f:2: this is not JSON", id="broken"),
        pytest.param("jsonl", b"9" * 5000, "a number has too many digits", id="too-many-digits"),
        pytest.param("jsonl", b"[1]\n", "f:1: a line must be", id="a-list"),
        pytest.param("lines", b"a\n\xff\n", "f:2: this is not UTF-8", id="not-utf-8"),
        pytest.param("csv", b"a,b\n1\n", "f:2: there are 1 fields", id="too-few"),
        pytest.param("csv", b"a,a\n1,2\n", "f:1: two columns", id="twice"),
        pytest.param("csv", b'a\n"x\n', "f:2: the table is broken", id="open-quote"),
        pytest.param("csv", b"prompt,vars\na,{\n", "f:2: `vars` is not JSON", id="vars"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(form: str, data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        records(form, data)


def test_a_suite_has_defaults_and_items() -> None:
    text = b'[defaults]\nmodel = "opus"\n\n[[item]]\nprompt = "a"\n[[item]]\nprompt = "b"\n'
    found = read_document(io.BytesIO(text), "f")
    assert dict(found.defaults) == {"model": "opus"}
    assert found.lines == {"model": 2}
    assert [(record.line, record.fields["prompt"]) for record in found.records] == [(4, "a"), (6, "b")]


@pytest.mark.parametrize("data", [b"x = 1\n", b"item = 1\n", b"[[item]\n", b'[default]\nmodel="a"\n'])
def test_a_suite_that_is_none(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"^f:"):
        read_document(io.BytesIO(data), "f")
