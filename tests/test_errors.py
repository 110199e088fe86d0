"""The error tree: each class has its exit status, its place in the docstring, and words for people."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from avow import errors
from avow.commands.typing_errors import TYPING_ERROR
from avow.errors import (
    AvowError,
    ConfigError,
    ExchangeError,
    Failure,
    Interrupted,
    ReaderGone,
    Rejected,
    UsageError,
    ended_by,
    meant,
    nearest,
    system_words,
    unknown_word,
)
from avow.exit_codes import ExitCode


def every_error() -> list[type[BaseException]]:
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BaseException)]
    return [value for value in found if value.__module__ == errors.__name__]


def test_the_docstring_is_the_tree() -> None:
    named = re.findall(r"^[│ ├└─]*([A-Z]\w+)  ", errors.__doc__ or "", re.MULTILINE)
    assert {*named, "AvowError"} == {error.__name__ for error in every_error()}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AvowError", 1),
        ("UsageError", 2),
        ("ConfigError", 2),
        ("CredentialsError", 3),
        ("FileError", 1),
        ("HistoryError", 1),
    ],
)
def test_exit_statuses(name: str, code: int) -> None:
    error = getattr(errors, name)("words", hint="do this")
    assert (error.exit_code, error.message, error.hint, str(error)) == (code, "words", "do this", "words")


def test_a_setting_is_caught_as_usage_and_a_signal_by_nothing_that_catches_errors() -> None:
    assert issubclass(ConfigError, UsageError)
    assert not issubclass(Interrupted, Exception)
    assert Interrupted(15).signal_number == 15


def test_a_failure_as_json() -> None:
    failure = Failure("overloaded_error", 529, "Overloaded")
    assert failure.as_json() == {"type": "overloaded_error", "status": 529, "message": "Overloaded"}


def test_an_exchange_error_carries_what_happened() -> None:
    failure = Failure("api_error", 500, "words")
    error = Rejected(failure, ExitCode.UNAVAILABLE, request_id="req_1", code="x", headers={"retry-after": "1"})
    assert isinstance(error, ExchangeError)
    assert isinstance(error, AvowError)
    assert (error.failure, error.exit_code, error.request_id, error.code) == (
        failure,
        ExitCode.UNAVAILABLE,
        "req_1",
        "x",
    )
    assert (str(error), error.sent, error.headers) == ("words", True, {"retry-after": "1"})


def test_what_ends_by_a_signal() -> None:
    assert isinstance(ended_by(13), ReaderGone)
    stop = ended_by(15)
    assert isinstance(stop, Interrupted)
    assert stop.signal_number == 15


NEAREST = {
    ("modl", ("model", "models.x")): "model",
    ("max-tokens", ("max_tokens",)): "max_tokens",
    ("Exit_Codes", ("exit-codes", "json")): "exit-codes",
    ("keep_days", ("history.keep_days", "model")): "history.keep_days",
    ("zzzzzz", ("model",)): None,
    ("", ("model",)): None,
    ("hello", ("help",)): "help",
}


@pytest.mark.parametrize(("word", "known"), NEAREST, ids=str)
def test_the_nearest_known_word(word: str, known: tuple[str, ...]) -> None:
    assert nearest(word, known) == NEAREST[word, known]
    assert nearest(word * 10_000, known) in (None, *known)


def test_a_word_that_is_not_sent_must_be_nearer() -> None:
    assert nearest("hello", ("help",), alike=TYPING_ERROR) is None
    assert nearest("histroy", ("history",), alike=TYPING_ERROR) == "history"


@pytest.mark.parametrize(
    ("word", "known"), [("chta", "chat"), ("wyh", "why"), ("how", None), ("tahc", None), ("tahw", None)]
)
def test_two_letters_that_changed_places_are_a_slip(word: str, known: str | None) -> None:
    assert nearest(word, ("chat", "why"), alike=TYPING_ERROR) == known


def test_what_may_have_been_meant_ends_the_sentence() -> None:
    assert meant("verdcit", ("verdict",), before="--by ") == "; did you mean --by verdict?"
    assert meant("hello", ("verdict",)) == ""


def test_an_unknown_word_is_told_what_it_may_be() -> None:
    error = unknown_word("falback", ("fallback", "refusal"), "scenario")
    assert error.message == "there is no scenario `falback`; did you mean fallback?"
    assert error.hint == "one of fallback, refusal"


def test_one_function_looks_for_the_nearest_word() -> None:
    """Another one would have another idea of what is near."""
    source = Path(errors.__file__).parent
    assert [path.name for path in source.rglob("*.py") if "difflib import" in path.read_text("utf-8")] == ["errors.py"]


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        (Path("/none/x").read_bytes, "no such file or directory"),
        (lambda: os.open("a\0b", 0), "it holds a NUL"),
    ],
    ids=["missing", "NUL"],
)
def test_the_systems_words_are_the_same_everywhere(tried: Callable[[], object], words: str) -> None:
    with pytest.raises((OSError, ValueError)) as caught:
        tried()
    assert system_words(caught.value) == words


def test_one_function_says_what_the_system_says_and_one_knows_the_home_folder() -> None:
    """Each of their many copies had another idea of a user who is not there, or of a NUL."""
    source = Path(errors.__file__).parent
    texts = {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in source.rglob("*.py")}
    assert {name for name, text in texts.items() if "expanduser(" in text} == {"paths.py"}
    # Without imports; and by number, for `gaierror` has numbers of its own.
    known = {"errors.py", "__main__.py", "proxy/upstream.py"}
    assert {name for name, text in texts.items() if "strerror" in text} == known
