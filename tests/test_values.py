"""Named tuples of avow's own beside those of `typing`, in all that is used of them."""

import copy
import pickle
from typing import NamedTuple as Known

import pytest

from avow.values import NamedTuple
from tests.kinds import COMMON


class Mine(NamedTuple):
    """One of each kind."""

    name: str
    size: int = 0
    parts: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Both."""
        return f"{self.name}{self.size}"


class Theirs(Known):
    """The same."""

    name: str
    size: int = 0
    parts: tuple[str, ...] = ()


class Other(NamedTuple):
    """Another kind with the same values."""

    name: str
    size: int = 0
    parts: tuple[str, ...] = ()


class Bare(NamedTuple):
    """Without a field."""


MADE = {
    "by place": (("a", 1, ("b",)), {}),
    "with defaults": (("a",), {}),
    "by name": ((), {"parts": ("c",), "name": "a"}),
    "mixed": (("a",), {"parts": ()}),
}
REFUSED = {
    "too many": (("a", 1, (), 4), {}),
    "one missing": ((), {"size": 1}),
    "unknown": (("a",), {"colour": 1}),
    "twice": (("a",), {"name": "b"}),
}


@pytest.mark.parametrize("case", MADE)
def test_one_is_made_as_typing_makes_it(case: str) -> None:
    values, named = MADE[case]
    mine, theirs = Mine(*values, **named), Theirs(*values, **named)  # type: ignore[arg-type]
    assert tuple(mine) == tuple(theirs)
    assert hash(mine) == hash(theirs)
    assert repr(mine) == repr(theirs).replace("Theirs", "Mine")
    assert mine._asdict() == theirs._asdict()
    assert tuple(mine._replace(size=9)) == tuple(theirs._replace(size=9))


@pytest.mark.parametrize("case", REFUSED)
def test_what_typing_refuses_is_refused(case: str) -> None:
    values, named = REFUSED[case]
    with pytest.raises(TypeError):
        Theirs(*values, **named)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Mine(*values, **named)  # type: ignore[arg-type]


def test_the_class_is_as_typing_has_it() -> None:
    assert Mine._fields == Theirs._fields == Mine.__match_args__
    assert Mine._field_defaults == Theirs._field_defaults
    assert type(Mine) is type
    assert Mine.__doc__ == "One of each kind."
    assert (Bare(), Bare._fields) == ((), ())
    assert Mine("a", 2).whole == "a2"
    match Mine("a", 5):
        case Mine(name, size=size):
            assert (name, size) == ("a", 5)


def test_one_can_be_copied_and_not_changed() -> None:
    one = Mine("a", 1, ("b",))
    assert copy.deepcopy(one) == copy.copy(one) == pickle.loads(pickle.dumps(one)) == one
    assert isinstance(copy.copy(one), Mine)
    assert Mine._make(["a", 1, ()]) == ("a", 1, ())
    with pytest.raises(AttributeError):
        one.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]
    with pytest.raises((TypeError, ValueError)):
        one._replace(colour=1)  # type: ignore[call-arg]


@pytest.mark.skipif(COMMON is None, reason="from 3.14 on they are those of `typing`")
def test_a_test_does_not_take_one_kind_for_another() -> None:
    one, alike = Mine("a"), Mine("a")
    other: object = Other("a")
    assert (one == other, one != other, [one] == [other]) == (False, True, False)
    assert (one == alike, one != alike) == (True, False)
    plain: object = ("a", 0, ())
    assert (one == plain, plain == one, one != plain, hash(one) == hash(plain)) == (True, True, False, True)
