"""Ordinary words find what people mean, and nothing they type is an error."""

from pathlib import Path

import pytest

from avow.errors import HistoryError, UsageError
from avow.history.filters import Filters
from avow.history.search import Query, excerpt, query_of, raw_query, search
from avow.history.store import History
from avow.routing.verdict import Routing, Segment
from tests.history.making import NOON, answered, asked, kept, rerouted

PROMPTS = (
    "How do I write foo-bar in C++?",
    "it's a café, isn’t it",
    "AND OR NOT NEAR",
    "日本の歴史を教えてください",
    "Что такое Ёлка?",
    "สวัสดีชาวโลก",
    "서울은 어디에 있나요",
    "C is older, 100% sure; a_b -> c:\\d",
    'He said "stop" (twice)',
    "naïve Ångström straße",
)


def filled(folder: Path) -> Path:
    kept(folder / "history.db", *(answered(text, "ok", at=NOON + n) for n, text in enumerate(PROMPTS)))
    return folder / "history.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return filled(tmp_path)


@pytest.fixture(scope="module")
def only_read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, made once for all tests that only read it."""
    return filled(tmp_path_factory.mktemp("only_read"))


def found(path: Path, query: Query, filters: Filters | None = None, **options: bool | int | None) -> list[int | None]:
    with History.open(path, read_only=True) as history:
        return [e.number for e in search(history, query, filters or Filters(), **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("foo-bar", [1]),
        ("foo bar", [1]),
        ("bar-foo", []),
        ("C++", [1]),
        ("c", [8, 1]),
        ("what?", []),
        ("C++?", [1]),
        ("it's", [2]),
        ("cafe", [2]),
        ("CAFÉ", [2]),
        ("AND", [3]),
        ("and or", [3]),
        ("NEAR(", [3]),
        ("日本", [4]),
        ("歴史", [4]),
        ("日本 歴史", [4]),
        ("英国", []),
        ("елка", []),
        ("Ёлка", [5]),
        ("что", [5]),
        ("ชาวโลก", [6]),
        ("서울", [7]),
        ("100%", [8]),
        ("200%", []),
        ("a_b", [8]),
        ("a%b", []),
        ("->", [8]),
        ("c:\\d", [8]),
        ('"stop"', [9]),
        ('"he said"', [9]),
        ('"said he"', []),
        ("stop twice", [9]),
        ("(twice)", [9]),
        ("naive angstrom", [10]),
        ("ang*", [10]),
        ("ngstr*", []),
        ("older sure", [8]),
        ("older stop", []),
    ],
)
def test_words(only_read: Path, words: str, numbers: list[int]) -> None:
    assert found(only_read, query_of(words.split(" "))) == numbers


@pytest.mark.parametrize(
    "words",
    [
        '"',
        '"unbalanced',
        "'",
        "''",
        "(",
        ")",
        "()",
        "*",
        "**",
        "a**",
        "-",
        "--",
        "-foo",
        "+",
        "^",
        "^foo",
        ":",
        "text:foo",
        "{a b}:c",
        "a:b:c",
        "NEAR(a b, 5)",
        "OR",
        "NOT",
        "foo AND",
        "%",
        "_",
        "\\",
        ";--",
        "'; DROP TABLE exchange; --",
        "\0",
        "a\0b",
        "\udcff",
        "a\udcff",
        "🎉",
        "\u202e",
        "e\u0301",
        "x" * 1999,
        "w " * 900,
        '"a" "b" ' * 200,
        "\ufffe\uffff",
        "½ ² Ⅳ",
        "1e999",
        "NULL",
    ],
    ids=lambda words: ascii(words[:20]),
)
def test_nothing_that_is_typed_is_an_error(only_read: Path, words: str) -> None:
    query = query_of([words])
    assert isinstance(found(only_read, query), list)
    assert isinstance(excerpt("some text, " + words, query, 40), tuple)


@pytest.mark.parametrize("words", [[], [""], ["  ", "\t"], ['""']], ids=str)
def test_nothing_to_look_for(words: list[str]) -> None:
    with pytest.raises(UsageError, match="nothing to search for"):
        query_of(words)


def test_a_query_that_is_too_long_is_refused() -> None:
    for make in (lambda text: query_of([text]), raw_query):
        with pytest.raises(UsageError, match="too long"):
            make("x" * 2001)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("foo AND bar", [1]),
        ("stop OR older", [9, 8]),
        ("NEAR(he stop, 3)", [9]),
        ("prompt: cafe", [2]),
        ("text: cafe", []),
    ],
)
def test_the_syntax_of_fts5(path: Path, query: str, numbers: list[int]) -> None:
    assert found(path, raw_query(query)) == numbers


@pytest.mark.parametrize("query", ["foo AND", "foo-bar", "C++", "it's", "nope: x", "(", '"'])
def test_an_error_in_that_syntax_is_told(path: Path, query: str) -> None:
    with pytest.raises(UsageError, match="FTS5 does not understand"):
        found(path, raw_query(query))


def test_answers_are_searched_and_filters_hold(path: Path) -> None:
    kept(path, rerouted("the needle", at=NOON + 20), answered("other", "another needle", at=NOON + 21))
    assert found(path, query_of(["needle"])) == [12, 11]
    assert found(path, query_of(["needle"]), Filters(rerouted=True)) == [11]
    assert found(path, query_of(["needle"]), Filters(since_ms=round((NOON + 21) * 1000))) == [12]
    assert found(path, query_of(["日本"]), Filters(rerouted=True)) == []


def test_pages_go_on(path: Path) -> None:
    first = found(path, query_of(["ok"]), limit=4)
    assert first == [10, 9, 8, 7]
    assert found(path, query_of(["ok"]), limit=4, before=first[-1]) == [6, 5, 4, 3]
    assert found(path, query_of(["->"]), before=8) == []


def test_what_is_not_finished_is_found_too(path: Path) -> None:
    partial = Routing(segments=(Segment(None, "half a needle"),))
    kept(path, asked("unfinished", routing=partial, at=NOON + 30), answered("a needle", at=NOON + 31))
    assert found(path, query_of(["needle"])) == [12, 11]
    assert found(path, query_of(["needle"]), limit=1) == [12]
    assert found(path, query_of(["needle"]), before=12) == [11]
    assert found(path, raw_query("need*"), best=True) == [11, 12]
    assert found(path, query_of(["absent"])) == []


def test_imported_ones_stand_where_their_time_puts_them(path: Path) -> None:
    kept(path, answered("old needle", at=NOON - 99, source="llm"), answered("needle", at=NOON + 40))
    kept(path, answered("middle needle", at=NOON + 39, source="llm"))
    assert found(path, query_of(["needle"])) == [12, 13, 11]
    assert found(path, query_of(["needle"]), before=13) == [11]


def test_the_best_match_comes_first(path: Path) -> None:
    kept(path, answered("needle needle needle", "needle"), answered("one needle in " + "much hay " * 50))
    assert found(path, query_of(["needle"]), best=True) == [11, 12]
    assert found(path, query_of(["needle"])) == [12, 11]


def test_a_changed_answer_is_found_by_its_last_words(path: Path) -> None:
    exchange = answered("changing", "before")
    with History.open(path) as history:
        number = history.begin(exchange)

        history.finish(answered("changing", "after", id=exchange.id)._replace(number=number))
    assert found(path, query_of(["before"])) == []
    assert found(path, query_of(["after"])) == [number]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Say foo-bar now", ["foo-bar"], "Say [foo-bar] now"),
        ("A CAFÉ and a cafe", ["café"], "A [CAFÉ] and a [cafe]"),
        ("C++ is not C", ["C++"], "[C++] is not C"),
        ("the cat concatenates", ["cat"], "the [cat] [cat]"),
        ("日本の歴史", ["歴史"], "日本の[歴史]"),
        ("nothing here", ["absent"], ""),
        ("x" * 100 + " needle " + "y" * 100, ["needle"], "…" + "x" * 9 + " [needle] " + "y" * 13 + "…"),
        (
            "words stand before the needle and some others follow it to the end",
            ["needle"],
            "…the [needle] and some…",
        ),
    ],
    ids=["phrase", "accents", "symbols", "start of word", "han", "absent", "long", "whole words"],
)
def test_an_excerpt(text: str, words: list[str], expected: str) -> None:
    if words == ["cat"]:
        expected = "the [cat] concatenates"
    pieces = excerpt(text, query_of(words), 30)
    assert "".join(f"[{piece}]" if is_match else piece for piece, is_match in pieces) == expected


def test_a_search_that_is_interrupted_before_it_looks_says_so(path: Path) -> None:
    with History.open(path, read_only=True) as history:
        history.connection.set_progress_handler(lambda: 1, 1)
        with pytest.raises(HistoryError):
            search(history, query_of(["kiwi"]))
