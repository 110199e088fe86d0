"""Where the statements of a TOML text stand."""

import tomllib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.settings.toml_lines import line_of, split_key, statements

TEXT = '''\
# a comment = 1
model = "opus" # with "quotes"
stop = [
  "a]", # ] no end
  'b"',
]
long = """
x = 1
[not a table]
\\"""
""""
raw = \'\'\'
[also] = "not"\'\'\'

[ history ]
enabled = false
[prices."claude-x.1"]
"input" = 3
aliases.'a.b' = { c = "}", d = [1, 2] } # end
[[odd]]
k = 1
'''

LINES = {
    ("model",): 2,
    ("stop",): 3,
    ("long",): 7,
    ("raw",): 12,
    ("history",): 15,
    ("history", "enabled"): 16,
    ("prices",): 17,
    ("prices", "claude-x.1", "input"): 18,
    ("prices", "claude-x.1", "aliases", "a.b", "c"): 19,
    ("odd", "k"): 21,
}


@pytest.mark.parametrize("path", LINES, ids=".".join)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_each_statement_has_its_line(path: tuple[str, ...], ending: str) -> None:
    assert line_of(path, statements(TEXT.replace("\n", ending))) == LINES[path]


def test_what_is_not_there_has_no_line() -> None:
    assert line_of(("nothing",), statements(TEXT)) is None


def test_values_are_cut_out_whole() -> None:
    raw: dict[str, Any] = tomllib.loads(TEXT)
    for one in statements(TEXT):
        if not one.is_header and one.path[0] in ("model", "stop", "long", "raw"):
            assert tomllib.loads("v = " + TEXT[one.value : one.value_end])["v"] == raw[one.path[0]]


def test_the_statements_cover_the_text_in_order() -> None:
    found = statements(TEXT)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert found[-1].end == len(TEXT)


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.lists(st.text()), max_size=5))
def test_any_file_that_tomli_w_writes_is_understood(table: dict[str, object]) -> None:
    import tomli_w

    try:
        text = tomli_w.dumps(table)
        tomllib.loads(text)
    except (UnicodeEncodeError, ValueError):
        return
    text = text.replace("\r", "")
    assert [one.path for one in statements(text)] == [(name,) for name in tomllib.loads(text)]


def test_a_dotted_key_is_split_as_toml_does() -> None:
    assert split_key("prices.'claude-4.8' . input") == ("prices", "claude-4.8", "input")
    for wrong in ("", "a..b", "a b", ".a", "a.", 'a."b'):
        with pytest.raises(ValueError):
            split_key(wrong)
