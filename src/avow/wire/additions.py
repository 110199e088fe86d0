"""What avow adds to a request unasked, and which of it a 4xx of the endpoint refuses, so that it is left out."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from avow.errors import Failure
from avow.wire.caching import MARK, has_marks, unmarked
from avow.wire.failure import status_of
from avow.wire.json_value import JsonObject
from avow.wire.request import CREDIT_BETA, FALLBACK_BETA, FAST_BETA, SUMMARIES, Endpoint, Request, betas_for


class Addition(NamedTuple):
    """One thing that is sent or left out as a whole: a `field` of the body with its `beta` token, a beta token alone, a
    `header`, or the `marks` for the cache. With `only`, a field of another value is the user's own, and stays. `words`
    is a regular expression, found in the message of an error that refuses it."""

    name: str
    words: str
    field: str | None = None
    beta: str | None = None
    header: str | None = None
    only: object = None
    marks: bool = False


ADDITIONS: tuple[Addition, ...] = (
    # LiteLLM's errors say "Fallbacks=None" and name a page with "#fallbacks", whatever they are about.
    Addition("fallbacks", r"(?<!model group )(?<!#)\bfallbacks\b(?!=)", field="fallbacks", beta=FALLBACK_BETA),
    # Errors about thinking that is sent back, or about its budget, do not mean the field.
    Addition(
        "thinking",
        r"\A(?!.*(?:messages[.\[]\d|\bthinking\W{0,2} block|signature|budget))(?s:.)*(?<![-\w])thinking(?![-\w])",
        field="thinking",
        only=SUMMARIES,
    ),
    Addition(CREDIT_BETA, r"\bfallback[-_ ]credit\b(?!_token)", beta=CREDIT_BETA),
    Addition(FAST_BETA, r"\bfast-mode\b", beta=FAST_BETA),
    # Where the user's own fields have marks avow adds none, so that those in messages are avow's.
    Addition(MARK, r"\bcache[-_ ]control\b|\bprompt[-_ ]cach(?:e|ing)\b", marks=True),
    Addition("x-openrouter-metadata", r"\bx-openrouter-metadata\b", header="x-openrouter-metadata"),
)
"""Not here: what the user asked for by name (`--effort`, `--schema`, `-o`, own headers), what the protocol cannot do
without, and the beta of an OAuth token, which is a part of the credential."""

_BETA = r"\banthropic[-_ ]beta\b|\bbetas?[-_ ](?:flags?|headers?|features?|tokens?)\b|\banthropic_betas?\b"
_DATED = r"\b[a-z]+(?:-[a-z0-9]+)*-20\d\d-\d\d-\d\d\b"


def named_in(failure: Failure, endpoint: Endpoint, body: JsonObject, *, credit: bool = False) -> frozenset[str]:
    """The names of the additions in the request of `body` that this 4xx refuses; none for any other failure.

    Each gateway has its own sentence for it (`invalid beta flag`, `extra_forbidden … fallbacks`), so it is searched for
    the names. An error about "the beta flag" that names none refuses all of them.
    """
    if not 400 <= status_of(failure) < 500:
        return frozenset()
    there = [addition for addition in ADDITIONS if _is_in(addition, endpoint, body, credit=credit)]
    words = failure.message
    tokens = set(re.findall(_DATED, words, re.IGNORECASE))
    about_betas = re.search(_BETA, words, re.IGNORECASE) is not None and not tokens
    return frozenset(
        addition.name
        for addition in there
        if re.search(addition.words, words, re.IGNORECASE)
        or (addition.beta is not None and (about_betas or addition.beta in tokens))
    )


def request_without(
    endpoint: Endpoint, body: JsonObject, names: Collection[str], *, credit: bool = False
) -> tuple[Request, frozenset[str]]:
    """The request of `body` without the additions of these names, and which of them would have been in it."""
    gone = [a for a in ADDITIONS if a.name in names and _is_in(a, endpoint, body, credit=credit)]
    left = fields_without(body, names)
    dropped = {addition.beta for addition in gone}
    betas = [beta for beta in betas_for(left, credit=credit) if beta not in dropped]
    headers = {addition.header for addition in gone}
    extra = tuple(pair for pair in endpoint.extra if pair[0].lower() not in headers)
    request = endpoint._replace(extra=extra).request("POST", "/v1/messages", left, betas)
    return request, frozenset(addition.name for addition in gone)


def fields_without(fields: Mapping[str, object], names: Collection[str]) -> JsonObject:
    """These fields of a body, without those of the additions of these names."""
    there = [a for a in ADDITIONS if a.name in names and _has_field(a, fields)]
    gone = {a.field for a in there}
    left = {key: value for key, value in fields.items() if key not in gone}
    return unmarked(left) if any(a.marks for a in there) else left


def listed(names: Iterable[str]) -> str:
    """The names, sorted, for a sentence: `` `fallbacks`, `thinking` ``."""
    return ", ".join(f"`{name}`" for name in sorted(names))


def _is_in(addition: Addition, endpoint: Endpoint, body: JsonObject, *, credit: bool) -> bool:
    own = {name.lower() for name, _value in endpoint.headers}
    headers = {name.lower() for name, _value in endpoint.extra} - own
    return (
        _has_field(addition, body)
        or (addition.beta is not None and addition.beta in betas_for(body, credit=credit))
        or (addition.header is not None and addition.header in headers)
    )


def _has_field(addition: Addition, fields: Mapping[str, object]) -> bool:
    if addition.marks:
        return has_marks({"messages": fields.get("messages")})
    if addition.field is None or addition.field not in fields:
        return False
    return addition.only is None or fields[addition.field] == addition.only
