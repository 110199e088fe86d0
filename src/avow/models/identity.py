"""Whether two model names mean the same model: same, different or unknown."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avow.models.names import ClaudeName, ForeignName, Spelling

_NOBODY: Mapping[str, Sequence[str]] = MappingProxyType({})


class Identity(StrEnum):
    """Whether two names mean the same model."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


def compare(requested: str, served: str | None, same_models: Mapping[str, Sequence[str]] = _NOBODY) -> Identity:
    """Whether the model that was asked for and the one a response names are the same.

    `same_models` is what the user vouches for, `{name: [names of the same model]}`. What it says about these two names
    outranks the names themselves; what follows from it through a third name counts only where the names alone give
    UNKNOWN. A name is the same as itself; a blank one is UNKNOWN. The order of the two names makes no difference.
    """
    if served is None or not requested.strip() or not served.strip():
        return Identity.UNKNOWN
    if vouched(requested, served, same_models):
        return Identity.SAME
    plain = _compare_plain(requested, served)
    return _compare_vouched(requested, served, same_models) if plain is Identity.UNKNOWN and same_models else plain


def vouched(requested: str, served: str, same_models: Mapping[str, Sequence[str]]) -> bool:
    """Whether these two names are the same only because the user says so."""
    if not same_models or _compare_plain(requested, served) is Identity.SAME:
        return False
    for key, listed in same_models.items():
        for one, other in ((requested, served), (served, requested)):
            if _compare_plain(key, one) is Identity.SAME and any(
                _compare_plain(name, other) is Identity.SAME for name in listed
            ):
                return True
    return False


def _compare_plain(left: str, right: str) -> Identity:
    """What the two names say by themselves."""
    if left == right:
        return Identity.SAME if left.strip() else Identity.UNKNOWN
    from avow.models import names  # deferred: equal names need nothing of it: start-up

    a, b = names.Spelling.of(left), names.Spelling.of(right)
    if not a.folded or not b.folded:
        return Identity.UNKNOWN
    if a.folded == b.folded:
        return Identity.SAME
    one = names.claude_of(a) or names.foreign_of(a)
    two = names.claude_of(b) or names.foreign_of(b)
    match one, two:
        case names.ClaudeName(), names.ClaudeName():
            same = (one.line, one.version) == (two.line, two.version)
            return _by_date(one, two) if same else Identity.DIFFERENT
        case names.ForeignName(), names.ForeignName():
            return _compare_foreign(one, two)
        case None, None:
            return Identity.SAME if _is_one_private_name(a, b) else Identity.UNKNOWN
        case (None, _) | (_, None):
            return Identity.UNKNOWN
        case _:
            return Identity.DIFFERENT


def _is_one_private_name(a: "Spelling", b: "Spelling") -> bool:
    """Whether two private names differ only in a carrier, such as `openrouter/`, that one of them begins with."""
    if not a.core or a.core != b.core or (a.carrier and b.carrier):
        return False
    from avow.models.names import FLOATING

    return FLOATING.isdisjoint(re.split("[-/]", a.core))


def _by_date(one: "ClaudeName", two: "ClaudeName") -> Identity:
    """Two names of the same line and version: SAME if at most one has a date, or the dates are equal. Different dates
    are two snapshots, unless one of them is a router's own date."""
    if not (one.date and two.date) or one.date == two.date:
        return Identity.SAME
    return Identity.DIFFERENT if one.router_date is two.router_date else Identity.UNKNOWN


def _compare_foreign(one: "ForeignName", two: "ForeignName") -> Identity:
    """Two models of other makers. Within one family, names with different tokens are often aliases: UNKNOWN."""
    if one.family != two.family:
        return Identity.DIFFERENT
    same = one.tokens == two.tokens and (one.date == two.date or None in (one.date, two.date))
    return Identity.SAME if same else Identity.UNKNOWN


def _compare_vouched(requested: str, served: str, same_models: Mapping[str, Sequence[str]]) -> Identity:
    """What follows from `same_models` through a third name: whether what the two names stand for is the same."""
    left, right = _stands_for(requested, same_models), _stands_for(served, same_models)
    answers = {_compare_plain(a, b) for a in left or [requested] for b in right or [served]}
    return answers.pop() if len(answers) == 1 else Identity.UNKNOWN


def _stands_for(name: str, same_models: Mapping[str, Sequence[str]]) -> list[str]:
    """The models that a private name stands for, as the user says; none for a name of a public model."""
    from avow.models.names import Spelling, claude_of, foreign_of

    spelling = Spelling.of(name)
    if claude_of(spelling) or foreign_of(spelling):
        return []
    names: list[str] = []
    for key, listed in same_models.items():
        if _compare_plain(key, name) is Identity.SAME:
            names += listed
        elif any(_compare_plain(other, name) is Identity.SAME for other in listed):
            names.append(key)
    return names
